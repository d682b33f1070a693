/**
 * The manifest of a batch and the index of a record's parts: the two dag-cbor blocks that link sealed bytes
 * (docs/architecture.md, Formats). Both are read strictly: what decodes here encodes to the same bytes again.
 */
import { decode, encode } from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { BridgeError } from '../../core/errors.ts';
import type { SealedRecord } from '../../core/types.ts';
import { type Block, blockCid, DAG_CBOR, DAG_PB, isOurs, MAX_BLOCK, parseCid, RAW } from './cid.ts';

/** Keeps the manifest of a full batch, each record with parts, below one block. */
export const MAX_RECORDS = 4_000;

export interface Manifest {
  /** The hospital's id from its config. */
  readonly hospital: string;
  /** Sorted by tag, ascending; no tag twice. */
  readonly records: readonly SealedRecord[];
  /** Mean quality of the records in basis points; manifests of small batches and of older releases have none. */
  readonly quality?: number;
}

export interface Part {
  readonly cid: string;
  /** Sealed bytes. */
  readonly size: number;
}

/** @throws BridgeError `store.mismatch` when the manifest breaks its own format */
export function encodeManifest(manifest: Manifest): Block {
  const bytes = encode({
    v: 1,
    hospital: manifest.hospital,
    records: manifest.records.map((record) => ({
      content: parseCid(record.contentCid),
      capsule: parseCid(record.capsuleCid),
      ...(record.partsCid === undefined ? {} : { parts: parseCid(record.partsCid) }),
      size: record.size,
      commitment: Buffer.from(record.commitment, 'hex'),
      tag: Buffer.from(record.tag, 'hex'),
    })),
    ...(manifest.quality === undefined ? {} : { quality: manifest.quality }),
  });
  decodeManifest(bytes);
  return { cid: blockCid(DAG_CBOR, bytes), bytes };
}

/** @throws BridgeError `store.mismatch` for anything but a well-formed manifest of format 1 in its one encoding */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const value = decodeBlock(bytes, 'manifest');
  const map = fields(value, ['v', 'hospital', 'records'], ['quality'], 'manifest');
  if (map.v !== 1) throw malformed('manifest', 'version');
  if (typeof map.hospital !== 'string' || map.hospital === '') throw malformed('manifest', 'hospital');
  if (!Array.isArray(map.records) || map.records.length === 0 || map.records.length > MAX_RECORDS)
    throw malformed('manifest', 'number of records');
  const records = map.records.map(decodeRecord);
  for (let at = 1; at < records.length; at++)
    if (records[at - 1]!.tag >= records[at]!.tag) throw malformed('manifest', 'order of tags');
  return { hospital: map.hospital, records, ...('quality' in map ? { quality: basisPoints(map.quality) } : {}) };
}

/** @throws BridgeError `store.mismatch` */
export function encodeParts(parts: readonly Part[]): Block {
  const bytes = encode({ v: 1, parts: parts.map((part) => ({ cid: parseCid(part.cid), size: part.size })) });
  decodeParts(bytes);
  return { cid: blockCid(DAG_CBOR, bytes), bytes };
}

/** @throws BridgeError `store.mismatch` */
export function decodeParts(bytes: Uint8Array): Part[] {
  const map = fields(decodeBlock(bytes, 'parts index'), ['v', 'parts'], [], 'parts index');
  if (map.v !== 1) throw malformed('parts index', 'version');
  if (!Array.isArray(map.parts) || map.parts.length === 0) throw malformed('parts index', 'number of parts');
  return map.parts.map((part) => {
    const entry = fields(part, ['cid', 'size'], [], 'parts index');
    return { cid: link(entry.cid, [RAW, DAG_PB], 'part'), size: size(entry.size) };
  });
}

function decodeRecord(value: unknown): SealedRecord {
  const map = fields(value, ['content', 'capsule', 'size', 'commitment', 'tag'], ['parts'], 'record');
  return {
    contentCid: link(map.content, [RAW, DAG_PB], 'content'),
    capsuleCid: link(map.capsule, [DAG_CBOR], 'capsule'),
    ...(map.parts === undefined ? {} : { partsCid: link(map.parts, [DAG_CBOR], 'parts') }),
    size: size(map.size),
    commitment: hex(map.commitment, 32, 'commitment'),
    tag: hex(map.tag, 16, 'tag'),
  };
}

function decodeBlock(bytes: Uint8Array, what: string): unknown {
  if (bytes.length > MAX_BLOCK) throw malformed(what, 'size');
  let value: unknown;
  let again: Uint8Array;
  try {
    value = decode(bytes);
    again = encode(value);
  } catch {
    throw malformed(what, 'encoding');
  }
  if (!Buffer.from(again).equals(bytes)) throw malformed(what, 'encoding');
  return value;
}

function fields(
  value: unknown,
  needed: readonly string[],
  optional: readonly string[],
  what: string,
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || CID.asCID(value) !== null)
    throw malformed(what, 'structure');
  const map = value as Record<string, unknown>;
  const known = Object.keys(map).every((key) => needed.includes(key) || optional.includes(key));
  if (!known || !needed.every((key) => key in map)) throw malformed(what, 'fields');
  return map;
}

function link(value: unknown, codecs: readonly number[], what: string): string {
  const cid = CID.asCID(value);
  if (cid === null || !isOurs(cid) || !codecs.includes(cid.code)) throw malformed(what, 'CID');
  return cid.toString();
}

function basisPoints(value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 10_000)
    throw malformed('manifest', 'quality');
  return value as number;
}

function size(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) <= 0) throw malformed('record', 'size');
  return value as number;
}

function hex(value: unknown, length: number, what: string): string {
  if (!(value instanceof Uint8Array) || value.length !== length) throw malformed('record', what);
  return Buffer.from(value).toString('hex');
}

function malformed(what: string, where: string): BridgeError {
  return new BridgeError('store.mismatch', `the ${what} is malformed: ${where}`);
}
