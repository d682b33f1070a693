import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resourceUrn, uuidV5 } from './ids.ts';

const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const URL = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

test('gives the UUID of RFC 9562, appendix A.4, also after another name space', () => {
  expect(uuidV5(DNS, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
  expect(uuidV5(URL, 'www.example.com')).not.toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
  expect(uuidV5(DNS, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('takes the digest of name space and name, with version and variant set', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.string({ unit: 'grapheme' }), (namespace, name) => {
      const bytes = Buffer.from(namespace.replaceAll('-', ''), 'hex');
      const digest = createHash('sha1').update(bytes).update(name, 'utf8').digest().subarray(0, 16);
      digest[6] = (digest[6]! & 0x0f) | 0x50;
      digest[8] = (digest[8]! & 0x3f) | 0x80;
      expect(uuidV5(namespace, name).replaceAll('-', '')).toBe(digest.toString('hex'));
    }),
  );
});

test('keeps hospitals, types and parts of keys apart', () => {
  const ids = [
    resourceUrn('a', 'Patient', ['x|y', 'z']),
    resourceUrn('a', 'Patient', ['x', 'y|z']),
    resourceUrn('a', 'Patient', ['x\\', '|y', 'z']),
    resourceUrn('b', 'Patient', ['x|y', 'z']),
    resourceUrn('a', 'Person', ['x|y', 'z']),
  ];
  expect(new Set(ids).size).toBe(5);
  expect(resourceUrn('a', 'Patient', ['x|y', 'z'])).toBe(ids[0]);
});
