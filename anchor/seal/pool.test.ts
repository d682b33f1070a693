import { createSecretKey } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { BridgeError } from '../../core/errors.ts';
import { derivePatientKeys } from '../../core/keystore/patient-keys.ts';
import { completeness } from '../../core/quality/completeness.ts';
import { signatureOf } from '../../core/quality/likeness.ts';
import { leafOf } from '../chain/merkle.ts';
import { blockCid, DAG_CBOR, MAX_BLOCK, RAW } from '../store/cid.ts';
import { readCapsule } from './capsule.ts';
import { SealPool } from './pool.ts';
import { openRecord, sealRecord } from './record.ts';
import { UMBRAL_ALG, umbralPublicOf } from './umbral/packet.ts';

const pool = new SealPool(2);
afterAll(() => pool.close());

const patient = derivePatientKeys(Buffer.alloc(32, 1), Buffer.alloc(32, 2));
const record = (n: number) => ({
  hospital: 'chenguang',
  itemId: String(n),
  tag: Buffer.alloc(16, n),
  patient,
  bundle: Buffer.from(`{"n":${n}}`),
});

test('threads seal to the same bytes, in order, whatever is asked at the same time', async () => {
  const chunks = Array.from({ length: 12 }, (_, chunk) => Array.from({ length: 20 }, (_, n) => record(chunk * 20 + n)));
  const sealed = (await Promise.all(chunks.map((chunk) => pool.seal(chunk)))).flat();
  for (const [n, one] of sealed.entries()) {
    if (one instanceof BridgeError) throw one;
    const here = sealRecord(record(n));
    expect(Buffer.compare(one.content, here.content)).toBe(0);
    expect(Buffer.compare(one.capsule, here.capsule)).toBe(0);
    expect(Buffer.compare(one.commitment, here.commitment)).toBe(0);
    expect(Buffer.compare(one.dataKey, here.dataKey)).toBe(0);
  }
  const { content, capsule } = sealed[7] as Exclude<(typeof sealed)[number], BridgeError>;
  expect(Buffer.from(openRecord({ content, capsule, privateKey: patient.x25519Private }).bundle).toString()).toBe(
    '{"n":7}',
  );
});

test('threads make the kind of key packet that is asked for, and have no private key for it', async () => {
  const { x25519Public, indexKey, sealKey } = patient;
  const claimed = { x25519Public, indexKey, sealKey, umbralPublic: umbralPublicOf(patient.umbralSecret) };
  const records = [patient, claimed].map((one) => ({ ...record(1), patient: one, keyPacket: 'umbral' as const }));
  for (const one of await pool.seal(records)) {
    if (one instanceof BridgeError) throw one;
    expect(readCapsule(one.capsule).alg).toBe(UMBRAL_ALG);
    const privateKey = { umbralSecret: patient.umbralSecret };
    expect(openRecord({ content: one.content, capsule: one.capsule, privateKey }).hospital).toBe('chenguang');
  }
});

test('threads name the blocks and measure the quality that is asked for', async () => {
  const likenessKey = Buffer.alloc(32, 9);
  const resource = { resourceType: 'Observation', id: 'a', code: { text: 'Hb' }, effectiveDateTime: '2026' };
  const bundle = Buffer.from(JSON.stringify({ resourceType: 'Bundle', entry: [{ resource }] }));
  const large = { ...record(3), bundle: Buffer.alloc(MAX_BLOCK) };
  const asked = [{ ...record(1), bundle, mapped: 0.5 }, record(2), large];
  const [measured, named, several] = (await pool.seal(asked, likenessKey)).map((one) => {
    if (one instanceof BridgeError) throw one;
    return one;
  });
  const key = createSecretKey(likenessKey);
  expect(measured!.quality).toEqual({
    complete: completeness(JSON.parse(bundle.toString()), 0.5),
    signature: new Uint8Array(signatureOf(JSON.parse(bundle.toString()), key)),
  });
  expect(named!.quality).toBeUndefined();
  const { content, capsule, commitment } = named!;
  const contentCid = blockCid(RAW, content).toString();
  expect(named!.names).toEqual({
    contentCid,
    capsuleCid: blockCid(DAG_CBOR, capsule).toString(),
    leaf: leafOf({ commitment: Buffer.from(commitment).toString('hex'), contentCid }),
  });
  // Content and its frame are longer than a block.
  expect(several!.names).toBeUndefined();
});

test('a bundle that cannot be measured costs no other', async () => {
  const asked = [{ ...record(1), bundle: Buffer.from('{'), mapped: 1 }, record(2)];
  const [bad, good] = await pool.seal(asked, Buffer.alloc(32));
  expect(bad).toMatchObject({ code: 'seal.failed' });
  expect(good).not.toBeInstanceOf(BridgeError);
});

test('what a thread is given stays with the one who gave it', async () => {
  const mine = record(5);
  await pool.seal([mine]);
  expect([mine.bundle.toString(), mine.tag.length]).toEqual(['{"n":5}', 16]);
});

test('one record that cannot be sealed costs no other', async () => {
  const [good, bad, other] = await pool.seal([record(1), { ...record(2), tag: Buffer.alloc(3) }, record(3)]);
  expect(good).not.toBeInstanceOf(BridgeError);
  expect(bad).toMatchObject({ code: 'seal.failed' });
  expect(other).not.toBeInstanceOf(BridgeError);
});

test('a pool that was closed starts again', async () => {
  const own = new SealPool(1);
  await own.seal([record(1)]);
  await own.close();
  expect(await own.seal([record(1)])).toHaveLength(1);
  await own.close();
});
