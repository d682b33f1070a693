/** Consent and anchoring with one account and one journal, and a chain that misbehaves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BridgeError } from '../../core/errors.ts';
import { openJournal } from '../../core/journal/index.ts';
import { Anchorer } from '../chain/anchorer.ts';
import { hasRole } from '../chain/health-index.ts';
import { ChainRpc, quantity } from '../chain/rpc.ts';
import { CHAIN_ID, GWEI, madeBatch, soon } from '../testing/anchoring.ts';
import { Consenting, holder, madeProfile, members, requester } from '../testing/consenting.ts';
import { startRpcProxy } from '../testing/rpc-proxy.ts';
import { AllianceSeat, admission, hospitalOf, newMembers, suspension } from './alliance.ts';
import { allianceAddresses, deployAlliance } from './deploy.ts';
import { consentEvents } from './events.ts';
import { consentState } from './state.ts';
import { consentId, signTyped, typedGrant } from './terms.ts';

const signal = AbortSignal.timeout(110_000);
const accounts = members.map(({ address }) => address);
let on: Consenting;
beforeAll(async () => {
  on = await Consenting.start(signal);
});
afterAll(() => on?.chain.stop());

test('the contracts are where their code and the founding say, and founding again finds them', async () => {
  const founding = { members: accounts, threshold: 2 };
  expect(on.at).toEqual(allianceAddresses(members[0].address, founding));
  const used = await on.chain.rpc.nonce(members[0].address);
  expect(await deployAlliance(on.chain.rpc, { signer: members[0], ...founding }, signal)).toEqual(on.at);
  expect(await on.chain.rpc.nonce(members[0].address)).toBe(used);
});

test('an index is taken over by one registry, and not by a second', async () => {
  const second = { signer: members[0], members: accounts, threshold: 1 };
  await expect(deployAlliance(on.chain.rpc, second, signal)).rejects.toMatchObject({ code: 'chain.no-role' });
});

test('two members admit and suspend; what that changes is the right to anchor', async () => {
  const { rpc } = on.chain;
  const [account, profile] = [members[0].address, madeProfile()];
  const decision = admission(on.at.registry, account, profile);
  expect(await hospitalOf(rpc, on.at.registry, account, signal)).toMatchObject({ status: 'unknown' });
  expect(await on.seat(members[0]).support(decision, signal)).toMatchObject({ executed: false });
  expect(await on.seat(members[0]).support(decision, signal)).toMatchObject({ executed: false });
  expect(await hasRole(rpc, on.at.index, account, signal)).toBe(false);
  await expect(on.seat(holder).support(decision, signal)).rejects.toMatchObject({ code: 'chain.no-role' });
  expect(await on.seat(members[1]).support(decision, signal)).toMatchObject({ executed: true });
  expect(await hospitalOf(rpc, on.at.registry, account, signal)).toEqual({ status: 'active', profile });
  expect(await hasRole(rpc, on.at.index, account, signal)).toBe(true);
  await on.decide(suspension(on.at.registry, account));
  expect(await hasRole(rpc, on.at.index, account, signal)).toBe(false);
});

test('members who propose the same at the same moment agree', async () => {
  const decision = newMembers(on.at.registry, { add: [holder.address], remove: [], threshold: 2 });
  const votes = await Promise.all(members.map((member) => on.seat(member).support(decision, signal)));
  expect(votes.some(({ executed }) => executed)).toBe(true);
});

test('anchoring and consent of one account take nonces without gap or clash', async () => {
  const { rpc } = on.chain;
  const store = on.store(requester.address);
  const common = { rpc, chainId: CHAIN_ID, signer: requester, store, finality: 2 } as const;
  const anchorer = new Anchorer({ ...common, contract: on.at.index });
  const first = await rpc.nonce(requester.address);
  const batches = Array.from({ length: 8 }, () => madeBatch());
  const asked = await Promise.all(Array.from({ length: 8 }, () => on.terms()));
  await Promise.all([
    ...batches.map((batch) => anchorer.settle(batch, soon, signal)),
    ...asked.map(({ terms }) => on.desk(requester).request(terms, signal)),
  ]);
  expect(await rpc.nonce(requester.address)).toBe(first + 16);
  const requests = await Array.fromAsync(consentEvents(rpc, on.at.consent, { kinds: ['requested'] }, signal));
  for (const { terms } of asked) expect(requests.filter(({ id }) => id === consentId(terms))).toHaveLength(1);
});

test.each([
  ['never arrived', true],
  ['waits for a lower base fee', false],
])('a request that was given up and %s does not hold up the anchoring', async (_, lost) => {
  const { rpc } = on.chain;
  const store = on.store(requester.address);
  const { terms } = await on.terms();
  await rpc.send('evm_setAutomine', [false]);
  const proxy = await startRpcProxy(on.chain.url, (method) =>
    lost && method === 'eth_sendRawTransaction' ? 'lose-request' : 'none',
  );
  const given = { rpc: new ChainRpc(proxy.url), wait: { until: 'included', deadlineMs: 100, pollMs: 20 } } as const;
  await expect(on.desk(requester, given).request(terms, signal)).rejects.toBeInstanceOf(BridgeError);
  proxy.close();
  await rpc.send('anvil_setNextBlockBaseFeePerGas', [quantity(80n * GWEI)]);
  await rpc.send('anvil_mine', ['0x1']);
  await rpc.send('evm_setAutomine', [true]);
  const common = { rpc, chainId: CHAIN_ID, signer: requester, store, finality: 2, stuckMs: 50 } as const;
  const batch = madeBatch();
  const settled = await new Anchorer({ ...common, contract: on.at.index }).settle(batch, soon, signal);
  expect(settled.event.root).toBe(batch.root);
});

test('a reorganisation takes a grant away, and it is brought again', async () => {
  const { rpc } = on.chain;
  const { terms, patient } = await on.terms();
  await on.desk(requester).request(terms, signal);
  await rpc.send('anvil_mine', ['0x3']);
  const signature = await signTyped(patient, typedGrant(on.domain, terms));
  const before = await on.desk(members[0]).submitGrant(terms, signature, signal);
  await rpc.send('anvil_reorg', [2, []]);
  expect((await consentState(rpc, on.at.consent, terms, signal)).status).toBe('requested');
  const after = await on.desk(members[0]).submitGrant(terms, signature, signal);
  expect(after.event.block.hash).not.toBe(before.event.block.hash);
  expect((await consentState(rpc, on.at.consent, terms, signal)).status).toBe('granted');
  const events = await Array.fromAsync(
    consentEvents(rpc, on.at.consent, { id: consentId(terms), kinds: ['granted'] }, signal),
  );
  expect(events).toHaveLength(1);
});

test('wrong chain and missing contract are permanent', async () => {
  const { terms } = await on.terms();
  await expect(on.desk(requester, { chainId: '1' }).request(terms, signal)).rejects.toMatchObject({
    code: 'chain.wrong-chain',
    kind: 'permanent',
  });
  for (const contract of [holder.address, on.at.index])
    await expect(on.desk(requester, { contract }).request(terms, signal)).rejects.toMatchObject({
      code: 'chain.no-contract',
    });
});

test('the journal keeps transactions of consent beside those of batches', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dhc-consent-'));
  const key = new Uint8Array(32);
  const journal = openJournal(join(folder, 'journal.db'), { digestKey: key, columnKey: key });
  try {
    const { terms } = await on.terms();
    const sent = await on.desk(requester, { store: journal }).request(terms, signal);
    const [row] = await journal.anchors({ statuses: ['included'] });
    expect(row).toMatchObject({ contract: on.at.consent, hashes: [sent.event.tx], block: sent.event.block });
  } finally {
    journal.close();
    await rm(folder, { recursive: true });
  }
});

test('a vote waits in the journal like any other transaction', async () => {
  const store = on.store(members[1].address);
  const options = { rpc: on.chain.rpc, chainId: CHAIN_ID, signer: members[1], store, finality: 2 } as const;
  const seat = new AllianceSeat({ ...options, registry: on.at.registry });
  const { proposal } = await seat.support(suspension(on.at.registry, holder.address), signal);
  expect(await store.anchor(`alliance:${proposal}:${members[1].address}`)).toMatchObject({ status: 'included' });
});
