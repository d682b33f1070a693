import { randomBytes } from 'node:crypto';
import { hexlify } from 'ethers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { privateKeySigner, type Signer } from '../chain/signer.ts';
import { Consenting, holder, members, requester } from '../testing/consenting.ts';
import { admission, hospitalOf, sensitivePurpose, suspension } from './alliance.ts';
import { consentEvents } from './events.ts';
import { consentState, requireConsent } from './state.ts';
import { subjectKey } from './subject.ts';
import { consentId, purposeId, signTyped, type Terms, typedGrant, typedRevoke } from './terms.ts';

const signal = AbortSignal.timeout(110_000);
/** Brings signatures; neither of the hospitals. */
const relay = members[0];
let on: Consenting;
beforeAll(async () => {
  on = await Consenting.start(signal);
});
afterAll(() => on?.chain.stop());

const parcel = () => ({ commitment: hexlify(randomBytes(32)), records: 7 });
const state = (terms: Terms) => consentState(on.chain.rpc, on.at.consent, terms, signal);
const required = (terms: Terms, finality = 0) => requireConsent(on.chain.rpc, on.at.consent, terms, finality, signal);
const grantOf = (terms: Terms, patient: Signer) => signTyped(patient, typedGrant(on.domain, terms));
const revocationOf = (terms: Terms, patient: Signer) => signTyped(patient, typedRevoke(on.domain, terms));
const later = async (seconds: number) => {
  await on.chain.rpc.send('evm_increaseTime', [seconds]);
  await on.chain.rpc.send('anvil_mine', ['0x1']);
};

async function granted(changes: Partial<Terms> = {}) {
  const made = await on.terms(changes);
  await on.desk(requester).request(made.terms, signal);
  await on.desk(relay).submitGrant(made.terms, await grantOf(made.terms, made.patient), signal);
  return made;
}

describe('asked, granted, delivered, taken back', () => {
  test('each step is on the chain once, with its event, however often it is done', async () => {
    const { terms, patient } = await on.terms();
    const id = consentId(terms);
    expect(await state(terms)).toMatchObject({ id, status: 'unknown', requested: null, approvals: null });
    await expect(required(terms)).rejects.toMatchObject({ code: 'consent.missing' });
    const asked = await on.desk(requester).request(terms, signal);
    expect(asked).toMatchObject({ status: 'included', event: { kind: 'requested', id, terms } });
    expect((await state(terms)).status).toBe('requested');
    await expect(required(terms)).rejects.toMatchObject({ code: 'consent.missing' });

    const signature = await grantOf(terms, patient);
    const grant = await on.desk(relay).submitGrant(terms, signature, signal);
    expect(await required(terms)).toMatchObject({ status: 'granted', granted: grant.event.block.number });
    const goods = parcel();
    const delivery = await on.desk(holder).recordDelivery(terms, goods, signal);
    expect(delivery.event).toMatchObject({ kind: 'delivered', ...goods, holder: holder.address });
    await on.desk(holder).recordDelivery(terms, parcel(), signal);

    // Again, by someone whose journal knows nothing: found, not sent.
    const used = await on.chain.rpc.nonce(relay.address);
    expect((await on.desk(relay).submitGrant(terms, signature, signal)).event).toEqual(grant.event);
    expect((await on.desk(members[1]).submitGrant(terms, signature, signal)).event).toEqual(grant.event);
    expect((await on.desk(holder).recordDelivery(terms, goods, signal)).event).toEqual(delivery.event);
    expect(await on.chain.rpc.nonce(relay.address)).toBe(used);
    expect(await state(terms)).toMatchObject({ status: 'granted', deliveries: 2, records: 14 });

    await on.desk(relay).submitRevoke(terms, await revocationOf(terms, patient), signal);
    await expect(required(terms)).rejects.toMatchObject({ code: 'consent.revoked' });
    await expect(on.desk(holder).recordDelivery(terms, parcel(), signal)).rejects.toMatchObject({
      code: 'consent.revoked',
    });
    expect((await state(terms)).status).toBe('revoked');
    const kinds = (await Array.fromAsync(consentEvents(on.chain.rpc, on.at.consent, { id }, signal))).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(['requested', 'granted', 'delivered', 'delivered', 'revoked']);
  });

  test('a wallet contract of the patient grants (ERC-1271)', async () => {
    const owner = privateKeySigner(randomBytes(32));
    const { terms } = await on.terms({ subject: await on.deployWallet(owner.address) });
    await on.desk(requester).request(terms, signal);
    const stranger = privateKeySigner(randomBytes(32));
    await expect(on.desk(relay).submitGrant(terms, await grantOf(terms, stranger), signal)).rejects.toMatchObject({
      code: 'consent.signature',
    });
    await on.desk(relay).submitGrant(terms, await grantOf(terms, owner), signal);
    expect((await required(terms)).status).toBe('granted');
  });

  test("the node's own EIP-712 signs the same", async () => {
    const [subject] = (await on.chain.rpc.send<string[]>('eth_accounts', [])).slice(-1);
    const { terms } = await on.terms({ subject: subject! });
    await on.desk(requester).request(terms, signal);
    const typed = typedGrant(on.domain, terms);
    const signature = await on.chain.rpc.send<string>('eth_signTypedData_v4', [subject, typed]);
    await on.desk(relay).submitGrant(terms, signature, signal);
    expect((await required(terms)).status).toBe('granted');
  });

  test('a grant counts only as deep as asked', async () => {
    const { terms } = await granted();
    await expect(required(terms, 2)).rejects.toMatchObject({ code: 'chain.pending' });
    await on.chain.rpc.send('anvil_mine', ['0x2']);
    expect((await required(terms, 2)).status).toBe('granted');
  });
});

describe('what is not granted is not delivered', () => {
  const refused = async (terms: Terms, code: string) => {
    await expect(required(terms)).rejects.toMatchObject({ code });
    const used = await on.chain.rpc.nonce(holder.address);
    await expect(on.desk(holder).recordDelivery(terms, parcel(), signal)).rejects.toMatchObject({ code });
    expect(await on.chain.rpc.nonce(holder.address)).toBe(used);
    expect((await state(terms)).deliveries).toBe(0);
  };

  test('other terms than those granted', async () => {
    const { terms } = await granted();
    await refused({ ...terms, scope: hexlify(randomBytes(32)) }, 'consent.missing');
    await refused({ ...terms, until: terms.until + 1 }, 'consent.missing');
  });

  test('after its end', async () => {
    const { terms, patient } = await granted();
    const open = await on.terms();
    await on.desk(requester).request(open.terms, signal);
    await later(3600);
    expect((await state(terms)).status).toBe('expired');
    await refused(terms, 'consent.expired');
    const grant = await grantOf(open.terms, open.patient);
    await expect(on.desk(relay).submitGrant(open.terms, grant, signal)).rejects.toMatchObject({
      code: 'consent.expired',
    });
    // Taking back is possible at any time.
    await on.desk(relay).submitRevoke(terms, await revocationOf(terms, patient), signal);
  });

  test('taken back before it was brought: the grant is worth nothing then', async () => {
    const { terms, patient } = await on.terms();
    await on.desk(requester).request(terms, signal);
    await on.desk(relay).submitRevoke(terms, await revocationOf(terms, patient), signal);
    await expect(on.desk(relay).submitGrant(terms, await grantOf(terms, patient), signal)).rejects.toMatchObject({
      code: 'consent.revoked',
    });
    await refused(terms, 'consent.revoked');
  });

  test("by another's signature, for another chain, for another contract, for another act", async () => {
    const { terms, patient } = await on.terms();
    await on.desk(requester).request(terms, signal);
    const signatures = [
      await grantOf(terms, privateKeySigner(randomBytes(32))),
      await signTyped(patient, typedGrant({ ...on.domain, chainId: '1' }, terms)),
      await signTyped(patient, typedGrant({ ...on.domain, contract: on.at.registry }, terms)),
      await revocationOf(terms, patient),
      `0x${'00'.repeat(65)}`,
      '0x',
    ];
    for (const signature of signatures)
      await expect(on.desk(relay).submitGrant(terms, signature, signal)).rejects.toMatchObject({
        code: 'consent.signature',
      });
    await refused(terms, 'consent.missing');
  });

  test('a suspended hospital neither gets nor asks, until it is taken in again', async () => {
    const { terms } = await granted();
    const { profile } = await hospitalOf(on.chain.rpc, on.at.registry, requester.address, signal);
    await on.decide(suspension(on.at.registry, requester.address, hexlify(randomBytes(32))));
    await refused(terms, 'chain.no-role');
    const next = await on.terms();
    await expect(on.desk(requester).request(next.terms, signal)).rejects.toMatchObject({ code: 'chain.no-role' });
    await on.decide(admission(on.at.registry, requester.address, profile, hexlify(randomBytes(32))));
    expect((await required(terms)).status).toBe('granted');
  });

  test('a sensitive scope without the approvals of a board', async () => {
    const { terms } = await granted({ sensitive: true });
    await refused(terms, 'consent.approvals');
    const board = { members: [members[0].address, members[1].address], threshold: 2 };
    await on.desk(holder).setBoard(board, signal);
    const used = await on.chain.rpc.nonce(holder.address);
    await on.desk(holder).setBoard(board, signal);
    expect(await on.chain.rpc.nonce(holder.address)).toBe(used);
    await on.desk(members[0]).approve(terms, signal);
    expect((await state(terms)).approvals).toEqual({ have: 1, needed: 2 });
    await refused(terms, 'consent.approvals');
    await on.desk(members[0]).approve(terms, signal);
    await expect(on.desk(requester).approve(terms, signal)).rejects.toMatchObject({ code: 'chain.no-role' });
    await on.desk(members[1]).approve(terms, signal);
    await on.desk(holder).recordDelivery(terms, parcel(), signal);
    expect((await state(terms)).records).toBe(7);
  });

  test('a use that the alliance has called sensitive', async () => {
    const purpose = purposeId('genome research');
    const { terms } = await granted({ purpose });
    expect((await required(terms)).status).toBe('granted');
    await on.decide(sensitivePurpose(on.at.consent, purpose, true));
    await refused(terms, 'consent.approvals');
  });

  test('by another than the holder', async () => {
    const { terms } = await granted();
    await expect(on.desk(requester).recordDelivery(terms, parcel(), signal)).rejects.toMatchObject({
      code: 'chain.no-role',
    });
  });
});

test('two consents of one patient have nothing in common on the chain but the hospitals and the use', async () => {
  const secret = randomBytes(32);
  const words = async (counter: number) => {
    const patient = privateKeySigner(subjectKey(secret, counter));
    const { terms } = await on.terms({ subject: patient.address });
    await on.desk(requester).request(terms, signal);
    await on.desk(relay).submitGrant(terms, await grantOf(terms, patient), signal);
    const events = await Array.fromAsync(consentEvents(on.chain.rpc, on.at.consent, { id: consentId(terms) }, signal));
    const sent = await Promise.all(
      events.map(({ tx }) => on.chain.rpc.send<{ input: string }>('eth_getTransactionByHash', [tx])),
    );
    return new Set(sent.flatMap(({ input }) => input.slice(10).match(/.{64}/g) ?? []));
  };
  const [first, second] = [await words(0), await words(1)];
  const shared = [...first].filter((word) => second.has(word));
  const accounts = [requester, holder].map(({ address }) => address.slice(2).toLowerCase().padStart(64, '0'));
  const known = [...accounts, purposeId('treatment').slice(2)];
  expect(shared).toEqual(expect.arrayContaining(known));
  // The rest: places and lengths of the encoding, the end that a hospital chose, and a signature's recovery bit.
  const rest = shared.filter((word) => !known.includes(word));
  expect(rest.filter((word) => !/^0{54}.{10}$|^1[bc]0{62}$/.test(word))).toEqual([]);
});
