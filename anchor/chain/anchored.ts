/** The one event of the contract `HealthIndex`, read by hospitals and patients alike: no Node, nothing of the bridge. */
import { getAddress, id } from 'ethers';

/** As `eth_getLogs` and receipts give it. */
export interface Log {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly transactionHash: string;
  readonly removed?: boolean;
}

export interface AnchorEvent {
  readonly contract: string;
  readonly hospital: string;
  readonly root: string;
  /** SHA-256 of the manifest block, 0x-hex. */
  readonly manifest: string;
  readonly count: number;
  /** Lower-case hex without 0x, 16 bytes each, in manifest order. */
  readonly tags: readonly string[];
  readonly tx: string;
  readonly block: { readonly number: number; readonly hash: string };
}

export const TAG_LENGTH = 16;
export const ANCHORED_TOPIC = id('Anchored(address,bytes32,bytes32,uint256,bytes)');

/** Hex digits of a word of the ABI. */
const WORD = 64;
/** Where the tags begin: after manifest, count and this offset. */
const TAGS_AT = 3 * 32;

/** The event of a log; null for any other log or contract, and for data that the contract cannot have written. */
export function decodeAnchored(log: Log, contract: string): AnchorEvent | null {
  const [topic, hospital, root] = log.topics;
  if (topic !== ANCHORED_TOPIC || log.removed || !sameAddress(log.address, contract)) return null;
  const word = (index: number) => log.data.slice(2 + index * WORD, 2 + (index + 1) * WORD);
  const [offset, length] = [Number(`0x${word(2)}`), Number(`0x${word(3)}`)];
  const packed = log.data.slice(2 + 4 * WORD, 2 + 4 * WORD + 2 * length);
  const whole = offset === TAGS_AT && length % TAG_LENGTH === 0 && packed.length === 2 * length;
  if (!whole || !hospital || !root) return null;
  return {
    contract: getAddress(log.address),
    hospital: getAddress(`0x${hospital.slice(-40)}`),
    root,
    manifest: `0x${word(0)}`,
    count: Number(`0x${word(1)}`),
    tags: packed.match(/.{32}/g) ?? [],
    tx: log.transactionHash,
    block: { number: Number(log.blockNumber), hash: log.blockHash },
  };
}

export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
