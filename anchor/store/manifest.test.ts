import { decode, encode } from '@ipld/dag-cbor';
import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import { expect, test } from 'vitest';
import { BridgeError } from '../../core/errors.ts';
import type { SealedRecord } from '../../core/types.ts';
import { blockCid, DAG_CBOR, DAG_PB, parseCid, RAW } from './cid.ts';
import { decodeManifest, decodeParts, encodeManifest, encodeParts, type Manifest } from './manifest.ts';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const hex = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes).toString('hex'));
const cid = (...codecs: number[]) =>
  fc.tuple(fc.constantFrom(...codecs), digest).map(([codec, bytes]) => blockCid(codec, bytes).toString());
const record = fc.record(
  {
    contentCid: cid(RAW, DAG_PB),
    capsuleCid: cid(DAG_CBOR),
    partsCid: cid(DAG_CBOR),
    size: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    commitment: hex(32),
    tag: hex(16),
  },
  { requiredKeys: ['contentCid', 'capsuleCid', 'size', 'commitment', 'tag'] },
);
const manifest: fc.Arbitrary<Manifest> = fc.record(
  {
    hospital: fc.string({ minLength: 1 }).filter((text) => text.isWellFormed()),
    records: fc
      .uniqueArray(record, { minLength: 1, maxLength: 8, selector: (one) => one.tag })
      .map((records) => records.sort((a, b) => (a.tag < b.tag ? -1 : 1))),
    quality: fc.integer({ min: 0, max: 10_000 }),
  },
  { requiredKeys: ['hospital', 'records'] },
);

test('what is written is read', () => {
  fc.assert(
    fc.property(manifest, (one) => {
      expect(decodeManifest(encodeManifest(one).bytes)).toEqual(one);
    }),
  );
});

test('no change of a byte is read as the same, and none but a typed error is thrown', () => {
  fc.assert(
    fc.property(manifest, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, mask) => {
      const bytes = Uint8Array.from(encodeManifest(one).bytes);
      bytes[at % bytes.length]! ^= mask;
      try {
        expect(decodeManifest(bytes)).not.toEqual(one);
      } catch (error) {
        if (!(error instanceof BridgeError)) throw error;
        expect(error.code).toBe('store.mismatch');
      }
    }),
    { numRuns: 500 },
  );
});

test('any bytes give a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(() => decodeManifest(bytes)).toThrow(BridgeError);
      expect(() => decodeParts(bytes)).toThrow(BridgeError);
    }),
  );
});

const sample: Manifest = {
  hospital: 'chenguang',
  records: [1, 2].map((n) => ({
    contentCid: blockCid(RAW, Buffer.from([n])).toString(),
    capsuleCid: blockCid(DAG_CBOR, Buffer.from([n])).toString(),
    size: n,
    commitment: `${n}`.repeat(64),
    tag: `${n}`.repeat(32),
  })),
};

interface Decoded {
  records: Record<string, unknown>[];
}
const inFirst = (change: (record: Record<string, unknown>) => Record<string, unknown>) => (value: Decoded) => ({
  ...value,
  records: value.records.map((one, n) => (n === 0 ? { ...one, ...change(one) } : one)),
});
const version0 = CID.createV0(parseCid(sample.records[0]!.contentCid).multihash as never);
const broken: [string, (value: Decoded) => unknown][] = [
  ['another version', (value) => ({ ...value, v: 2 })],
  ['a field more', (value) => ({ ...value, note: 'x' })],
  ['a field more in a record', inFirst(() => ({ note: 1 }))],
  [
    'a field of another name',
    (value) => ({ ...value, records: value.records.map(({ size: bytes, ...rest }) => ({ ...rest, bytes })) }),
  ],
  ['no records', (value) => ({ ...value, records: [] })],
  ['records out of order', (value) => ({ ...value, records: [...value.records].reverse() })],
  ['a record twice', (value) => ({ ...value, records: [value.records[0], value.records[0]] })],
  ['a CID as text', inFirst((one) => ({ content: String(one.content) }))],
  ['a capsule in another codec', inFirst((one) => ({ capsule: one.content }))],
  ['a short digest', inFirst(() => ({ commitment: new Uint8Array(31) }))],
  ['a size that is no number of bytes', inFirst(() => ({ size: 1.5 }))],
  ['a CID of version 0', inFirst(() => ({ content: version0 }))],
];
test.each(broken)('%s is refused', (_name, change) => {
  const value = change(decode(encodeManifest(sample).bytes) as Decoded);
  expect(() => decodeManifest(encode(value))).toThrow(BridgeError);
});

const first = (change: Partial<SealedRecord>): Manifest => ({
  ...sample,
  records: sample.records.map((one, n) => (n === 0 ? { ...one, ...change } : one)),
});
test.each<[string, Manifest]>([
  ['no name', { ...sample, hospital: '' }],
  ['no records', { ...sample, records: [] }],
  ['records out of order', { ...sample, records: [...sample.records].reverse() }],
  ['a tag twice', first({ tag: sample.records[1]!.tag })],
  ['a capsule in another codec', first({ capsuleCid: sample.records[0]!.contentCid })],
  ['a CID of another form', first({ contentCid: version0.toString() })],
  ['a short commitment', first({ commitment: '11'.repeat(31) })],
  ['a tag in capital letters', first({ tag: '0A'.repeat(16) })],
  ['a record without bytes', first({ size: 0 })],
  ['a quality above all', { ...sample, quality: 10_001 }],
])('%s is not written', (_name, manifest) => {
  expect(() => encodeManifest(manifest)).toThrow(expect.objectContaining({ code: 'store.mismatch' }));
});

test('another encoding of the same manifest is refused', () => {
  const { bytes } = encodeManifest(sample);
  // The map of three entries as one of indefinite length (RFC 8949 §3.2.2).
  expect(() => decodeManifest(Buffer.concat([Buffer.from([0xbf]), bytes.subarray(1), Buffer.from([0xff])]))).toThrow(
    BridgeError,
  );
  expect(() => decodeManifest(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(BridgeError);
});

test('an index of parts is read as it was written', () => {
  const parts = [3, 1, 2].map((n) => ({ cid: blockCid(RAW, Buffer.from([n])).toString(), size: n }));
  expect(decodeParts(encodeParts(parts).bytes)).toEqual(parts);
  expect(() => encodeParts([])).toThrow(BridgeError);
});

test.each([
  '',
  'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn',
  'bafkqaaa',
  'zdj7WWeQ43G6JJvLWQWZpyHuAMq6uYWRjkBXFad11vE2LHhQ7',
])('a CID of another form is refused: %s', (text) => {
  expect(() => parseCid(text)).toThrow(BridgeError);
});

test.each([-1, 10_001, 0.5, 'high', null])('a quality of %s is refused', (quality) => {
  const [one] = fc.sample(manifest, 1);
  const written = decode(encodeManifest(one!).bytes) as object;
  expect(() => decodeManifest(encode({ ...written, quality }))).toThrow(/quality/);
});
