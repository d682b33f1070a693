/**
 * The manifest of a batch and the index of a record's parts: the two dag-cbor blocks that link sealed bytes
 * (docs/architecture.md, Formats). Both are read strictly: what decodes here encodes to the same bytes again.
 */
import { decode, encode } from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { BridgeError } from '../../core/errors.ts';
import type { SealedRecord } from '../../core/types.ts';
import { type Block, blockCid, cidText, DAG_CBOR, DAG_PB, isOurs, MAX_BLOCK, parseCid, RAW } from './cid.ts';

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
export function encodeManifest({ hospital, records, quality }: Manifest): Block {
  requireRecords(records);
  const bytes = encode({
    v: 1,
    hospital: name(hospital),
    records: records.map((record) => ({
      content: parseLink(record.contentCid, CONTENT),
      capsule: parseLink(record.capsuleCid, CAPSULE),
      ...(record.partsCid === undefined ? {} : { parts: parseLink(record.partsCid, PARTS) }),
      size: size(record.size),
      commitment: digest(record.commitment, 32, 'commitment'),
      tag: digest(record.tag, 16, 'tag'),
    })),
    ...(quality === undefined ? {} : { quality: basisPoints(quality) }),
  });
  requireOrder(records);
  if (bytes.length > MAX_BLOCK) throw malformed('manifest', 'size');
  return { cid: blockCid(DAG_CBOR, bytes), bytes };
}

/** @throws BridgeError `store.mismatch` for anything but a well-formed manifest of format 1 in its one encoding */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const value = decodeBlock(bytes, 'manifest');
  const map = fields(value, ['v', 'hospital', 'records'], ['quality'], 'manifest');
  if (map.v !== 1) throw malformed('manifest', 'version');
  const records = requireRecords(map.records).map(decodeRecord);
  requireOrder(records);
  return { hospital: name(map.hospital), records, ...('quality' in map ? { quality: basisPoints(map.quality) } : {}) };
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
    return { cid: link(entry.cid, PART), size: size(entry.size) };
  });
}

/** The CIDs of a set of later key packets (`anchor/seal/capsule-list`). @throws BridgeError `store.mismatch` */
export function decodeCapsuleSet(bytes: Uint8Array): string[] {
  const map = fields(decodeBlock(bytes, 'capsule set'), ['v', 'capsules'], [], 'capsule set');
  if (map.v !== 1 || !Array.isArray(map.capsules)) throw malformed('capsule set', 'structure');
  return map.capsules.map((one) => link(one, CAPSULE));
}

function requireRecords(records: unknown): readonly unknown[] {
  if (!Array.isArray(records) || records.length === 0 || records.length > MAX_RECORDS)
    throw malformed('manifest', 'number of records');
  return records;
}

function requireOrder(records: readonly SealedRecord[]): void {
  for (let at = 1; at < records.length; at++)
    if (records[at - 1]!.tag >= records[at]!.tag) throw malformed('manifest', 'order of tags');
}

function decodeRecord(value: unknown): SealedRecord {
  const map = fields(value, ['content', 'capsule', 'size', 'commitment', 'tag'], ['parts'], 'record');
  return {
    contentCid: link(map.content, CONTENT),
    capsuleCid: link(map.capsule, CAPSULE),
    ...(map.parts === undefined ? {} : { partsCid: link(map.parts, PARTS) }),
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

/** What a link of the format may lead to. */
interface Target {
  readonly what: string;
  readonly codecs: readonly number[];
}

const CONTENT: Target = { what: 'content', codecs: [RAW, DAG_PB] };
const CAPSULE: Target = { what: 'capsule', codecs: [DAG_CBOR] };
const PARTS: Target = { what: 'parts', codecs: [DAG_CBOR] };
const PART: Target = { what: 'part', codecs: [RAW, DAG_PB] };

function link(value: unknown, target: Target): string {
  const cid = CID.asCID(value);
  if (cid === null || !isOurs(cid)) throw malformed(target.what, 'CID');
  return cidText(requireTarget(cid, target));
}

function parseLink(text: string, target: Target): CID {
  return requireTarget(parseCid(text), target);
}

function requireTarget(cid: CID, { what, codecs }: Target): CID {
  if (!codecs.includes(cid.code)) throw malformed(what, 'CID');
  return cid;
}

function name(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw malformed('manifest', 'hospital');
  return value;
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

/** Lower-case hex as its bytes. */
function digest(text: string, length: number, what: string): Uint8Array {
  const bytes = Buffer.from(text, 'hex');
  if (bytes.length !== length || text.length !== 2 * length || text !== text.toLowerCase())
    throw malformed('record', what);
  return bytes;
}

function malformed(what: string, where: string): BridgeError {
  return new BridgeError('store.mismatch', `the ${what} is malformed: ${where}`);
}
