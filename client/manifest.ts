/** The manifest of a batch, read from its block. */
import { decode, encode } from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { equal, toHex } from './bytes.ts';
import { Refuted } from './refusal.ts';

export interface RecordEntry {
  readonly contentCid: string;
  readonly capsuleCid: string;
  readonly partsCid?: string;
  readonly size: number;
  /** Hex, 32 bytes. */
  readonly commitment: string;
  /** Hex, 16 bytes. */
  readonly tag: string;
}

export interface Manifest {
  readonly hospital: string;
  readonly records: readonly RecordEntry[];
}

/** @throws Refuted for anything but the one encoding of format 1 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  try {
    const value = decode<{ v: unknown; hospital: unknown; records: unknown[] }>(bytes);
    if (!equal(encode(value), bytes) || value.v !== 1 || typeof value.hospital !== 'string') throw new RangeError();
    return { hospital: value.hospital, records: value.records.map(entry) };
  } catch {
    throw new Refuted('the manifest is malformed');
  }
}

function entry(value: unknown): RecordEntry {
  const { content, capsule, parts, size, commitment, tag } = value as Record<string, unknown>;
  return {
    contentCid: link(content),
    capsuleCid: link(capsule),
    ...(parts === undefined ? {} : { partsCid: link(parts) }),
    size: Number(size),
    commitment: hex(commitment, 32),
    tag: hex(tag, 16),
  };
}

function link(value: unknown): string {
  const cid = CID.asCID(value);
  if (cid === null) throw new RangeError();
  return cid.toString();
}

function hex(value: unknown, length: number): string {
  if (!(value instanceof Uint8Array) || value.length !== length) throw new RangeError();
  return toHex(value);
}
