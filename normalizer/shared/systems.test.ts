import { expect, test } from 'vitest';
import { uriOf } from './systems.ts';

test.each([
  ['2.16.840.1.113883.6.1', 'urn:oid:2.16.840.1.113883.6.1'],
  ['urn:oid:2.16.840.1.113883.6.1', 'urn:oid:2.16.840.1.113883.6.1'],
  ['URN:OID:1.2.840.1', 'urn:oid:1.2.840.1'],
  ['6BA7B810-9DAD-11D1-80B4-00C04FD430C8', 'urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
  ['urn:uuid:6BA7B810-9DAD-11D1-80B4-00C04FD430C8', 'urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
  ['http://x.org/a', 'http://x.org/a'],
  ['urn:dhc:x', 'urn:dhc:x'],
])('%s', (text, uri) => expect(uriOf(text)).toBe(uri));

test.each([
  '1.2',
  '1.2.3',
  '1.2.03.4.5',
  '3.16.840.1',
  'urn:oid:1.2',
  'urn:oid:x',
  'urn:uuid:1',
  'http://a b',
  'CG',
  '',
])('%s names nothing', (text) => expect(uriOf(text)).toBeUndefined());
