/**
 * EIP-1559 transactions as bytes. The library goes through hex for each of a transaction's forms, which for the tags of a
 * batch costs more than its signature.
 */
import { getAddress, Transaction } from 'ethers';
import { keccak256 } from './keccak.ts';
import type { Signer } from './signer.ts';

const TYPE = 2;
/** The longest string and list whose length fits the first byte (RLP, Ethereum yellow paper, appendix B). */
const SHORT = 55;
const EMPTY = new Uint8Array(0);
const EMPTY_LIST = Uint8Array.of(0xc0);

export interface UnsignedTransaction {
  readonly chainId: string;
  readonly nonce: number;
  readonly to: string;
  readonly data: string;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

export interface SignedTransaction {
  /** 0x-hex. */
  readonly raw: string;
  readonly hash: string;
}

export async function signTransaction(signer: Signer, unsigned: UnsignedTransaction): Promise<SignedTransaction> {
  const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, data } = unsigned;
  const numbers = [BigInt(chainId), BigInt(nonce), maxPriorityFeePerGas, maxFeePerGas, gasLimit].map(integer);
  const fields = [...numbers, string(fromHex(getAddress(to))), string(EMPTY), string(fromHex(data)), EMPTY_LIST];
  const { r, s, yParity } = await signer.sign(keccak256(typed(fields)));
  const signed = typed([...fields, integer(BigInt(yParity)), integer(BigInt(r)), integer(BigInt(s))]);
  const tx = { raw: toHex(signed), hash: toHex(keccak256(signed)) };
  remember(tx.raw, { from: signer.address, to: getAddress(to) });
  return tx;
}

/** Checksummed addresses. */
export interface Ends {
  readonly from: string;
  readonly to: string | null;
}

/** Who sent a transaction is computed from its signature, and asked again in every round. */
const known = new Map<string, Ends>();
const MOST_KNOWN = 64;

/** @param raw a signed transaction, 0x-hex */
export function endsOf(raw: string): Ends {
  let ends = known.get(raw);
  if (ends === undefined) {
    const { from, to } = Transaction.from(raw);
    ends = { from: from!, to };
    remember(raw, ends);
  }
  return ends;
}

function remember(raw: string, ends: Ends): void {
  if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value!);
  known.set(raw, ends);
}

function typed(fields: readonly Uint8Array[]): Uint8Array {
  const length = fields.reduce((sum, field) => sum + field.length, 0);
  return Buffer.concat([Uint8Array.of(TYPE), head(0xc0, length), ...fields]);
}

function integer(value: bigint): Uint8Array {
  return string(value === 0n ? EMPTY : bigEndian(value));
}

function string(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 1 && bytes[0]! < 0x80) return bytes;
  return Buffer.concat([head(0x80, bytes.length), bytes]);
}

function head(offset: number, length: number): Uint8Array {
  if (length <= SHORT) return Uint8Array.of(offset + length);
  const bytes = bigEndian(length);
  return Buffer.concat([Uint8Array.of(offset + SHORT + bytes.length), bytes]);
}

/** Without leading zeros. */
function bigEndian(value: bigint | number): Uint8Array {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
}

function fromHex(text: string): Uint8Array {
  const bytes = Buffer.from(text.slice(2), 'hex');
  if (!text.startsWith('0x') || text.length !== 2 + 2 * bytes.length) throw new TypeError('no 0x-hex');
  return bytes;
}

function toHex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;
}
