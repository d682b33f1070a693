/**
 * Makes `format-1/` and `format-1-umbral/`: receipts with all that it takes to verify them. It was run once for each, when
 * the format was fixed; the files are never made again, because what verifies today has to verify for ever.
 *
 *     node samples/receipts/make.ts <new folder> [umbral]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Anchorer } from '../../anchor/chain/anchorer.ts';
import { admitHospital, deployHealthIndex } from '../../anchor/chain/deploy.ts';
import { makeReceipts } from '../../anchor/chain/receipts.ts';
import { Kubo } from '../../anchor/store/kubo.ts';
import { MemoryAnchors } from '../../anchor/testing/anchor-table.ts';
import { fundedSigner, startAnvil } from '../../anchor/testing/anvil.ts';
import { startKubo } from '../../anchor/testing/kubo.ts';
import { type MadeRecord, madeRecord, storeBatch } from '../../anchor/testing/street.ts';
import { verifyReceipt } from '../../anchor/verify/verify.ts';
import { startRecorder } from './recorded-chain.ts';

const CHAIN_ID = '31337';
/** What the sample shows: small records, one of two blocks, one with parts, one alone in its batch. */
const BATCHES: readonly (readonly { filler?: number; parts?: number[] }[])[] = [
  [{}, {}, { filler: 1_100_000 }, { parts: [10, 200_000] }, {}],
  [{}],
];
const UMBRAL_BATCHES = [[{}, { parts: [1000] }, {}]];

const [folder, kind] = process.argv.slice(2);
const keyPacket = kind === 'umbral' ? 'umbral' : 'hpke';
if (!folder) throw new Error('name a new folder');
mkdirSync(folder);
const temporary = mkdtempSync(join(tmpdir(), 'dhc-sample-'));
const signal = AbortSignal.timeout(120_000);
const [node, chain] = await Promise.all([startKubo('flatfs'), startAnvil()]);
try {
  await make(folder);
} finally {
  await Promise.all([node.stop(), chain.stop()]);
  rmSync(temporary, { recursive: true });
}

async function make(out: string): Promise<void> {
  const kubo = new Kubo({ url: node.url });
  const [admin, hospital] = [fundedSigner(0), fundedSigner(1)];
  const { address: contract } = await deployHealthIndex(chain.rpc, { signer: admin, admin: admin.address }, signal);
  await admitHospital(chain.rpc, { contract, admin, hospital: hospital.address }, signal);
  const store = new MemoryAnchors();
  const anchorer = new Anchorer({ rpc: chain.rpc, chainId: CHAIN_ID, contract, signer: hospital, store, finality: 2 });
  const recorder = await startRecorder(chain.url);
  const trusted = { chainId: CHAIN_ID, contract };
  writeJson(join(out, 'trusted.json'), trusted);
  let n = 0;
  for (const [index, options] of (kind === 'umbral' ? UMBRAL_BATCHES : BATCHES).entries()) {
    const records: MadeRecord[] = [];
    for (const one of options) records.push(await madeRecord(n++, { ...one, kubo, keyPacket }));
    const packed = await storeBatch(records, temporary, kubo);
    await writeFile(join(out, `batch-${index}.car`), Readable.from(kubo.dagExport(packed.manifestCid)));
    const batch = { ...packed, id: String(index) };
    await anchorer.settle(batch, { until: 'included', deadlineMs: 20_000, pollMs: 20 }, signal);
    await chain.rpc.send('anvil_mine', ['0x2']);
    const { event } = await anchorer.settle(batch, { until: 'final', deadlineMs: 20_000, pollMs: 20 }, signal);
    for (const receipt of makeReceipts({ chainId: CHAIN_ID, event, status: 'final' }, packed)) {
      const { patient } = records.find((record) => record.itemId === packed.order[receipt.index])!;
      const opening = kind === 'umbral' ? 'umbralSecret' : 'x25519Private';
      const key = { [opening]: patient[opening]!, indexKey: patient.indexKey };
      const name = `${index}-${receipt.index}`;
      writeJson(join(out, `${name}.receipt.json`), receipt);
      const file = Object.entries(key).map(([field, bytes]) => [field, Buffer.from(bytes).toString('hex')]);
      writeJson(join(out, `${name}.key.json`), Object.fromEntries(file));
      const verdict = await verifyReceipt(receipt, { rpc: recorder.url, kubo, key, trusted }, signal);
      if (verdict.status !== 'pass') throw new Error(`${name} does not verify`);
    }
  }
  writeJson(join(out, 'chain.json'), recorder.recorded());
  recorder.close();
  const state = (await chain.rpc.send('anvil_dumpState', [])) as string;
  writeFileSync(join(out, 'anvil-state.hex'), state);
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
