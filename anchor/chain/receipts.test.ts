import { randomBytes } from 'node:crypto';
import { hexlify } from 'ethers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BridgeError } from '../../core/errors.ts';
import type { Receipt, SealedRecord } from '../../core/types.ts';
import { blockCid, DAG_CBOR, RAW } from '../store/cid.ts';
import { type AnchorEvent, manifestCidOf, manifestDigest } from './health-index.ts';
import { leafOf, merkleTree, rootOf } from './merkle.ts';
import { makeReceipts, parseReceipt } from './receipts.ts';

const records: SealedRecord[] = [1, 2, 3].map((n) => ({
  contentCid: blockCid(RAW, Buffer.from([n])).toString(),
  capsuleCid: blockCid(DAG_CBOR, Buffer.from([n])).toString(),
  ...(n === 3 ? { partsCid: blockCid(DAG_CBOR, Buffer.from('parts')).toString() } : {}),
  size: n * 100,
  commitment: `${n}`.repeat(64),
  tag: `${n}`.repeat(32),
}));
const manifestCid = blockCid(DAG_CBOR, Buffer.from('manifest')).toString();
const event: AnchorEvent = {
  contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
  hospital: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  root: merkleTree(records.map(leafOf)).root,
  manifest: manifestDigest(manifestCid),
  count: 3,
  tags: records.map((record) => record.tag),
  tx: hexlify(randomBytes(32)),
  block: { number: 5, hash: hexlify(randomBytes(32)) },
};
const make = (change: Partial<AnchorEvent> = {}) =>
  makeReceipts({ chainId: '31337', event: { ...event, ...change }, status: 'final' }, { manifestCid, records });

test('each record has a receipt that leads to the root and survives a file', () => {
  const receipts = make();
  expect(receipts.map((receipt) => receipt.index)).toEqual([0, 1, 2]);
  for (const receipt of receipts) {
    expect(rootOf(leafOf(receipt.record), receipt.proof)).toBe(receipt.batch.root);
    expect(parseReceipt(JSON.stringify(receipt))).toEqual(receipt);
  }
  expect(manifestCidOf(event.manifest)).toBe(manifestCid);
});

test.each<[string, Partial<AnchorEvent>]>([
  ['root', { root: hexlify(randomBytes(32)) }],
  ['manifest', { manifest: hexlify(randomBytes(32)) }],
  ['tags', { tags: [...event.tags].reverse() }],
])('no receipt for an anchor of another %s', (_name, change) => {
  expect(() => make(change)).toThrow(BridgeError);
});

const [good] = make() as [Receipt, ...Receipt[]];
test.each<[string, object]>([
  ['chain id', { chainId: '0x7a69' }],
  ['contract without checksum', { contract: event.contract.toLowerCase() }],
  ['hospital', { hospital: '0x12' }],
  ['tx', { tx: `0x${'AB'.repeat(32)}` }],
  ['block', { block: { number: -1, hash: event.block.hash } }],
  ['batch.count', { batch: { ...good.batch, count: 0 } }],
  ['index', { index: 3 }],
  ['proof', { proof: ['0x00'] }],
  ['proof', { proof: Array(33).fill(event.tx) }],
  ['record', { record: { ...good.record, patient: 'x' } }],
  ['record.contentCid', { record: { ...good.record, contentCid: 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn' } }],
  ['status', { status: 'submitted' }],
])('a receipt with a wrong %s is refused, and the place is named', (place, change) => {
  const refused = () => parseReceipt({ ...good, ...change });
  expect(refused).toThrow(expect.objectContaining({ code: 'receipt.format' }));
  expect(refused).toThrow(place.split(' ')[0]);
});

test('whatever comes in, a typed error or a receipt comes out', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.string()), (value) => {
      expect(() => parseReceipt(value)).toThrow(expect.objectContaining({ code: 'receipt.format' }));
    }),
  );
});
