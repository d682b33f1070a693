/** What a receipt says of the chain, asked of the chain. */
import type { Receipt } from '../../core/types.ts';
import { type Finality, isFinal } from '../chain/finality.ts';
import { type AnchorEvent, decodeAnchored, manifestDigest, sameAddress } from '../chain/health-index.ts';
import type { ChainRpc, TransactionReceipt } from '../chain/rpc.ts';
import type { VerifyCache } from './cache.ts';
import { NotMade, needs, Refuted, type Report } from './report.ts';

/** What the verifier knows from elsewhere: from its config, never from a receipt. */
export interface Trusted {
  readonly chainId: string;
  readonly contract: string;
  /** Default: two blocks on top. */
  readonly finality?: Finality;
}

/** The anchor's event, when transaction, block and event are as the receipt says. */
export async function checkChain(
  report: Report,
  receipt: Receipt,
  { rpc, trusted, cache }: { rpc: ChainRpc; trusted: Trusted | undefined; cache: VerifyCache },
  signal: AbortSignal,
): Promise<AnchorEvent | undefined> {
  const chain = await report.check('chain', signal, async () => {
    const served = await cache.get('chain', () => rpc.chainId(signal));
    if (served !== receipt.chainId)
      throw new Refuted(`the RPC serves chain ${served}, the receipt names ${receipt.chainId}`);
    return [`chain ${served}`, true];
  });
  await report.check('trusted contract', signal, async () => {
    if (!trusted) throw new NotMade('no contract was named that could be trusted');
    if (trusted.chainId !== receipt.chainId) throw new Refuted('the receipt names another chain than the trusted one');
    if (!sameAddress(trusted.contract, receipt.contract)) throw new Refuted('the receipt names another contract');
    return [trusted.contract, true];
  });
  const contract = await report.check('contract', signal, async () => {
    needs(chain, 'chain');
    const code = await cache.get(`code ${receipt.contract}`, () => rpc.code(receipt.contract, signal));
    if (code === '0x') throw new Refuted('there is no contract at the address');
    return ['there is code at the address', true];
  });
  const transaction = await report.check('transaction', signal, async () => {
    needs(chain, 'chain');
    const found = await cache.get(`tx ${receipt.tx}`, () => rpc.receipt(receipt.tx, signal));
    if (found === null) throw new Refuted('the chain does not have the transaction');
    if (found.status !== '0x1') throw new Refuted('the transaction failed');
    return ['the chain has the transaction', found];
  });
  const block = await report.check('block', signal, () => checkBlock(receipt, transaction, rpc, cache, signal));
  await report.check('finality', signal, async () => {
    needs(block, 'block');
    if (!(await isFinal(rpc, receipt.block.number, trusted?.finality ?? 2, signal)))
      throw new NotMade('the block is not yet as deep as asked');
    return ['the block is as deep as asked', true];
  });
  return await report.check('event', signal, async () => {
    needs(contract, 'contract');
    const { logs } = needs(transaction, 'transaction');
    const decoded = async () => logs.flatMap((log) => decodeAnchored(log, receipt.contract) ?? []);
    const event = matchingEvent(receipt, await cache.get(`events ${receipt.tx} ${receipt.contract}`, decoded));
    return ['root, manifest, count and tag are as the receipt says', event] as const;
  });
}

async function checkBlock(
  receipt: Receipt,
  transaction: TransactionReceipt | undefined,
  rpc: ChainRpc,
  cache: VerifyCache,
  signal: AbortSignal,
): Promise<[string, true]> {
  const { number, hash } = receipt.block;
  const included = needs(transaction, 'transaction');
  if (Number(included.blockNumber) !== number || included.blockHash !== hash)
    throw new Refuted('the transaction is in another block');
  const block = await cache.get(`block ${number}`, () => rpc.block(number, signal));
  if (block?.hash !== hash) throw new Refuted('the block is not on the chain any more');
  return [`block ${number}`, true];
}

function matchingEvent(receipt: Receipt, events: readonly AnchorEvent[]): AnchorEvent {
  const { batch, record, index } = receipt;
  const event = events.find((one) => one.root === batch.root && sameAddress(one.hospital, receipt.hospital));
  if (!event) throw new Refuted('the transaction anchored no such root for this hospital');
  if (event.manifest !== manifestDigest(batch.manifest)) throw new Refuted('another manifest was anchored');
  if (event.count !== batch.count || event.tags.length !== batch.count)
    throw new Refuted('another number of records was anchored');
  if (event.tags[index] !== record.tag) throw new Refuted('the tag was not anchored at this place');
  return event;
}
