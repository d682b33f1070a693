/** How a file of a folder becomes items: the one thing in which the folder connectors differ. */
import type { ErrorCode } from '../../core/codes.ts';
import type { RefusedItem, SourceItem } from '../../core/types.ts';

/** A file that is open for reading. Never read whole: `read` gives a window of it. */
export interface OpenFile {
  /** Relative path with `/`; the source key of a file that is one item. */
  readonly key: string;
  readonly size: number;
  /** The bytes from `offset`, at most `length` and at most one MiB; empty at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * One item of a file, or a stretch of it that is none.
 * `suffix` makes the source key unique within the file; `resume` lets a later read go on behind this piece.
 */
export type Piece = { readonly suffix: string; readonly resume: Resume } & (
  | { readonly bytes: Uint8Array; readonly charset?: string }
  | { readonly refused: ErrorCode; readonly detail: string; readonly size: number; readonly head: Uint8Array }
);

/** Position within a file: numbers only, so that a cursor holds nothing of the content. */
export interface Resume {
  /** Bytes that are done. */
  readonly offset: number;
  /** Messages or rows that are done, as the splitter numbers them. */
  readonly count: number;
  /** Messages before the open batch and batches begun, in files that count them (HL7 v2). */
  readonly before?: number;
  readonly batches?: number;
  /** Items of the message at `offset` that are done, where one gives several (HL7 v2). */
  readonly part?: number;
}

/**
 * Cuts a file into pieces in order, with memory bounded by `itemBytes`. A larger piece is refused, the rest goes on.
 * Neither the size nor the pieces may depend on where an earlier read stopped.
 */
export type SplitFile = (file: OpenFile, from: Resume, itemBytes: number) => AsyncIterable<Piece>;

export const START: Resume = { offset: 0, count: 0 };
/** As much of a refused piece as is kept. */
export const HEAD_BYTES = 65_536;

/** A stretch of a file in memory; shorter only where the file ended early. */
export async function readRange(file: OpenFile, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  for (let at = 0; at < bytes.length; ) {
    const window = await file.read(start + at, bytes.length - at);
    if (window.length === 0) return bytes.subarray(0, at);
    bytes.set(window, at);
    at += window.length;
  }
  return bytes;
}

/** A stretch of a file as a refused piece. */
export async function refusedRange(
  file: OpenFile,
  range: { readonly start: number; readonly end: number },
  refused: ErrorCode,
  detail: string,
): Promise<{ refused: ErrorCode; detail: string; size: number; head: Uint8Array }> {
  const head = await readRange(file, range.start, Math.min(range.end, range.start + HEAD_BYTES));
  return { refused, detail, size: range.end - range.start, head };
}

/**
 * A piece as the source item that it is.
 * @param charset declared for content that does not declare its own; a splitter that has decoded the content says so
 */
export function entryOf(
  { suffix, ...piece }: Piece,
  { key, ...common }: Pick<SourceItem, 'kind' | 'receivedAt'> & { readonly key: string },
  charset: string | undefined,
): SourceItem | RefusedItem {
  const said = { sourceKey: `${key}${suffix}`, ...common };
  if ('bytes' in piece) {
    const own = piece.charset ?? charset;
    return { type: 'item', ...said, ...(own ? { charset: own } : {}), bytes: piece.bytes };
  }
  const { size, head, refused: code, detail } = piece;
  return { type: 'refused', ...said, size, head, code, detail };
}
