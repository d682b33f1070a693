/** What the contract `HealthIndex` says and hears: calls, its event, its errors. */
import { concat, getBytes, hexlify, Interface, type Result } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import { cidOfDigest, DAG_CBOR, parseCid } from '../store/cid.ts';
import { ANCHORED_TOPIC, type AnchorEvent, decodeAnchored } from './anchored.ts';
import artifact from './generated/HealthIndex.json' with { type: 'json' };
import { addressTopic, lastLog } from './logs.ts';
import { type ChainRpc, RpcError } from './rpc.ts';

export { type AnchorEvent, decodeAnchored, sameAddress, TAG_LENGTH } from './anchored.ts';

const abi = new Interface(artifact.abi);

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
  const topics = [ANCHORED_TOPIC, addressTopic(hospital), root];
  const filter = { address: contract, topics };
  const there = await lastLog(rpc, { ...filter, fromBlock: number, toBlock: number }, signal);
  // What a contract takes for the block's number is another chain's on some chains (Arbitrum: that of Ethereum).
  const log = there ?? (await lastLog(rpc, filter, signal));
  return log && decodeAnchored(log, contract);
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
