/** Finding, opening and checking on a real chain and a real IPFS node. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseReceipt } from '../anchor/chain/receipts.ts';
import { sealPart } from '../anchor/seal/part.ts';
import { sealRecord, openRecord as theirOpen } from '../anchor/seal/record.ts';
import { tagFor } from '../anchor/seal/tag.ts';
import { blockCid, DAG_CBOR } from '../anchor/store/cid.ts';
import { encodeParts } from '../anchor/store/manifest.ts';
import { kuboBinary } from '../anchor/testing/kubo.ts';
import { verifyReceipt } from '../anchor/verify/verify.ts';
import { derivePatientKeys } from '../core/keystore/patient-keys.ts';
import { toHex } from './bytes.ts';
import { type Chain, ChainRefused, httpChain } from './chain.ts';
import { findRecords } from './find.ts';
import { readHeader } from './message.ts';
import { openRecord, openWith, verifyRecord } from './open.ts';
import { openPart, partsOf } from './parts.ts';
import { CannotOpen, Refuted } from './refusal.ts';
import { checked, gateway } from './store.ts';
import { startPerson, type TestPerson } from './testing/person.ts';

const CHAIN_ID = '31337';

describe.skipIf(!kuboBinary)('a person with a key alone', () => {
  let person: TestPerson;
  beforeAll(async () => {
    person = await startPerson();
  }, 120_000);
  afterAll(() => person?.stop());

  const network = () => ({ chain: httpChain(person.chainUrl), store: gateway(person.kuboUrl, 'kubo') });
  const find = (more = {}) =>
    findRecords({ ...network(), contract: person.contract, indexKey: person.indexKey, ...more });

  it('finds all own records, in order, with receipts that the hospital would have given', async () => {
    const found = await find();
    expect(found.map(({ counter }) => counter)).toEqual(Array.from({ length: person.own }, (_, n) => n));
    expect(await find({ gap: 1 })).toHaveLength(person.own);
    expect(await findRecords({ ...network(), contract: person.contract, indexKey: randomBytes(32) })).toEqual([]);
    const signal = AbortSignal.timeout(60_000);
    for (const { receipt } of found) {
      expect(parseReceipt(JSON.stringify(receipt))).toEqual(receipt);
      const key = { x25519Private: person.keys.x25519Private, indexKey: person.indexKey };
      const trusted = { chainId: CHAIN_ID, contract: person.contract };
      const verdict = await verifyReceipt(receipt, { rpc: person.rpc, kubo: person.kubo, key, trusted }, signal);
      expect(verdict.checks.filter(({ status }) => status !== 'pass')).toEqual([]);
    }
  });

  it('finds them at a node that answers over two blocks at a time and with one log at most', async () => {
    const { chain, store } = network();
    const asked: number[] = [];
    const limited: Chain = {
      async call<T>(method: string, params: readonly unknown[], signal?: AbortSignal) {
        if (method !== 'eth_getLogs') return chain.call<T>(method, params, signal);
        const [{ fromBlock, toBlock }] = params as [{ fromBlock: string; toBlock: string }];
        asked.push(Number(toBlock) - Number(fromBlock) + 1);
        const logs = asked.at(-1)! > 2 ? [] : await chain.call<unknown[]>(method, params, signal);
        if (asked.at(-1)! > 2 || logs.length > 1) throw new ChainRefused(method);
        return logs as T;
      },
    };
    const here = { store, contract: person.contract, indexKey: person.indexKey };
    expect(await findRecords({ ...here, chain: limited })).toEqual(await find());
    expect(asked.some((span) => span > 2)).toBe(true);
  });

  it('names what does not hold, and what cannot be reached', async () => {
    const [{ receipt }, other] = (await find()) as unknown as [{ receipt: never }, { receipt: never }];
    const { chain, store } = network();
    const options = { store, keys: [person.keys] };
    const trusted = { chainId: CHAIN_ID, contract: person.contract };
    const failed = async (changed: object, status = 'fail', to = { chain, store }) => {
      const checks = await verifyRecord({ ...(receipt as object), ...changed } as never, trusted, to.chain, {
        ...options,
        store: to.store,
      });
      return checks.filter((check) => check.status === status).map(({ name }) => name);
    };
    const { record, batch, proof } = receipt as { record: object; batch: object; proof: string[] };
    expect(await failed({})).toEqual([]);
    expect(await failed({ chainId: '1' })).toEqual(['chain', 'contract']);
    expect(await failed({ contract: `0x${'11'.repeat(20)}` })).toEqual(['contract', 'event']);
    expect(await failed({ tx: `0x${'11'.repeat(32)}` })).toEqual(['event']);
    expect(await failed({ proof: proof.slice(1) })).toEqual(['proof']);
    expect(await failed({ batch: { ...batch, root: `0x${'11'.repeat(32)}` } })).toEqual(['event', 'proof']);
    expect(await failed({ record: { ...record, commitment: '00'.repeat(32) } })).toEqual([
      'manifest',
      'proof',
      'decryption',
    ]);
    expect(await failed({ record: (other.receipt as { record: object }).record })).toEqual([
      'event',
      'manifest',
      'proof',
    ]);
    const nowhere = { chain: httpChain('http://127.0.0.1:1'), store: gateway('http://127.0.0.1:1') };
    expect(await failed({}, 'fail', nowhere)).toEqual([]);
    expect(await failed({}, 'unknown', nowhere)).toEqual(['chain', 'event', 'finality', 'manifest', 'decryption']);
  });

  it('believes no node, and opens nothing of others', async () => {
    const [{ receipt }] = (await find()) as unknown as [{ receipt: never }];
    const { store } = network();
    const liar = checked(async (cid) => (await store.block(cid)).map((byte, at) => (at === 40 ? byte ^ 1 : byte)));
    await expect(openRecord(receipt, { store: liar, keys: [person.keys] })).rejects.toThrow(Refuted);
    const stranger = derivePatientKeys(randomBytes(32), randomBytes(32));
    await expect(openRecord(receipt, { store, keys: [stranger] })).rejects.toThrow(CannotOpen);
  });

  it('a hospital that anchors copies of public tags hides nothing, be its manifest absent or of others', async () => {
    const tags = (await find()).map(({ receipt }) => receipt.record.tag);
    const { manifest } = (await find())[0]!.receipt.batch;
    for (const cid of [manifest, blockCid(DAG_CBOR, randomBytes(9)).toString()]) await person.copyTags(tags, cid);
    expect((await find()).map(({ receipt }) => receipt.record.tag)).toEqual(tags);
    // What cannot be read is not passed over where nothing else stands for it.
    await person.copyTags(
      [toHex(tagFor(person.indexKey, BigInt(person.own)))],
      blockCid(DAG_CBOR, randomBytes(9)).toString(),
    );
    await expect(find()).rejects.toThrow();
  });

  it('opens the parts of a study, each in its place only', async () => {
    const patient = derivePatientKeys(Buffer.alloc(32, 1), Buffer.alloc(32, 2));
    const place = { hospital: 'chenguang', itemId: 'ab'.repeat(16), tag: tagFor(patient.indexKey, 0n) };
    const { content, capsule, dataKey, commitment } = sealRecord({ ...place, patient, bundle: Buffer.from('{}') });
    const bodies = [randomBytes(3_000_000), randomBytes(10)];
    const parts = [];
    for (const [index, body] of bodies.entries()) {
      const sha256 = createHash('sha256').update(body).digest();
      parts.push(await person.kubo.addStream(sealPart({ ...place, dataKey, index, sha256 }, [body] as never)));
    }
    const index = encodeParts(parts);
    const store = checked(async (cid) => (cid === index.cid.toString() ? index.bytes : person.kubo.blockGet(cid)));
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    const entry = {
      contentCid: '',
      capsuleCid: '',
      partsCid: index.cid.toString(),
      size: 1,
      commitment: hex(commitment),
      tag: hex(place.tag),
    };
    const { salt } = theirOpen({ content, capsule, privateKey: patient });
    const opened = await openWith(entry, content, readHeader(content), { dataKey, salt });
    const listed = await partsOf(entry, store);
    expect(listed).toEqual(parts);
    for (const [at, body] of bodies.entries())
      expect(Buffer.from(await openPart(opened, at, listed[at]!, store)).equals(body)).toBe(true);
    await expect(openPart(opened, 1, listed[0]!, store)).rejects.toThrow(CannotOpen);
  });
});
