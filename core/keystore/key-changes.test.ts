import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKeystore, type Keystore, openKeystore, saltsPath } from './keystore.ts';
import { openingKeysOf } from './patient-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'dhc-changes-'));
const path = join(folder, 'keystore.json');
const ref = 'a'.repeat(32);
const claim = {
  x25519Public: openingKeysOf(Buffer.alloc(32, 5)).x25519Public,
  umbralPublic: new Uint8Array(33).fill(2),
};
let keystore: Keystore;
beforeAll(async () => {
  keystore = await createKeystore(path, 'x');
});
afterAll(() => {
  keystore.close();
  rmSync(folder, { recursive: true });
});
const code = (expected: string) => expect.objectContaining({ code: expected });

it('custody, renewal and claim: new records at once, old ones until the change is finished', async () => {
  expect(keystore.custody(ref)).toMatchObject({ holder: 'none', generation: 0 });
  expect(() => keystore.beginChange(ref)).toThrowError(code('cli.not-found'));
  const first = keystore.patientKeys(ref);
  expect(keystore.custody(ref)).toMatchObject({ holder: 'hospital', generation: 0, changing: false });

  keystore.beginChange(ref);
  const second = keystore.patientKeys(ref);
  expect(second.indexKey).toEqual(first.indexKey);
  for (const key of ['x25519Private', 'umbralSecret', 'sealKey'] as const) expect(second[key]).not.toEqual(first[key]);
  expect(keystore.previousKeys(ref).map((keys) => keys.x25519Private)).toEqual([first.x25519Private]);
  expect(keystore.custody(ref)).toMatchObject({ holder: 'hospital', generation: 1, changing: true });

  // Interrupted: another process goes on with the same keys.
  const other = await openKeystore(path, 'x');
  other.beginChange(ref);
  expect(other.patientKeys(ref)).toEqual(second);
  other.finishChange(ref, 'bafy1');
  expect(keystore.previousKeys(ref)).toEqual([]);
  expect(keystore.custody(ref)).toEqual({ holder: 'hospital', generation: 1, changing: false, capsules: 'bafy1' });

  other.beginChange(ref, claim);
  const claimed = keystore.patientKeys(ref);
  expect(claimed).toEqual({ ...claim, indexKey: first.indexKey, sealKey: expect.any(Uint8Array) });
  expect(claimed.sealKey).not.toEqual(second.sealKey);
  expect(keystore.previousKeys(ref).map((keys) => keys.x25519Private)).toEqual([second.x25519Private]);
  other.finishChange(ref, 'bafy2');
  other.beginChange(ref, claim);
  expect(keystore.custody(ref)).toEqual({ holder: 'patient', generation: 2, changing: false, capsules: 'bafy2' });
  other.close();
  keystore.close();

  keystore = await openKeystore(path, 'x');
  expect(keystore.patientKeys(ref)).toEqual(claimed);
  expect(keystore.previousKeys(ref)).toEqual([]);
  expect(keystore.patients()).toEqual([ref]);
});

it('a change that overtakes an unfinished one keeps the keys of both', () => {
  const late = 'b'.repeat(32);
  const first = keystore.patientKeys(late);
  keystore.beginChange(late);
  const second = keystore.patientKeys(late);
  keystore.beginChange(late, claim);
  expect(keystore.previousKeys(late).map((keys) => keys.x25519Private)).toEqual([
    second.x25519Private,
    first.x25519Private,
  ]);
});

it('destroying takes claimed keys too, and nothing of them stays in table or log', () => {
  expect(keystore.destroyPatient(ref)).toBe(true);
  expect(keystore.custody(ref).holder).toBe('none');
  const stored = Buffer.concat(['', '-wal'].map((suffix) => readFileSync(saltsPath(path) + suffix)));
  expect(stored.includes(ref)).toBe(false);
});
