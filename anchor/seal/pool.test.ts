import { afterAll, expect, test } from 'vitest';
import { BridgeError } from '../../core/errors.ts';
import { derivePatientKeys } from '../../core/keystore/patient-keys.ts';
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
