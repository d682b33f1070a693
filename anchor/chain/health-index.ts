/** What the contract `HealthIndex` says and hears: calls, its event, its errors. */
import { concat, getAddress, getBytes, hexlify, Interface, type Result } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import { cidOfDigest, DAG_CBOR, parseCid } from '../store/cid.ts';
import artifact from './generated/HealthIndex.json' with { type: 'json' };
import { type ChainRpc, type Log, quantity, RpcError } from './rpc.ts';

export const TAG_LENGTH = 16;

const abi = new Interface(artifact.abi);
const anchoredTopic = abi.getEvent('Anchored')!.topicHash;

/** Creation code with its constructor's argument. */
export function creationCode(admin: string): string {
  return concat([artifact.bytecode, abi.encodeDeploy([admin])]);
}

export interface AnchorCall {
  /** 0x-hex, 32 bytes. */
  readonly root: string;
  /** SHA-256 of the manifest block, 0x-hex. */
  readonly manifest: string;
  /** Packed, in manifest order, 0x-hex. */
  readonly tags: string;
}

const anchorSelector = abi.getFunction('anchor')!.selector;

/** As the ABI has it, put together as hex: the library takes each of the tags' bytes through an array. */
export function encodeAnchor({ root, manifest, tags }: AnchorCall): string {
  const packed = tags.slice(2);
  const word = (value: number) => value.toString(16).padStart(64, '0');
  const padding = '0'.repeat(-packed.length & 63);
  return `${anchorSelector}${root.slice(2)}${manifest.slice(2)}${word(3 * 32)}${word(packed.length / 2)}${packed}${padding}`;
}

export function encodeAdmit(hospital: string): string {
  return abi.encodeFunctionData('admit', [hospital]);
}

export function encodeSuspend(hospital: string): string {
  return abi.encodeFunctionData('suspend', [hospital]);
}

export interface AnchorEvent {
  readonly contract: string;
  readonly hospital: string;
  readonly root: string;
  readonly manifest: string;
  readonly count: number;
  /** Lower-case hex without 0x, 16 bytes each, in manifest order. */
  readonly tags: readonly string[];
  readonly tx: string;
  readonly block: { readonly number: number; readonly hash: string };
}

/** The event of a log; null for any other log or contract. */
export function decodeAnchored(log: Log, contract: string): AnchorEvent | null {
  if (log.topics[0] !== anchoredTopic || log.removed || !sameAddress(log.address, contract)) return null;
  const { hospital, root, manifest, count, tags } = abi.decodeEventLog('Anchored', log.data, log.topics);
  return {
    contract: getAddress(log.address),
    hospital,
    root,
    manifest,
    count: Number(count),
    tags: splitTags(tags),
    tx: log.transactionHash,
    block: { number: Number(log.blockNumber), hash: log.blockHash },
  };
}

/** Number of the block in which a hospital anchored a root; null where it has not. */
export async function anchorBlock(
  rpc: ChainRpc,
  contract: string,
  hospital: string,
  root: string,
  signal?: AbortSignal,
): Promise<number | null> {
  const found = await view(rpc, contract, 'anchorOf', [hospital, root], signal);
  const number = Number(found?.[0] ?? 0);
  return number === 0 ? null : number;
}

/**
 * Looks an anchor up on the chain itself, whichever transaction made it; null where there is none.
 */
export async function findAnchor(
  rpc: ChainRpc,
  contract: string,
  hospital: string,
  root: string,
  signal?: AbortSignal,
): Promise<AnchorEvent | null> {
  const number = await anchorBlock(rpc, contract, hospital, root, signal);
  if (number === null) return null;
  const block = quantity(number);
  const topics = [anchoredTopic, `0x${hospital.slice(2).toLowerCase().padStart(64, '0')}`, root];
  const logs = await rpc.send<Log[]>(
    'eth_getLogs',
    [{ address: contract, fromBlock: block, toBlock: block, topics }],
    signal,
  );
  for (const log of logs) {
    const event = decodeAnchored(log, contract);
    if (event) return event;
  }
  return null;
}

/** @throws BridgeError `chain.no-contract` */
export async function hasRole(
  rpc: ChainRpc,
  contract: string,
  account: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const [role] = (await view(rpc, contract, 'HOSPITAL_ROLE', [], signal)) ?? noContract();
  const [held] = (await view(rpc, contract, 'hasRole', [role, account], signal)) ?? noContract();
  return held as boolean;
}

/**
 * Asks the contract; null where there is no code.
 * @throws BridgeError `chain.no-contract` where the code is another's
 */
async function view(
  rpc: ChainRpc,
  contract: string,
  name: string,
  values: readonly unknown[],
  signal?: AbortSignal,
): Promise<Result | null> {
  let reply: string;
  try {
    reply = await rpc.call(contract, abi.encodeFunctionData(name, values), undefined, signal);
  } catch (error) {
    if (error instanceof RpcError && /revert|invalid opcode/i.test(error.message)) noContract();
    throw error;
  }
  if (reply === '0x') return null;
  try {
    return abi.decodeFunctionResult(name, reply);
  } catch {
    return noContract();
  }
}

function noContract(): never {
  throw new BridgeError('chain.no-contract', 'there is no HealthIndex at the configured address');
}

/** Name of the contract's error in a refused call: `AlreadyAnchored`, ...; undefined where it is none of its own. */
export function revertName(error: unknown): string | undefined {
  if (!(error instanceof RpcError) || error.data === undefined) return undefined;
  try {
    return abi.parseError(error.data)?.name;
  } catch {
    return undefined;
  }
}

/** A refused call as an error of the table; the node's words are not kept. */
export function refusal(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  const name = revertName(error);
  if (name === 'AccessControlUnauthorizedAccount') return new BridgeError('chain.no-role', 'the signer may not anchor');
  if (/insufficient funds/i.test(error.message))
    return new BridgeError('chain.no-funds', "the signer's account cannot pay for the transaction");
  return new BridgeError('chain.reverted', `the contract refused the call: ${name ?? 'no reason given'}`);
}

export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function splitTags(packed: string): string[] {
  const tags: string[] = [];
  for (let at = 2; at < packed.length; at += 2 * TAG_LENGTH) tags.push(packed.slice(at, at + 2 * TAG_LENGTH));
  return tags;
}

/** What stands on the chain for a manifest: its SHA-256, 0x-hex. @throws BridgeError `store.mismatch` */
export function manifestDigest(manifestCid: string): string {
  const cid = parseCid(manifestCid);
  if (cid.code !== DAG_CBOR) throw new BridgeError('store.mismatch', 'a manifest is a dag-cbor block');
  return hexlify(cid.multihash.digest);
}

/** The CID of a manifest from what stands on the chain. */
export function manifestCidOf(digest: string): string {
  return cidOfDigest(DAG_CBOR, getBytes(digest)).toString();
}
