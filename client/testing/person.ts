/** A person with anchored records among those of others, on a real chain and a real IPFS node. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexlify, randomBytes } from 'ethers';
import { Anchorer } from '../../anchor/chain/anchorer.ts';
import { admitHospital, deployHealthIndex } from '../../anchor/chain/deploy.ts';
import type { PacketName } from '../../anchor/seal/key-packet.ts';
import { sealRecord } from '../../anchor/seal/record.ts';
import { tagFor } from '../../anchor/seal/tag.ts';
import { packBatch, type RecordToPack } from '../../anchor/store/batch.ts';
import { Kubo } from '../../anchor/store/kubo.ts';
import { MemoryAnchors } from '../../anchor/testing/anchor-table.ts';
import { fundedSigner, startAnvil } from '../../anchor/testing/anvil.ts';
import { startKubo } from '../../anchor/testing/kubo.ts';
import { canonicalBytes } from '../../core/json.ts';
import { derivePatientKeys, type PatientKeys } from '../../core/keystore/patient-keys.ts';
import { fromHex, toHex } from '../bytes.ts';
import { type KeyFile, newKeyFile, personKeys } from '../keys.ts';

const CHAIN_ID = '31337';
const OWN_A_BATCH = 2;
const OTHERS_A_BATCH = 6;
const BATCHES = 3;

export type TestPerson = Awaited<ReturnType<typeof startPerson>>;

/** @param keyPacket kind of the person's key packets */
export async function startPerson(keyPacket: PacketName = 'hpke') {
  const [node, chain, folder] = await Promise.all([startKubo(), startAnvil(), mkdtemp(join(tmpdir(), 'dhc-person-'))]);
  const kubo = new Kubo({ url: node.url });
  const signal = AbortSignal.timeout(180_000);
  const [admin, hospital] = [fundedSigner(0), fundedSigner(1)];
  const { address: contract } = await deployHealthIndex(chain.rpc, { signer: admin, admin: admin.address }, signal);
  await admitHospital(chain.rpc, { contract, admin, hospital: hospital.address }, signal);
  const file = newKeyFile();
  const keys = personKeys(fromHex(file.secrets[0]!));
  const { indexKey, sealKey } = derivePatientKeys(Buffer.alloc(32, 7), Buffer.alloc(32, 8));
  const { x25519Public, umbralPublic } = keys;
  const own: PatientKeys = { x25519Public, umbralPublic, indexKey, sealKey };
  const store = new MemoryAnchors();
  const anchorer = new Anchorer({ rpc: chain.rpc, chainId: CHAIN_ID, contract, signer: hospital, store, finality: 2 });
  let [counter, number] = [0, 0];
  const seal = (patient: PatientKeys, place: number): RecordToPack => {
    const itemId = (number++).toString(16).padStart(32, '0');
    const tag = tagFor(patient.indexKey, BigInt(place));
    const bundle = canonicalBytes({ resourceType: 'Bundle', type: 'collection', id: itemId });
    const sealed = sealRecord({ hospital: 'chenguang', itemId, tag, patient, bundle, keyPacket });
    return { itemId, ...sealed, commitment: toHex(sealed.commitment), tag: toHex(tag) };
  };
  for (let batch = 0; batch < BATCHES; batch++) {
    const mine = Array.from({ length: OWN_A_BATCH }, () => seal(own, counter++));
    const others = Array.from({ length: OTHERS_A_BATCH }, (_, n) =>
      seal(derivePatientKeys(Buffer.alloc(32, 7), Buffer.alloc(32, 100 + n)), batch),
    );
    const path = join(folder, `${batch}.car`);
    const packed = await packBatch({ hospital: 'chenguang', records: [...mine, ...others] }, path);
    await kubo.importCar(createReadStream(path), packed.manifestCid, signal);
    await anchorer.settle(
      { ...packed, id: `b${batch}` },
      { until: 'included', deadlineMs: 20_000, pollMs: 20 },
      signal,
    );
  }
  await chain.rpc.send('anvil_mine', ['0x3']);
  /** Another admitted hospital anchors the same tags with a manifest of its own. */
  const copyTags = async (tags: readonly string[], manifestCid: string) => {
    const copier = fundedSigner(2);
    await admitHospital(chain.rpc, { contract, admin, hospital: copier.address }, signal);
    const options = {
      rpc: chain.rpc,
      chainId: CHAIN_ID,
      contract,
      signer: copier,
      store: new MemoryAnchors(),
      finality: 2,
    };
    const root = hexlify(randomBytes(32));
    const batch = { id: root, manifestCid, root, tags };
    await new Anchorer(options).settle(batch, { until: 'included', deadlineMs: 20_000, pollMs: 20 }, signal);
  };
  const hospitals = [{ hospital: 'chenguang', indexKey: toHex(indexKey), chainId: CHAIN_ID, contract }];
  const keyFile: KeyFile = { ...file, hospitals };
  return {
    keyFile,
    keys,
    indexKey,
    contract,
    kubo,
    rpc: chain.rpc,
    chainUrl: chain.url,
    kuboUrl: node.url,
    copyTags,
    own: counter,
    all: number,
    async stop() {
      await Promise.all([node.stop(), chain.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
