import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getBytes, hashMessage, hexlify, randomBytes, Signature } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../core/json.ts';
import { derivePatientKeys, openingKeysOf } from '../../core/keystore/patient-keys.ts';
import type { Receipt } from '../../core/types.ts';
import { Anchorer } from '../chain/anchorer.ts';
import { makeReceipts } from '../chain/receipts.ts';
import { privateKeySigner, type Signer } from '../chain/signer.ts';
import { subjectKey } from '../consent/subject.ts';
import { purposeId, signTyped, type Terms, typedRevoke } from '../consent/terms.ts';
import type { PacketName } from '../seal/key-packet.ts';
import { openRecord, sealRecord } from '../seal/record.ts';
import { tagFor } from '../seal/tag.ts';
import { umbralPublicOf } from '../seal/umbral/packet.ts';
import { packBatch, type RecordToPack } from '../store/batch.ts';
import { Kubo } from '../store/kubo.ts';
import { CHAIN_ID } from '../testing/anchoring.ts';
import { Consenting, holder, members, requester } from '../testing/consenting.ts';
import { kuboBinary, startKubo, type TestKubo } from '../testing/kubo.ts';
import { type Delivery, readDelivery, readGrant, readRequest, requestText, type ShareRequest } from './formats.ts';
import { makeGrants, makeOffer, type OpenOffer } from './patient.ts';
import { deliveryCommitment, joinDeliveries, makeDelivery } from './proxy.ts';
import { openDelivered } from './recipient.ts';

const signal = AbortSignal.timeout(240_000);
const relay = members[0];
const refusal = expect.objectContaining({ code: 'seal.open' });
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const secret = Buffer.alloc(32, 11);
const patient = openingKeysOf(secret);
/** Hospital B's own keys. */
const reader = openingKeysOf(Buffer.alloc(32, 12));
/** What hospital A still has after the claim. */
const custody = derivePatientKeys(Buffer.alloc(32, 7), Buffer.alloc(32, 8));
const held = {
  x25519Public: patient.x25519Public,
  umbralPublic: umbralPublicOf(patient.umbralSecret),
  indexKey: custody.indexKey,
  sealKey: custody.sealKey,
};

describe.skipIf(!kuboBinary)('a share', () => {
  let on: Consenting;
  let node: TestKubo;
  let kubo: Kubo;
  let folder: string;
  let counter = 0;
  /** Records of the patient, by kind of packet. */
  const receipts: Record<PacketName, Receipt[]> = { hpke: [], umbral: [] };

  beforeAll(async () => {
    [on, node, folder] = await Promise.all([
      Consenting.start(signal),
      startKubo(),
      mkdtemp(join(tmpdir(), 'dhc-share-')),
    ]);
    kubo = new Kubo({ url: node.url });
    for (const kind of ['hpke', 'umbral'] as const) receipts[kind] = await anchored(kind);
    await on.chain.rpc.send('anvil_mine', ['0x3']);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([node?.stop(), on?.chain.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  async function anchored(keyPacket: PacketName): Promise<Receipt[]> {
    const records = Array.from({ length: 3 }, (): RecordToPack => {
      const tag = tagFor(held.indexKey, BigInt(counter++));
      const itemId = counter.toString(16).padStart(32, '0');
      const bundle = canonicalBytes({ resourceType: 'Bundle', type: 'collection', id: itemId });
      const sealed = sealRecord({ hospital: 'a', itemId, tag, patient: held, bundle, keyPacket });
      return {
        itemId,
        content: sealed.content,
        capsule: sealed.capsule,
        commitment: hex(sealed.commitment),
        tag: hex(tag),
      };
    });
    const packed = await packBatch({ hospital: 'a', records }, join(folder, `${keyPacket}.car`));
    await kubo.importCar(createReadStream(packed.carPath), packed.manifestCid, signal);
    const chain = { rpc: on.chain.rpc, chainId: CHAIN_ID, contract: on.at.index, signer: holder };
    const anchorer = new Anchorer({ ...chain, store: on.store(holder.address), finality: 2 });
    const wait = { until: 'included', deadlineMs: 20_000, pollMs: 20 } as const;
    const { event } = await anchorer.settle({ ...packed, id: keyPacket }, wait, signal);
    return makeReceipts({ chainId: CHAIN_ID, event, status: 'included' }, packed);
  }

  const trusted = () => ({ chainId: CHAIN_ID, contract: on.at.index });
  const proxy = () => ({ rpc: on.chain.rpc, contract: on.at.consent, kubo });
  const through = <T>(read: (text: string) => T, value: unknown): T => read(JSON.stringify(value));
  const open = (delivery: Delivery, index = 0, keys = reader) =>
    openDelivered(delivery, delivery.records[index]!, keys, { rpc: on.chain.rpc, kubo, trusted: trusted() }, signal);

  async function requested(
    offer: OpenOffer,
    changes: Partial<Terms> = {},
    signer: Signer = requester,
  ): Promise<ShareRequest> {
    const now = Number((await on.chain.rpc.block('latest'))!.timestamp);
    const { holder: from, subject, scope } = offer.offer;
    const purpose = purposeId('treatment');
    const salt = hexlify(randomBytes(32));
    const terms = {
      requester: requester.address,
      holder: from,
      subject,
      scope,
      purpose,
      salt,
      until: now + 3600,
      sensitive: false,
      ...changes,
    };
    const keys = { x25519Public: hex(reader.x25519Public), umbralPublic: hex(umbralPublicOf(reader.umbralSecret)) };
    const signature = await signText(signer, requestText(terms, keys));
    return { format: 'dhc-share-request/1', terms, ...keys, signature };
  }

  /** Everything up to the grant on the chain. */
  async function granted(
    records: readonly Receipt[],
    proxies = { threshold: 1, shares: 1 },
    changes: Partial<Terms> = {},
  ) {
    const offered = records.map((receipt) => ({ receipt }));
    const offer = makeOffer(secret, counter++, offered);
    const request = through(readRequest, await requested(offer, changes));
    await on.desk(requester).request(request.terms, signal);
    const made = await makeGrants(
      { secret, keys: [patient], open: offer, request, records: offered, domain: on.domain, proxies },
      kubo,
      signal,
    );
    const grants = made.map((grant) => through(readGrant, grant));
    await on.desk(relay).submitGrant(request.terms, grants[0]!.signature, signal);
    return { grants, request, offer };
  }

  it.each(['hpke', 'umbral'] as const)('with %s packets: asked, granted, delivered, opened, checked', async (kind) => {
    const { grants, request } = await granted(receipts[kind]);
    const delivery = through(readDelivery, await makeDelivery(grants[0]!, proxy(), signal));
    const commitment = deliveryCommitment(delivery);
    const { event } = await on.desk(holder).recordDelivery(request.terms, { commitment, records: 3 }, signal);
    expect(event).toMatchObject({ kind: 'delivered', commitment, records: 3 });
    for (const index of delivery.records.keys()) {
      const { verdict, bundle } = await open(delivery, index);
      expect(verdict.checks.filter(({ status }) => status !== 'pass')).toEqual([]);
      expect(JSON.parse(Buffer.from(bundle!).toString())).toMatchObject({ resourceType: 'Bundle' });
    }
    expect(delivery.records.every((record) => (kind === 'umbral' ? record.fragments : record.c3) !== undefined)).toBe(
      true,
    );
  });

  it('threshold proxies: two of three open it, one alone does not', async () => {
    const { grants } = await granted(receipts.umbral, { threshold: 2, shares: 3 });
    const made = await Promise.all(grants.map((grant) => makeDelivery(grant, proxy(), signal)));
    await expect(open(made[0]!)).rejects.toEqual(refusal);
    const unfit = expect.objectContaining({ code: 'consent.terms' });
    expect(() => joinDeliveries([made[0]!])).toThrowError(unfit);
    const other = await granted(receipts.umbral, { threshold: 2, shares: 2 });
    const others = await makeDelivery(other.grants[1]!, proxy(), signal);
    expect(() => joinDeliveries([made[0]!, others])).toThrowError(unfit);
    await expect(granted(receipts.hpke, { threshold: 2, shares: 3 })).rejects.toEqual(unfit);
    // The same proxy twice is still one.
    await expect(open(through(readDelivery, joinDeliveries([made[0]!, made[0]!])))).rejects.toEqual(refusal);
    for (const pair of [
      [0, 1],
      [1, 2],
      [0, 2],
    ] as const) {
      const joined = joinDeliveries([made[pair[0]]!, made[pair[1]]!]);
      expect((await open(through(readDelivery, joined))).verdict.status).toBe('pass');
    }
  });

  describe('misuse', () => {
    it('a fragment or packet that was tampered with is refused', async () => {
      for (const kind of ['hpke', 'umbral'] as const) {
        const { grants } = await granted(receipts[kind]);
        const delivery = await makeDelivery(grants[0]!, proxy(), signal);
        const { c3, fragments } = delivery.records[0]!;
        const block = Buffer.from(c3 ?? fragments![0]!, 'base64');
        for (let at = 0; at < block.length; at += 7) {
          const changed = Buffer.from(block);
          changed[at]! ^= 1;
          const text = changed.toString('base64');
          const record = { ...delivery.records[0]!, ...(c3 ? { c3: text } : { fragments: [text] }) };
          await expect(open({ ...delivery, records: [record] })).rejects.toEqual(refusal);
        }
      }
    });

    it('fragments of another record, another patient or another reader are refused', async () => {
      const { grants } = await granted(receipts.umbral);
      const delivery = await makeDelivery(grants[0]!, proxy(), signal);
      const [first, second] = delivery.records;
      await expect(open({ ...delivery, records: [{ ...first!, fragments: second!.fragments! }] })).rejects.toEqual(
        refusal,
      );
      await expect(open(delivery, 0, openingKeysOf(Buffer.alloc(32, 13)))).rejects.toEqual(refusal);
      const stranger = hex(umbralPublicOf(openingKeysOf(Buffer.alloc(32, 14)).umbralSecret));
      for (const key of ['delegating', 'verifying'])
        await expect(open({ ...delivery, umbral: { ...delivery.umbral!, [key]: stranger } })).rejects.toEqual(refusal);
      const forged = { ...grants[0]!, umbral: { ...grants[0]!.umbral!, verifying: stranger } };
      await expect(makeDelivery(forged, proxy(), signal)).rejects.toEqual(refusal);
    });

    it('no delivery without a grant that holds: never asked, not granted, revoked, expired', async () => {
      const refused = (grant: Parameters<typeof makeDelivery>[0], code: string) =>
        expect(makeDelivery(grant, proxy(), signal)).rejects.toMatchObject({ code });
      const { grants, request, offer } = await granted(receipts.umbral);
      const other = {
        ...grants[0]!,
        request: { ...request, terms: { ...request.terms, salt: hexlify(randomBytes(32)) } },
      };
      await refused(other, 'consent.missing');
      await on.desk(requester).request(other.request.terms, signal);
      await refused(other, 'consent.missing');
      const revocation = await signTyped(
        privateKeySigner(subjectKey(secret, offer.counter)),
        typedRevoke(on.domain, request.terms),
      );
      await on.desk(relay).submitRevoke(request.terms, revocation, signal);
      await refused(grants[0]!, 'consent.revoked');
      const late = await granted(receipts.umbral);
      await on.chain.rpc.send('evm_increaseTime', [7200]);
      await on.chain.rpc.send('anvil_mine', ['0x1']);
      await refused(late.grants[0]!, 'consent.expired');
    });

    it('records beyond the scope, or keys that the requester did not sign, are no grant', async () => {
      const { grants, request } = await granted(receipts.umbral.slice(0, 1));
      const malformed = expect.objectContaining({ code: 'receipt.format' });
      const more = { ...grants[0]!, records: receipts.umbral.map((receipt) => ({ receipt })) };
      expect(() => through(readGrant, more)).toThrowError(malformed);
      const delivery = await makeDelivery(grants[0]!, proxy(), signal);
      expect(() =>
        through(readDelivery, {
          ...delivery,
          records: [...delivery.records, ...delivery.records.slice(0, 1), { receipt: receipts.hpke[0] }],
        }),
      ).toThrowError(malformed);
      expect(() => through(readRequest, { ...request, x25519Public: 'ab'.repeat(32) })).toThrowError(malformed);
      for (const text of ['', '{}', 'null', '[1]'])
        for (const read of [readGrant, readDelivery, readRequest]) expect(() => read(text)).toThrowError(malformed);
    });

    it('alone nobody opens: not the proxy, not the reader without a delivery, not hospital A after the claim', async () => {
      const { grants } = await granted(receipts.umbral);
      const delivery = await makeDelivery(grants[0]!, proxy(), signal);
      for (const kind of ['hpke', 'umbral'] as const) {
        const { record } = receipts[kind][0]!;
        const [content, capsule] = [await kubo.blockGet(record.contentCid), await kubo.blockGet(record.capsuleCid)];
        expect(openRecord({ content, capsule, privateKey: patient }).hospital).toBe('a');
        for (const privateKey of [reader, custody])
          expect(() => openRecord({ content, capsule, privateKey })).toThrowError(refusal);
      }
      // The proxy has everything of grant and delivery, and its own keys.
      for (const keys of [
        custody,
        openingKeysOf(Buffer.from(grants[0]!.umbral!.keyFragment, 'base64').subarray(0, 32)),
      ])
        await expect(open(delivery, 0, keys)).rejects.toEqual(refusal);
    });
  });
});

async function signText(signer: Signer, text: string): Promise<string> {
  return Signature.from(await signer.sign(getBytes(hashMessage(text)))).serialized;
}
