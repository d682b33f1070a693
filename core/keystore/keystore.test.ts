import { execFile } from 'node:child_process';
import { createCipheriv, createDecipheriv, hkdfSync, scryptSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { publicKeyOf } from '../crypto/x25519.ts';
import { createKeystore, type Keystore, openKeystore, patientRef, saltsPath } from './keystore.ts';

const folders: string[] = [];
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'dhc-keystore-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true });
});

async function fresh(): Promise<{ path: string; keystore: Keystore }> {
  const path = join(folder(), 'keystore.json');
  return { path, keystore: await createKeystore(path, '开门 passphrase') };
}

const reopen = (path: string) => openKeystore(path, '开门 passphrase');
const code = (expected: string) => expect.objectContaining({ name: 'BridgeError', code: expected });
const refA = 'a'.repeat(32);
const refB = 'b'.repeat(32);

describe('the keystore file', () => {
  it('is for its owner only and gives the same keys again', async () => {
    const { path, keystore } = await fresh();
    const before = [keystore.hospitalKey('dhc/digest/1'), keystore.patientKeys(refA)].map((key) =>
      structuredClone(key),
    );
    keystore.close();
    for (const name of readdirSync(join(path, '..'))) expect(statSync(join(path, '..', name)).mode & 0o077).toBe(0);
    const again = await reopen(path);
    expect([again.hospitalKey('dhc/digest/1'), again.patientKeys(refA)]).toEqual(before);
    again.close();
  });

  it('can be opened by its documented format alone', async () => {
    const { path, keystore } = await fresh();
    const { version, kdf, cipher, sealed } = JSON.parse(readFileSync(path, 'utf8'));
    const { N, r, p } = kdf;
    expect([version, kdf.name, N * r * 128, cipher.name]).toEqual([1, 'scrypt', 128 << 20, 'aes-256-gcm']);
    const key = scryptSync('开门 passphrase', Buffer.from(kdf.salt, 'base64'), 32, { N, r, p, maxmem: 1 << 28 });
    const box = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(cipher.nonce, 'base64'));
    decipher.setAAD(Buffer.from(JSON.stringify([version, kdf, cipher]))).setAuthTag(box.subarray(32));
    const master = Buffer.concat([decipher.update(box.subarray(0, 32)), decipher.final()]);
    expect(master.length).toBe(32);
    expect(readFileSync(path).includes(master.toString('base64'))).toBe(false);
    keystore.close();
  });

  it('stays closed to another passphrase and to any changed field', async () => {
    const { path, keystore } = await fresh();
    keystore.close();
    await expect(openKeystore(path, 'wrong')).rejects.toEqual(code('keystore.locked'));
    const good = JSON.parse(readFileSync(path, 'utf8'));
    const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    const changed = [
      { ...good, sealed: flip(good.sealed) },
      { ...good, kdf: { ...good.kdf, salt: flip(good.kdf.salt) } },
      { ...good, kdf: { ...good.kdf, N: 2 ** 16 } },
      { ...good, cipher: { ...good.cipher, nonce: flip(good.cipher.nonce) } },
    ];
    for (const file of changed) {
      writeFileSync(path, JSON.stringify(file));
      await expect(reopen(path)).rejects.toEqual(code('keystore.locked'));
    }
    const foreign = [
      '',
      '{',
      '[]',
      { ...good, version: 2 },
      { ...good, kdf: { ...good.kdf, N: 2 ** 30 } },
      { ...good, x: 1 },
    ];
    for (const file of foreign) {
      writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file));
      await expect(reopen(path)).rejects.toEqual(code('keystore.format'));
    }
  });

  it('is never overwritten, and nothing is left of the attempt', async () => {
    const { path, keystore } = await fresh();
    keystore.patientKeys(refA);
    keystore.close();
    const before = [readFileSync(path), readdirSync(join(path, '..')).sort()];
    await expect(createKeystore(path, 'other')).rejects.toEqual(code('keystore.exists'));
    renameSync(saltsPath(path), `${path}.moved`);
    await expect(createKeystore(path, 'other')).rejects.toEqual(code('keystore.exists'));
    renameSync(`${path}.moved`, saltsPath(path));
    expect([readFileSync(path), readdirSync(join(path, '..')).sort()]).toEqual(before);
  });

  it('is missing with either of its two files', async () => {
    const { path, keystore } = await fresh();
    keystore.close();
    await expect(openKeystore(`${path}.other`, 'x')).rejects.toEqual(code('keystore.missing'));
    rmSync(saltsPath(path));
    await expect(reopen(path)).rejects.toEqual(code('keystore.missing'));
    writeFileSync(saltsPath(path), '');
    await expect(reopen(path)).rejects.toEqual(code('keystore.missing'));
  });

  it('refuses the table of another keystore instead of making new keys', async () => {
    const [one, two] = [await fresh(), await fresh()];
    one.keystore.patientKeys(refA);
    one.keystore.close();
    two.keystore.close();
    renameSync(saltsPath(one.path), saltsPath(two.path));
    await expect(reopen(two.path)).rejects.toEqual(code('keystore.format'));
  });
});

describe('derived keys', () => {
  it('outlive the keystore, which gives none once it is closed', async () => {
    const { keystore } = await fresh();
    const key = keystore.hospitalKey('dhc/spool/1');
    const before = Buffer.from(key);
    keystore.close();
    keystore.close();
    expect(before.equals(key)).toBe(true);
    expect(() => keystore.hospitalKey('dhc/spool/1')).toThrowError(code('keystore.locked'));
    expect(() => keystore.patientKeysOf([])).toThrowError(code('keystore.locked'));
  });

  it('differ by patient, by purpose and by label', async () => {
    const { keystore } = await fresh();
    const [a, b] = keystore.patientKeysOf([refA, refB]);
    const keys = [
      ...Object.values(a!),
      ...Object.values(b!),
      ...(['dhc/spool/1', 'dhc/spool/2', 'dhc/digest/1'] as const).map((label) => keystore.hospitalKey(label)),
    ].map((key) => Buffer.from(key).toString('hex'));
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toHaveLength(64);
    expect(publicKeyOf(a!.x25519Private!)).toEqual(a!.x25519Public);
    keystore.close();
  });

  it('belong to a patient of a system; a record of nobody to the hospital', async () => {
    const { keystore } = await fresh();
    expect(patientRef(keystore, null)).toBe('hospital');
    expect(keystore.patientKeys('hospital').sealKey).toHaveLength(32);
    const part = fc.stringMatching(/^[a|1:]{0,4}$/);
    fc.assert(
      fc.property(part, part, part, part, (system, value, otherSystem, otherValue) => {
        const one = patientRef(keystore, { system, value });
        expect(one).toMatch(/^[0-9a-f]{32}$/);
        const same = system === otherSystem && value === otherValue;
        expect(patientRef(keystore, { system: otherSystem, value: otherValue }) === one).toBe(same);
      }),
    );
    keystore.close();
  });

  it('come in the order asked, the same for the same ref', async () => {
    const { keystore } = await fresh();
    const refs = Array.from({ length: 500 }, (_, index) => (index % 200).toString(16).padStart(32, '0'));
    const keys = keystore.patientKeysOf(refs);
    expect(new Set(keys.map((key) => Buffer.from(key.sealKey).toString('hex'))).size).toBe(200);
    for (const index of [0, 199, 200, 450]) expect(keys[index]).toEqual(keystore.patientKeys(refs[index]!));
    expect(() => keystore.patientKeys('CG100001')).toThrow(RangeError);
    keystore.close();
  });

  it('are the same for processes that ask at the same moment', async () => {
    const { path, keystore } = await fresh();
    const script = `
      const { openKeystore } = await import(${JSON.stringify(new URL('./keystore.ts', import.meta.url).href)});
      const keystore = await openKeystore(${JSON.stringify(path)}, '开门 passphrase');
      const refs = Array.from({ length: 60 }, (_, index) => index.toString(16).padStart(32, '0'));
      const keys = refs.map((ref) => Buffer.from(keystore.patientKeys(ref).sealKey).toString('hex'));
      process.stdout.write(keys.join());`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const [one, two] = await Promise.all([run(), run()]);
    expect(one.stdout).toHaveLength(60 * 65 - 1);
    expect(one.stdout).toBe(two.stdout);
    expect(Buffer.from(keystore.patientKeys('0'.repeat(32)).sealKey).toString('hex')).toBe(one.stdout.slice(0, 64));
    keystore.close();
  });

  it('are gone for ever when the patient is destroyed, also from the log of the table', async () => {
    const { path, keystore } = await fresh();
    const before = structuredClone(keystore.patientKeys(refA));
    const other = keystore.patientKeys(refB);
    const stored = () => Buffer.concat(['', '-wal'].map((suffix) => readFileSync(saltsPath(path) + suffix)));
    expect(stored().includes(refA)).toBe(true);
    expect(keystore.destroyPatient(refA)).toBe(true);
    expect(keystore.destroyPatient(refA)).toBe(false);
    expect(stored().includes(refA)).toBe(false);
    expect(keystore.patientKeys(refA).sealKey).not.toEqual(before.sealKey);
    expect(keystore.patientKeys(refB)).toEqual(other);
    expect(() => keystore.destroyPatient('hospital')).toThrow(RangeError);
    keystore.close();
  });

  it('are gone for every process that has the keystore open', async () => {
    const { path, keystore } = await fresh();
    const other = await reopen(path);
    const before = keystore.patientKeys(refA);
    expect(other.patientKeys(refA)).toEqual(before);
    other.destroyPatient(refA);
    const after = keystore.patientKeys(refA);
    expect(after.sealKey).not.toEqual(before.sealKey);
    expect(other.patientKeys(refA)).toEqual(after);
    other.close();
    keystore.close();
  });

  it('stay the same for more patients than are remembered', async () => {
    const { keystore } = await fresh();
    const refs = Array.from({ length: 9000 }, (_, index) => index.toString(16).padStart(32, '0'));
    const all = keystore.patientKeysOf(refs).map((keys) => keys.sealKey);
    const again = refs.slice(0, 5000).map((ref) => keystore.patientKeys(ref).sealKey);
    expect(again).toEqual(all.slice(0, 5000));
    expect(keystore.patientKeysOf([...refs, refs[1]!]).map((keys) => keys.sealKey)).toEqual([...all, all[1]]);
    keystore.close();
  });

  it('need the salt: one that was sealed for another ref is refused', async () => {
    const { path, keystore } = await fresh();
    keystore.patientKeysOf([refA, refB]);
    const table = new DatabaseSync(saltsPath(path));
    table.exec(`UPDATE salts SET sealed = (SELECT sealed FROM salts WHERE ref = '${refB}') WHERE ref = '${refA}'`);
    table.close();
    expect(() => keystore.patientKeys(refA)).toThrowError(code('keystore.format'));
    keystore.close();
  });
});

// Expected values by Python's `cryptography` from the labels in docs/architecture.md. They hold for ever.
it('derives what format 1 says', async () => {
  const path = join(folder(), 'keystore.json');
  const bytes = (length: number, value: number) => Buffer.alloc(length, value);
  const box = (key: Uint8Array, nonce: Uint8Array, aad: string, secret: Uint8Array) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(aad));
    return Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  };
  const kdf = { name: 'scrypt', N: 2 ** 15, r: 8, p: 1, salt: bytes(32, 1).toString('base64') };
  const cipher = { name: 'aes-256-gcm', nonce: bytes(12, 2).toString('base64') };
  const key = scryptSync('x', bytes(32, 1), 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 1 << 28 });
  const sealed = box(key, bytes(12, 2), JSON.stringify([1, kdf, cipher]), bytes(32, 7)).toString('base64');
  writeFileSync(path, JSON.stringify({ version: 1, kdf, cipher, sealed }));

  const saltsKey = Buffer.from(hkdfSync('sha256', bytes(32, 7), '', 'dhc/salts/1', 32));
  const row = Buffer.concat([bytes(12, 3), box(saltsKey, bytes(12, 3), 'hospital', bytes(32, 9))]);
  const table = new DatabaseSync(saltsPath(path));
  table.exec('CREATE TABLE salts (ref TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID');
  table.prepare('INSERT INTO salts VALUES (?, ?)').run('hospital', row);
  table.close();

  const keystore = await openKeystore(path, 'x');
  const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');
  expect(hex(keystore.hospitalKey('dhc/spool/1'))).toBe(
    'fed1e05f1a0efac9b3296e6c816a02da247a65b450d1793185720635880b3ad0',
  );
  const keys = keystore.patientKeys('hospital');
  expect(hex(keys.x25519Private!)).toBe('64de4e1781843af570d6472b789e63cfb5a432e4e67bd9579f9cd02a513af1d8');
  expect(hex(keys.x25519Public)).toBe('79b07ed972cec0fb6a7c5bca5b9a7af34566708853d85d48506fba44f9eec01f');
  expect(hex(keys.indexKey)).toBe('2ae297531871e63894d45a72e411503ab556d4c20e9e6a25d24859f339b752df');
  expect(hex(keys.sealKey)).toBe('dbf5ee9dbd08c624e20f0bd45ffffe29b46731e284cc38f84649619b50365072');
  keystore.close();
});
