/** The large parts of a record (instances of an imaging study): the bundle names part n as `urn:dhc:part:n`. */
import { decode, encode } from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { derive, equal, fields, uint32 } from './bytes.ts';
import type { RecordEntry } from './manifest.ts';
import { openMessage, readHeader } from './message.ts';
import type { OpenedRecord } from './open.ts';
import { CannotOpen, Refuted } from './refusal.ts';
import { type BlockSource, readFile } from './store.ts';

export interface Part {
  readonly cid: string;
  /** Sealed bytes. */
  readonly size: number;
}

/** In order; none for a record without parts. @throws Refuted */
export async function partsOf(record: RecordEntry, store: BlockSource, signal?: AbortSignal): Promise<Part[]> {
  if (record.partsCid === undefined) return [];
  const bytes = await store.block(record.partsCid, signal);
  try {
    const value = decode<{ v: unknown; parts: { cid: unknown; size: number }[] }>(bytes);
    if (value.v !== 1 || !equal(encode(value), bytes)) throw new RangeError();
    return value.parts.map(({ cid, size }) => ({ cid: CID.asCID(cid)!.toString(), size }));
  } catch {
    throw new Refuted('the parts index is malformed');
  }
}

/**
 * One part, whole in memory.
 * @param opened the record that it belongs to
 * @throws CannotOpen, Refuted
 */
export async function openPart(
  opened: OpenedRecord,
  index: number,
  part: Part,
  store: BlockSource,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await readFile(store, part.cid, part.size, signal);
  const { context } = readHeader(bytes);
  const same = ['dhc:format', 'dhc:hospital', 'dhc:tag'].every((key) => context[key] === opened.header.context[key]);
  if (!same || context['dhc:part'] !== String(index)) throw new CannotOpen();
  return openMessage(bytes, derive(opened.dataKey, fields('dhc/part/1', uint32(index))));
}
