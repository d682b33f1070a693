import { readFileSync } from 'node:fs';
import { hexlify, randomBytes, Wallet } from 'ethers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { privateKeySigner } from '../chain/signer.ts';
import { OwnSubjects, subjectAddress, subjectKey } from './subject.ts';
import {
  checkTerms,
  consentId,
  digestOf,
  purposeId,
  scopeOf,
  signTyped,
  type Terms,
  typedGrant,
  typedRevoke,
} from './terms.ts';

const domain = { chainId: '31337', contract: '0x4e59b44847b379578588920cA78FbF26c0B4956C' };
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => hexlify(bytes));
const account = hash.map((key) => new Wallet(`0x01${key.slice(4)}`).address);
const anyTerms: fc.Arbitrary<Terms> = fc.record({
  requester: account,
  holder: account,
  subject: account,
  purpose: hash,
  scope: hash,
  until: fc.nat(),
  sensitive: fc.boolean(),
  salt: hash,
});
const one = fc.sample(anyTerms, 1)[0]!;

test('what is signed is what a wallet signs', async () => {
  const key = hexlify(randomBytes(32));
  const wallet = new Wallet(key);
  for (const typed of [typedGrant(domain, one), typedRevoke(domain, one)]) {
    const { EIP712Domain: _, ...types } = typed.types;
    const signature = await wallet.signTypedData(typed.domain, types, typed.message);
    expect(await signTyped(privateKeySigner(key), typed)).toBe(signature);
  }
});

test('any change of terms, act, contract or chain changes what is signed', () => {
  fc.assert(
    fc.property(anyTerms, anyTerms, fc.constantFrom(...(Object.keys(one) as (keyof Terms)[])), (a, b, field) => {
      fc.pre(a[field] !== b[field]);
      const changed = { ...a, [field]: b[field] };
      expect(consentId(changed)).not.toBe(consentId(a));
      const signed = [
        typedGrant(domain, a),
        typedGrant(domain, changed),
        typedRevoke(domain, a),
        typedGrant({ ...domain, chainId: '1' }, a),
        typedGrant({ ...domain, contract: a.holder }, a),
      ].map(digestOf);
      expect(new Set(signed).size).toBe(5);
    }),
    { numRuns: 50 },
  );
});

test.each<[string, object]>([
  ['an address that is none', { holder: '0x12' }],
  ['an address of another checksum', { holder: '0x4e59B44847b379578588920cA78FbF26c0B4956C' }],
  ['a digest in capitals', { scope: `0x${'AB'.repeat(32)}` }],
  ['a short digest', { purpose: '0x00' }],
  ['a time that is none', { until: 1.5 }],
  ['a time before all', { until: -1 }],
  ['a flag that is none', { sensitive: 1 }],
  ['a salt that is missing', { salt: undefined }],
])('%s is refused', (_, change) => {
  expect(() => checkTerms({ ...one, ...change })).toThrowError(expect.objectContaining({ code: 'consent.terms' }));
});

describe('what others can link', () => {
  const secret = randomBytes(32);

  test('the patient finds the own subjects with the secret alone, also behind gaps', () => {
    const own = [0, 3, 21].map((counter) => ({ address: subjectAddress(secret, counter), counter }));
    const strangers = [0, 1, 2].map((counter) => subjectAddress(randomBytes(32), counter));
    const seen = [...strangers, ...own.map(({ address }) => address), ...strangers];
    const found = (subjects: OwnSubjects, among = seen) =>
      among.flatMap((address) => subjects.counterOf(address) ?? []);
    const mine = new OwnSubjects(secret);
    expect([found(mine), mine.next]).toEqual([[0, 3, 21], 22]);
    const others = new OwnSubjects(randomBytes(32));
    expect([found(others), others.next]).toEqual([[], 0]);
    // In any order for who remembers how many were given away.
    expect(found(new OwnSubjects(secret, 22), [...seen].reverse())).toEqual([21, 3, 0]);
  });

  test('subjects are keys of HKDF, as node:crypto derives them', async () => {
    const { hkdfSync } = await import('node:crypto');
    const info = Buffer.concat([Buffer.from('dhc/consent-subject/1'), Buffer.from([0, 0, 0, 0, 0, 0, 1, 2])]);
    expect(hexlify(subjectKey(secret, 258))).toBe(
      hexlify(new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), info, 32))),
    );
  });

  test('a scope hides its tags behind its salt, and does not depend on their order', () => {
    const tags = ['00'.repeat(16), 'ff'.repeat(16)];
    const [salt, other] = [hexlify(randomBytes(32)), hexlify(randomBytes(32))];
    expect(scopeOf(salt, tags)).toBe(scopeOf(salt, [...tags].reverse()));
    expect(scopeOf(salt, tags)).not.toBe(scopeOf(other, tags));
    expect(scopeOf(salt, tags)).not.toBe(scopeOf(salt, tags.slice(1)));
    expect(purposeId('treatment')).not.toBe(purposeId('research'));
  });
});

test('terms and subjects need nothing that a browser lacks', () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: URL) => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    for (const [, type, name] of readFileSync(file, 'utf8').matchAll(/^import (type )?[^;]*?from '([^']+)';/gms)) {
      if (type) continue;
      if (name!.startsWith('.')) follow(new URL(name!, file));
      else packages.add(name!);
    }
  };
  for (const file of ['terms.ts', 'subject.ts']) follow(new URL(file, import.meta.url));
  expect(seen.size).toBeGreaterThan(3);
  expect([...packages]).toEqual(['ethers']);
});
