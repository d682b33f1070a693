/** One HL7 v2 message in ER7 encoding, read lazily. */
import type { ErrorCode } from '../../../core/codes.ts';
import { BridgeError } from '../../../core/errors.ts';
import { isInk } from '../../shared/spaces.ts';
import type { SourceTracker, Tally } from '../../sources.ts';
import { type Decoded, decodeMessage } from './charset.ts';
import { type Delimiters, readDelimiters } from './delimiters.ts';
import { type SegmentLine, segmentLines } from './lines.ts';
import { CONTROL, type Listener, NOBODY, type Reading } from './reading.ts';
import { Segment } from './segment.ts';

/** What was read otherwise than it is written, or not at all. Never holds a value. */
export interface ReadingIssue {
  readonly code: ErrorCode;
  /** `MSH-18`, `line 7` */
  readonly place: string;
  readonly detail: string;
}

export class Message {
  readonly delimiters: Delimiters;
  readonly segments: readonly Segment[];
  readonly issues: readonly ReadingIssue[];
  readonly #reading: Reading;

  constructor(reading: Reading, segments: readonly Segment[], issues: readonly ReadingIssue[]) {
    this.#reading = reading;
    this.delimiters = reading.delimiters;
    this.segments = segments;
    this.issues = issues;
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

  /** @returns whether it was silent before */
  silence(silent: boolean): boolean {
    const before = this.#reading.silent;
    this.#reading.silent = silent;
    return before;
  }

  /** Its texts mean what the same texts mean in other messages: nothing is escaped, and its delimiters are those of the standard. */
  get recurs(): boolean {
    const { component, repetition, subcomponent } = this.delimiters;
    return this.#reading.plain && component === '^' && repetition === '~' && subcomponent === '&';
  }

  /** Counts every populated place, and which of them were read. */
  count(tally: Tally): void {
    for (const segment of this.segments) segment.count(tally);
  }
}

/**
 * @param charset from the feed's configuration; it outranks MSH-18
 * @throws BridgeError item.charset, item.format, item.truncated
 */
export function readMessage(bytes: Uint8Array, charset: string | undefined): Message {
  const decoded = decodeMessage(bytes, charset);
  const content = decoded.text.slice(0, contentEnd(decoded.text));
  const split = splitHeader(content);
  const delimiters = readDelimiters(split.lines[0]!);
  const reading: Reading = {
    delimiters,
    hex: decoded.hex,
    plain: isPlain(content, delimiters),
    listener: NOBODY,
    silent: false,
    watcher: undefined,
  };
  const written = delimiters.doubled ? split.lines.map(unquoted(delimiters)) : split.lines;
  const lines = segmentLines(written, split.before.lines + 1, delimiters.field);
  const counts = new Map<string, number>();
  const segments = lines.segments.map(({ name, raw }) => {
    const occurrence = (counts.get(name) ?? 0) + 1;
    counts.set(name, occurrence);
    return new Segment(reading, name, occurrence, raw);
  });
  const before = headerIssues(decoded, delimiters, split);
  return new Message(reading, segments, before.concat(lines.issues, truncations(lines.segments, delimiters)));
}

/** A line of a string literal: escape characters stand twice in it, its end may be spelled out. */
function unquoted({ escape: mark }: Delimiters): (line: string) => string {
  return (line) => line.replaceAll(mark + mark, mark).replace(/(?:\\[rn]){1,2}$/, '');
}

/** Where the sender has cut a value off and says so (HL7 v2.7 §2.5.5.2): the sign at the end of a value. */
function truncations(lines: readonly SegmentLine[], { field, truncation }: Delimiters): ReadingIssue[] {
  const issues: ReadingIssue[] = [];
  if (truncation === '') return issues;
  for (const { name, raw } of lines) {
    if (name === 'MSH' || !raw.includes(truncation)) continue;
    for (const [number, value] of raw.split(field).entries())
      if (value.length > 1 && value.endsWith(truncation))
        issues.push({ code: 'item.truncated', place: `${name}-${number}`, detail: 'the sender has cut the value off' });
  }
  return issues;
}

/** MSH-2 itself holds the escape character once. */
function isPlain(text: string, { escape: mark }: Delimiters): boolean {
  return (mark === '' || !text.includes(mark, text.indexOf(mark) + 1)) && !CONTROL.test(text);
}

interface Split {
  /** From MSH on. */
  readonly lines: readonly string[];
  readonly before: { readonly lines: number; readonly noise: boolean };
}

const HEADER = /MSH[^A-Za-z0-9\s\0]/;
const HEADER_FIRST = /^MSH[^A-Za-z0-9\s\0]/;

/** MLLP bytes, an envelope and noise may stand before MSH; segments may not: they would be lost. */
function splitHeader(text: string): Split {
  const lines = text.includes('\n') ? text.split(/\r\n|\r|\n/) : text.split('\r');
  if (HEADER_FIRST.test(lines[0]!)) return { lines, before: { lines: 0, noise: false } };
  const first = lines.findIndex((line) => HEADER.test(line));
  const above = first < 0 ? lines : lines.slice(0, first);
  if (first < 0 || above.some((line) => /^[\s\0]*(?!FHS|BHS)[A-Z][A-Z0-9]{2}[^\w\s]/.test(line)))
    throw new BridgeError('item.format', 'the content does not begin with an MSH segment');
  const at = lines[first]!.search(HEADER);
  const noise = `${above.filter((line) => !/^[\v\0\s]*[FB]HS/.test(line)).join('')}${lines[first]!.slice(0, at)}`;
  return {
    lines: [lines[first]!.slice(at), ...lines.slice(first + 1)],
    before: { lines: first, noise: /[^\v\0\s]/.test(noise) },
  };
}

/** Behind the last character that is neither white space, padding nor the end of an MLLP frame. */
function contentEnd(text: string): number {
  let end = text.length;
  while (end > 0 && !isInk(text.charCodeAt(end - 1)) && /[\x1c\0\s]/.test(text[end - 1]!)) end -= 1;
  return end;
}

function headerIssues({ misdeclared }: Decoded, { doubled }: Delimiters, { before }: Split): ReadingIssue[] {
  const issues: ReadingIssue[] = [];
  const tell = (code: ErrorCode, place: string, detail: string) => issues.push({ code, place, detail });
  if (misdeclared) tell('item.charset', 'MSH-18', 'the declared set cannot be: read as UTF-8');
  if (doubled) tell('structure.unexpected', 'MSH-2', 'the escape character stands twice: read as once');
  if (before.noise) tell('structure.unexpected', 'line 1', 'what stands before MSH is kept in the source only');
  return issues;
}
