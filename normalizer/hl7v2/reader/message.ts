/** One HL7 v2 message in ER7 encoding, read lazily. */
import { BridgeError } from '../../../core/errors.ts';
import type { SourceTracker, Tally } from '../../sources.ts';
import { decodeHex, decodeMessage, isKnownCharset } from './charset.ts';
import { type Delimiters, readDelimiters } from './delimiters.ts';
import { Segment } from './segment.ts';
import { CONTROL, type Listener, NOBODY, type Reading } from './value.ts';

/** A line that is no segment (a line break within a text, or damage). Its text is kept in the source only. */
export interface StrayLine {
  /** From 1. */
  readonly line: number;
}

export class Message {
  readonly delimiters: Delimiters;
  readonly segments: readonly Segment[];
  readonly strays: readonly StrayLine[];
  readonly #reading: Reading;

  constructor(reading: Reading, segments: readonly Segment[], strays: readonly StrayLine[]) {
    this.#reading = reading;
    this.delimiters = reading.delimiters;
    this.segments = segments;
    this.strays = strays;
  }

  get header(): Segment {
    return this.segments[0]!;
  }

  first(name: string): Segment | undefined {
    return this.segments.find((segment) => segment.name === name);
  }

  all(name: string): Segment[] {
    return this.segments.filter((segment) => segment.name === name);
  }

  /** From now on, what is read is told to these. */
  open(sources: SourceTracker, onControl: Listener['onControl']): void {
    const onRead = sources.isTracing ? sources.used.bind(sources) : undefined;
    this.#reading.listener = { onRead, onControl };
  }

  /** Counts every populated place, and which of them were read. */
  count(tally: Tally): void {
    for (const segment of this.segments) segment.count(tally);
  }
}

/**
 * @param charset from the feed's configuration; it outranks MSH-18
 * @throws BridgeError item.charset, item.format
 */
export function readMessage(bytes: Uint8Array, charset: string | undefined): Message {
  const text = stripFrame(decodeMessage(bytes, charset));
  const lines = text.split(/\r\n|\r|\n/);
  const first = lines.findIndex((line) => line.trim() !== '');
  const header = lines[first]?.trimStart() ?? '';
  if (!header.startsWith('MSH')) throw new BridgeError('item.format', 'the content does not begin with an MSH segment');
  const delimiters = readDelimiters(header);
  const hex = hexDecoder(header, delimiters, charset);
  const reading: Reading = { delimiters, hex, plain: isPlain(text, delimiters), listener: NOBODY };
  return readLines(reading, [header, ...lines.slice(first + 1)], first + 1);
}

function readLines(reading: Reading, lines: readonly string[], firstLine: number): Message {
  const segments: Segment[] = [];
  const strays: StrayLine[] = [];
  const counts = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const name = segmentName(line, reading.delimiters.field);
    if (name === undefined) {
      strays.push({ line: firstLine + index });
      continue;
    }
    if (name === 'MSH' && index > 0) throw new BridgeError('item.format', 'the item holds more than one message');
    const occurrence = (counts.get(name) ?? 0) + 1;
    counts.set(name, occurrence);
    segments.push(new Segment(reading, name, occurrence, line));
  }
  return new Message(reading, segments, strays);
}

/** MSH-2 itself holds the escape character once. */
function isPlain(text: string, { escape: mark }: Delimiters): boolean {
  return (mark === '' || text.indexOf(mark) === text.lastIndexOf(mark)) && !CONTROL.test(text);
}

/** Three characters before a field separator or the end; senders write them in lower case, too. */
function segmentName(line: string, field: string): string | undefined {
  if (line.length > 3 && line[3] !== field) return undefined;
  const name = line.slice(0, 3).toUpperCase();
  return /^[A-Z][A-Z0-9]{2}$/.test(name) ? name : undefined;
}

/** MLLP bytes that a capture left around the message. */
function stripFrame(text: string): string {
  return text.replace(/^[\v\0\s]+/, '').replace(/[\x1c\0\s]+$/, '');
}

function hexDecoder(header: string, delimiters: Delimiters, charset: string | undefined): Reading['hex'] {
  const declared = header
    .split(delimiters.field)[17]
    ?.split(delimiters.repetition || '~')[0]
    ?.trim();
  const name = charset ?? (declared && isKnownCharset(declared) ? declared : 'UTF-8');
  return (bytes) => decodeHex(bytes, name);
}
