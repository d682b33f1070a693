import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { verifyMessage, Wallet } from 'ethers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCapsuleList } from '../../anchor/seal/capsule-list.ts';
import { openRecord } from '../../anchor/seal/record.ts';
import { umbralPublicOf } from '../../anchor/seal/umbral/packet.ts';
import { decodeCapsuleSet } from '../../anchor/store/manifest.ts';
import { verifyReceipt } from '../../anchor/verify/verify.ts';
import * as hpke from '../../core/crypto/hpke.ts';
import type { OpeningKeys } from '../../core/keystore/keystore.ts';
import { openingKeysOf } from '../../core/keystore/patient-keys.ts';
import { type Bridge, dataPaths, openBridge } from '../../workflows/bridge.ts';
import {
  ensureKeystore,
  ensureNamespace,
  listFeed,
  startHospital,
  type TestHospital,
} from '../../workflows/testing/hospital.ts';
import { repairAll } from '../repair.ts';
import { receipts, verifyAll } from '../verify.ts';
import { type CustodyContext, changeKeys } from './change.ts';
import { claimText, readClaimRequest, sealClaimAnswer } from './claim.ts';
import { eraseKeys } from './erase.ts';
import { identifiedPatient } from './identify.ts';
import { KEYS_FEED, recordsOf } from './records.ts';

const signal = AbortSignal.timeout(600_000);
const ITEMS = 9;
const SYSTEM = 'urn:oid:2.16.156.10011.1.13.990001';
/** Versions of three patients, in turn. */
const versions = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => {
    const identifier = [{ system: SYSTEM, value: `99010119780312${index % 3}` }];
    const name = [{ text: `Zhang-Canary ${from + index}` }];
    const body = JSON.stringify({ resourceType: 'Patient', id: `p${from + index}`, identifier, name });
    return { key: `Patient/p${from + index}`, body };
  });
let hospital: TestHospital;
let bridge: Bridge;
let custody: CustodyContext;
/** Three patients, three records each. */
let refs: string[];

beforeAll(async () => {
  hospital = await startHospital();
  const feeds = [listFeed('lab', versions(ITEMS)), listFeed('more', versions(3, 100))];
  const options = hospital.options('custody', feeds);
  await ensureKeystore(options.dataDir);
  await ensureNamespace(hospital.services.temporal.address, 'custody');
  bridge = await openBridge({ ...options, hospital: { ...options.hospital, patientSystem: SYSTEM } });
  await bridge.startWorker();
  await bridge.runFeed('lab');
  await bridge.waitAnchored({ timeoutMs: 60_000 });
  refs = bridge.keystore.patients();
  const cars = dataPaths(join(hospital.folder, 'custody')).cars;
  custody = { bridge, hospital: 'chenguang', cars, keyPacket: 'hpke', signal };
}, 300_000);
afterAll(async () => {
  await bridge?.close();
  await hospital?.stop();
});

const settled = () => bridge.waitAnchored({ timeoutMs: 60_000 });

/** As a holder of keys alone: the newest list that opens, and through it every record. */
async function openAll(ref: string, keys: OpeningKeys): Promise<{ opened: number; listed: number; refused: number }> {
  const records = await recordsOf(bridge, ref);
  const listed = new Map<string, string>();
  let [opened, refused] = [0, 0];
  for (const record of [...records].reverse()) {
    const content = await bytesOf(record.contentCid);
    const capsule = await bridge.kubo.blockGet(listed.get(record.contentCid) ?? record.capsuleCid);
    try {
      const { bundle } = openRecord({ content, capsule, privateKey: keys });
      opened++;
      if (listed.size > 0) continue;
      for (const one of readCapsuleList(bundle)?.capsules ?? []) listed.set(one.contentCid, one.capsuleCid);
    } catch {
      refused++;
    }
  }
  return { opened, listed: listed.size, refused };
}

async function bytesOf(cid: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bridge.kubo.cat(cid)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function checksOf(item: string, keys: OpeningKeys, capsule?: string) {
  const { rpc, chainId, contract } = await bridge.chain();
  const { checks } = await verifyReceipt(
    await bridge.journal.receipt(item),
    { rpc, kubo: bridge.kubo, key: keys, trusted: { chainId, contract }, ...(capsule && { capsule }) },
    signal,
  );
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]));
}

/** What `dhc verify --all` says, by patient. */
async function outcomes(): Promise<Record<string, string[]>> {
  const said: Record<string, Set<string>> = {};
  for await (const { item, outcome } of verifyAll(bridge, receipts(bridge), signal)) {
    const { patientRef } = (await bridge.journal.record(item))!;
    said[patientRef] ??= new Set();
    said[patientRef].add(outcome);
  }
  return Object.fromEntries(Object.entries(said).map(([ref, set]) => [ref, [...set]]));
}

it('renewed custody keys open everything by the list; the old ones nothing new', async () => {
  const ref = refs[0]!;
  const old = bridge.keystore.patientKeys(ref);
  const first = await changeKeys(custody, ref);
  expect(first).toMatchObject({ records: 3, generation: 1 });
  await settled();
  const now = bridge.keystore.patientKeys(ref);
  expect(await openAll(ref, now)).toEqual({ opened: 4, listed: 3, refused: 0 });
  expect((await recordsOf(bridge, ref)).filter(({ feed }) => feed === KEYS_FEED)).toHaveLength(1);
  // Again, from the list this time and with Umbral packets.
  const second = await changeKeys({ ...custody, keyPacket: 'umbral' }, ref);
  expect(second).toMatchObject({ records: 4, generation: 2 });
  await settled();
  expect(await openAll(ref, bridge.keystore.patientKeys(ref))).toEqual({ opened: 5, listed: 4, refused: 0 });
  expect(await bridge.kubo.isPinned(first.capsules)).toBe(false);
  expect(await bridge.kubo.isPinned(second.capsules)).toBe(true);
  expect((await openAll(ref, old)).listed).toBe(0);
  expect(bridge.keystore.previousKeys(ref)).toEqual([]);
  // The hospital's own verification finds the later capsules too.
  const statuses: string[] = [];
  for await (const { verdict } of verifyAll(bridge, receipts(bridge), signal)) statuses.push(verdict.status);
  expect(statuses).toEqual(Array.from({ length: ITEMS + 2 }, () => 'pass'));
});

it('a change that is interrupted anywhere goes on with the same command, and new records never wait for it', async () => {
  const ref = refs[2]!;
  const old = bridge.keystore.patientKeys(ref);
  const failing = (name: 'importCar' | 'blockGet') =>
    new Proxy(bridge.kubo, {
      get(kubo, key) {
        if (key === name) return () => Promise.reject(new Error('cut off'));
        const value = Reflect.get(kubo, key, kubo);
        return typeof value === 'function' ? value.bind(kubo) : value;
      },
    });
  const cut = (part: Partial<Bridge>) => changeKeys({ ...custody, bridge: { ...bridge, ...part } }, ref);
  await expect(cut({ kubo: failing('blockGet') })).rejects.toThrow('cut off');
  const now = bridge.keystore.patientKeys(ref);
  expect(now.x25519Private).not.toEqual(old.x25519Private);
  await expect(cut({ kubo: failing('importCar') })).rejects.toThrow('cut off');
  await expect(
    cut({ journal: { ...bridge.journal, addRead: () => Promise.reject(new Error('cut off')) } }),
  ).rejects.toThrow('cut off');
  expect(bridge.keystore.previousKeys(ref).map((keys) => keys.x25519Private)).toEqual([old.x25519Private]);
  expect(bridge.keystore.custody(ref)).toMatchObject({ generation: 1, changing: true });
  expect(await changeKeys(custody, ref)).toMatchObject({ records: 3, generation: 1 });
  await settled();
  expect(bridge.keystore.patientKeys(ref)).toEqual(now);
  expect(await openAll(ref, now)).toEqual({ opened: 4, listed: 3, refused: 0 });
});

it('a claim: the patient opens all, old and new; the hospital none', async () => {
  const ref = refs[1]!;
  const [record] = await recordsOf(bridge, ref);
  const old = bridge.keystore.patientKeys(ref);
  const patient = openingKeysOf(Buffer.alloc(32, 9));
  const changed = await changeKeys(custody, ref, {
    x25519Public: patient.x25519Public,
    umbralPublic: umbralPublicOf(patient.umbralSecret),
  });
  await settled();
  await bridge.runFeed('more');
  await settled();
  const held = bridge.keystore.patientKeys(ref);
  expect([held.x25519Private, held.umbralSecret]).toEqual([undefined, undefined]);
  // Three old records, the list, one new record.
  expect(await openAll(ref, patient)).toMatchObject({ opened: 2 + 3, listed: 3, refused: 0 });
  const list = (await recordsOf(bridge, ref)).find(({ feed }) => feed === KEYS_FEED)!;
  const { bundle } = openRecord({
    content: await bytesOf(list.contentCid),
    capsule: await bridge.kubo.blockGet(list.capsuleCid),
    privateKey: patient,
  });
  const later = readCapsuleList(bundle)!.capsules.find((one) => one.contentCid === record!.contentCid)!.capsuleCid;
  const checks = await checksOf(record!.item, { ...patient, indexKey: held.indexKey } as OpeningKeys, later);
  expect(Object.values(checks).every((status) => status === 'pass')).toBe(true);
  // The bridge has nothing left: neither what it holds now nor a second claim gives it a key.
  expect(await checksOf(record!.item, held)).toMatchObject({ 'key packet': 'unknown', decryption: 'unknown' });
  expect((await openAll(ref, old)).listed).toBe(0);
  await expect(changeKeys(custody, ref)).rejects.toMatchObject({ code: 'cli.usage' });
  expect(await bridge.kubo.isPinned(changed.capsules)).toBe(true);
  // All that needs no key is checked, down to the packets that only the patient can open.
  const said = { [refs[0]!]: ['pass'], [refs[1]!]: ['with-patient'], [refs[2]!]: ['pass'] };
  expect(await outcomes()).toEqual(said);
  const [packet] = decodeCapsuleSet(await bridge.kubo.blockGet(changed.capsules));
  const bytes = await bridge.kubo.blockGet(packet!);
  await bridge.kubo.unpin(changed.capsules);
  await bridge.kubo.blockRm([packet!]);
  expect((await outcomes())[ref]).toEqual(['fail']);
  await bridge.kubo.blockPut(packet!, bytes);
  await bridge.kubo.pin(changed.capsules);
  expect(await outcomes()).toEqual(said);
});

it('later key packets that a node lost come back from their archive', async () => {
  const sets = refs.map((ref) => bridge.keystore.custody(ref).capsules!);
  expect(sets).toHaveLength(3);
  const [set] = sets as [string];
  const lost = decodeCapsuleSet(await bridge.kubo.blockGet(set)).slice(0, 2);
  await bridge.kubo.unpin(set);
  await bridge.kubo.blockRm([set, ...lost]);
  const place = { hospital: 'chenguang', cars: custody.cars };
  const log = { info() {}, warn() {}, error() {} };
  const { nodes } = await repairAll(bridge, place, log, signal, () => {});
  expect(nodes).toMatchObject([{ node: 'first', found: 3, restored: 3, unrestorable: [] }]);
  expect(await bridge.kubo.isPinned(set)).toBe(true);
});

it('erasure: records stay closed, anchors and receipts hold', async () => {
  const ref = refs[2]!;
  expect(await bridge.journal.signatures(ref, Number.MAX_SAFE_INTEGER, 10)).not.toEqual([]);
  const erased = await eraseKeys(custody, ref);
  expect(await bridge.journal.signatures(ref, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  expect(erased.records).toBeGreaterThanOrEqual(3);
  expect(erased).toMatchObject({ closed: erased.records, anchored: erased.records, pending: 0 });
  expect(bridge.keystore.custody(ref).holder).toBe('none');
  expect((await outcomes())[ref]).toEqual(['erased']);
  // Keys that are gone without an erasure on record were lost; the same command says that it was meant.
  bridge.keystore.destroyPatient(refs[0]!);
  expect((await outcomes())[refs[0]!]).toEqual(['unknown']);
  const claimed = await eraseKeys(custody, refs[0]!);
  expect(claimed.closed).toBe(claimed.records);
  expect(await outcomes()).toEqual({ [refs[0]!]: ['erased'], [refs[1]!]: ['with-patient'], [ref]: ['erased'] });
  expect(await identifiedPatient(bridge, (await recordsOf(bridge, ref))[0]!.item, undefined, { erased: true })).toBe(
    ref,
  );
  // The patient comes back: new records open, the erased ones stay erased.
  const back = bridge.keystore.patientKeys(ref);
  expect((await outcomes())[ref]).toEqual(['erased']);
  expect(back).toEqual(bridge.keystore.patientKeys(ref));
  bridge.keystore.destroyPatient(ref);
});

it('a patient is named by item or by stdin, never in a way that is logged', async () => {
  const stdin = (text: string) =>
    (async function* () {
      yield Buffer.from(text);
    })();
  const [record] = await recordsOf(bridge, refs[1]!);
  expect(await identifiedPatient(bridge, record!.item, undefined)).toBe(refs[1]);
  const found = new Set<string>();
  for (const n of [0, 1, 2])
    await identifiedPatient(bridge, undefined, undefined, {}, stdin(`${SYSTEM}|99010119780312${n}\n`)).then(
      (ref) => found.add(ref),
      (error) => expect(error).toMatchObject({ code: 'cli.not-found' }),
    );
  expect([...found]).toEqual([refs[1]]);
  await expect(identifiedPatient(bridge, 'Zhang', undefined)).rejects.toMatchObject({ code: 'cli.usage' });
  await expect(identifiedPatient(bridge, undefined, undefined, {}, stdin(''))).rejects.toMatchObject({
    code: 'cli.usage',
  });
  const log = execFileSync('cat', [hospital.logFile], { encoding: 'utf8' });
  expect(log).not.toMatch(/99010119780312|Zhang/);
});

it('a claim request is signed by the account of the patient, and its answer is for its key alone', async () => {
  const wallet = Wallet.createRandom();
  const keys = openingKeysOf(Buffer.alloc(32, 9));
  const x25519Public = Buffer.from(keys.x25519Public).toString('hex');
  const signature = await wallet.signMessage(claimText({ x25519Public }));
  expect(verifyMessage(claimText({ x25519Public }), signature)).toBe(wallet.address);
  const request = { format: 'dhc-claim-request/1', x25519Public, account: wallet.address, signature };
  expect(readClaimRequest(JSON.stringify(request)).account).toBe(wallet.address);
  const swapped = { ...request, x25519Public: 'ab'.repeat(32) };
  for (const text of [
    '',
    '{}',
    JSON.stringify(swapped),
    JSON.stringify({ ...request, account: `0x${'11'.repeat(20)}` }),
  ])
    expect(() => readClaimRequest(text)).toThrowError(expect.objectContaining({ code: 'cli.usage' }));
  const answer = { hospital: 'chenguang', indexKey: 'cd'.repeat(32), chainId: '1', contract: `0x${'22'.repeat(20)}` };
  const sealed = sealClaimAnswer(answer, keys);
  const box = { enc: Buffer.from(sealed.enc, 'hex'), ct: Buffer.from(sealed.ct, 'hex') };
  const info = Buffer.from('dhc-claim-answer/1');
  expect(JSON.parse(Buffer.from(hpke.open(keys.x25519Private, info, Buffer.alloc(0), box)).toString())).toEqual(answer);
});
