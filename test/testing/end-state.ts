/** What is left when the demo has ended, read from its data folder, its chain and its IPFS node. */
import { createHash } from 'node:crypto';
import { decodeAnchored } from '../../anchor/chain/health-index.ts';
import type { Log } from '../../anchor/chain/rpc.ts';
import { openRecord } from '../../anchor/seal/record.ts';
import { readVerified } from '../../anchor/store/verified-file.ts';
import { open } from '../../cli/open.ts';
import { receipts, verifyAll } from '../../cli/verify.ts';
import type { Bridge } from '../../workflows/bridge.ts';
import { demoConfig, demoPorts } from './demo.ts';

const signal = new AbortController().signal;
const MOST_BYTES = 64_000_000;

export interface EndState {
  /** Per feed: everything that the journal counts. */
  readonly feeds: readonly object[];
  /** Per feed: SHA-256 of each bundle as it was opened with the patient's key, sorted. */
  readonly bundles: Readonly<Record<string, readonly string[]>>;
  /** Per feed: codes of the dead letters, sorted. */
  readonly letters: Readonly<Record<string, readonly string[]>>;
  /** Roots of the journal's batches, sorted. */
  readonly roots: readonly string[];
  /** Roots of all `Anchored` events, sorted: one that was anchored twice is there twice. */
  readonly anchored: readonly string[];
  readonly records: number;
  readonly distinctTags: number;
  readonly distinctLeaves: number;
  /** Receipts that do not verify from chain, IPFS and key. */
  readonly unverified: number;
  /** Items that are still in the spool. */
  readonly spooled: readonly string[];
}

/** Starts the services of a demo that has ended and looks at everything. */
export async function endState(folder: string): Promise<EndState> {
  const opened = await open(demoConfig(folder), 'services');
  try {
    const { bridge } = opened;
    const { journal } = bridge;
    const batches = (await journal.batches()).filter(({ root }) => root);
    const records = (await Promise.all(batches.map(({ id }) => journal.batchRecords(id)))).flat();
    let unverified = 0;
    for await (const { verdict } of verifyAll(bridge, receipts(bridge), signal))
      unverified += verdict.status === 'pass' ? 0 : 1;
    return {
      feeds: (await journal.accounting()).map(({ duplicates: _counted, ...rest }) => rest),
      bundles: await bundleDigests(bridge, folder),
      letters: Object.fromEntries(
        [...Map.groupBy(await journal.deadLetters({ limit: 1000 }), ({ feed }) => feed)].map(([feed, rows]) => [
          feed,
          rows.map(({ code }) => code).sort(),
        ]),
      ),
      roots: batches.map(({ root }) => root!).sort(),
      anchored: await anchoredRoots(bridge),
      records: records.length,
      distinctTags: new Set(records.map(({ tag }) => tag)).size,
      distinctLeaves: new Set(records.map(({ commitment }) => commitment)).size,
      unverified,
      spooled: (await journal.items({ limit: 1000 })).filter((item) => !item.dead && item.spool).map(({ id }) => id),
    };
  } finally {
    await opened.close();
  }
}

async function anchoredRoots(bridge: Bridge): Promise<string[]> {
  const { rpc, contract } = await bridge.chain();
  const logs = await rpc.send<Log[]>('eth_getLogs', [{ address: contract, fromBlock: '0x0', toBlock: 'latest' }]);
  return logs.flatMap((log) => decodeAnchored(log, contract)?.root ?? []).sort();
}

/** The sample hospital's servers have other ports in each folder, and absolute references name them. */
async function bundleDigests({ journal, kubo, keystore }: Bridge, folder: string) {
  const digests: Record<string, string[]> = {};
  const port = new RegExp(`127\\.0\\.0\\.1:(${demoPorts(folder).join('|')})`, 'g');
  for (const { id, feed, dead } of await journal.items({ limit: 1000 })) {
    if (dead) continue;
    const record = (await journal.record(id))!;
    const read = async (cid: string) => Buffer.concat(await Array.fromAsync(readVerified(kubo, cid, MOST_BYTES)));
    const privateKey = keystore.patientKeys(record.patientRef);
    const content = await read(record.contentCid);
    const { bundle } = openRecord({ content, capsule: await kubo.blockGet(record.capsuleCid), privateKey });
    const text = Buffer.from(bundle).toString('utf8').replaceAll(port, '127.0.0.1');
    digests[feed] ??= [];
    digests[feed].push(createHash('sha256').update(text).digest('hex'));
  }
  for (const list of Object.values(digests)) list.sort();
  return digests;
}
