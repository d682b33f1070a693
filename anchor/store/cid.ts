/**
 * Content identifiers. Everything that the bridge stores is CIDv1 with SHA2-256, as base32 text or as its 36
 * binary bytes, in one of three codecs: raw and dag-pb (UnixFS) for sealed bytes, dag-cbor for what links them.
 */
import { hash } from 'node:crypto';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { BridgeError } from '../../core/errors.ts';
import { fromBase32, toBase32 } from './base32.ts';

export const RAW = 0x55;
export const DAG_PB = 0x70;
export const DAG_CBOR = 0x71;
const SHA2_256 = 0x12;

/** Largest block that every IPFS implementation exchanges (Kubo 0.39 refuses more). */
export const MAX_BLOCK = 1024 * 1024;

export interface Block {
  readonly cid: CID;
  readonly bytes: Uint8Array;
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}

export function blockCid(codec: number, bytes: Uint8Array): CID {
  return cidOfDigest(codec, sha256(bytes));
}

/** @param digest SHA-256 of the block, 32 bytes */
export function cidOfDigest(codec: number, digest: Uint8Array): CID {
  return CID.createV1(codec, createDigest(SHA2_256, digest));
}

const CID_BYTES = 36;
const MULTIBASE = 'b';

/** Multibase base32, as `parseCid` reads it. */
export function cidText(cid: CID): string {
  return MULTIBASE + toBase32(cid.bytes);
}

/**
 * @throws BridgeError `store.mismatch` for anything but CIDv1, base32, SHA2-256 and one of our codecs
 */
export function parseCid(text: string): CID {
  const bytes = cidBytes(text);
  return cidOfDigest(bytes[1]!, bytes.subarray(4));
}

/** The 36 bytes of a CID. @throws BridgeError `store.mismatch` as `parseCid` */
export function cidBytes(text: string): Uint8Array {
  const bytes = text.startsWith(MULTIBASE) ? fromBase32(text.slice(1), CID_BYTES) : undefined;
  if (bytes === undefined || bytes[0] !== 1 || !isCodec(bytes[1]!) || bytes[2] !== SHA2_256 || bytes[3] !== 32)
    throw new BridgeError('store.mismatch', 'a text is no CID of our form');
  return bytes;
}

/** True for CIDv1, SHA2-256 of full length, raw, dag-pb or dag-cbor. */
export function isOurs(cid: CID): boolean {
  return (
    cid.version === 1 && cid.multihash.code === SHA2_256 && cid.multihash.digest.length === 32 && isCodec(cid.code)
  );
}

function isCodec(code: number): boolean {
  return code === RAW || code === DAG_PB || code === DAG_CBOR;
}

/** True when the bytes are those that the CID names. */
export function matches(cid: CID, bytes: Uint8Array): boolean {
  return Buffer.from(cid.multihash.digest).equals(sha256(bytes));
}
