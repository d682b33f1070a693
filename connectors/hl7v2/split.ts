/** One item a message, with exactly its bytes; what belongs to no message is refused, never lost. */
import { Characters, type Layout, layoutOf } from '../shared/characters.ts';
import {
  type OpenFile,
  type Piece,
  type Resume,
  readRange,
  refusedRange,
  type SplitFile,
} from '../shared/folder-split.ts';
import { continuedBy, continues } from './continuation.ts';
import { type EnvelopePlace, envelopeStep } from './envelope.ts';
import { type Header, readHeader } from './header.ts';
import { byPerson } from './people.ts';
import { type Region, regions, trimmedLength } from './regions.ts';

/**
 * Source keys: the path alone for the only message of a file, else `path#1`, `path#2` …; `path#2.1` and so on for the
 * people of one message; `path@offset` for bytes that belong to no message.
 */
export function messageSplitter(charset: string | undefined): SplitFile {
  return (file, from, itemBytes) => split(file, from, itemBytes, charset);
}

async function* split(file: OpenFile, from: Resume, itemBytes: number, charset: string | undefined) {
  const layout = await hl7Layout(file, charset);
  const start = Math.max(from.offset, layout.start);
  const cutter = new Cutter(file, layout, itemBytes, from);
  let found = from.offset > 0;
  for await (const region of regions(file, layout, start)) {
    if (region.type === 'other' && (region.blank || (region.start === layout.start && region.end === file.size)))
      continue;
    for await (const piece of cutter.take(region)) {
      found = true;
      yield piece;
    }
  }
  for (const piece of cutter.end()) {
    found = true;
    yield piece;
  }
  if (!found) yield await nothing(file);
}

/** Messages in UTF-16 without a mark are told by the zeros beside their ASCII characters. */
async function hl7Layout(file: OpenFile, charset: string | undefined): Promise<Layout> {
  const layout = await layoutOf(file, charset);
  if (layout.width === 2 || layout.start > 0) return layout;
  const zeros = Array.from(await file.read(0, 4), (byte) => (byte === 0 ? '0' : 'x')).join('');
  if (zeros === 'x0x0') return { start: 0, width: 2, low: 0, charset: 'utf-16le' };
  return zeros === '0x0x' ? { start: 0, width: 2, low: 1, charset: 'utf-16be' } : layout;
}

interface Held {
  readonly suffix: string;
  readonly parts: readonly Uint8Array[];
  /** Of the first part. */
  readonly header: Header | null;
  readonly pointer: string;
  /** Before the first of its regions, and behind the last. */
  readonly begun: Resume;
  readonly resume: Resume;
}

/** Turns the regions of a file into pieces; a message waits for those that continue it. */
class Cutter {
  readonly #file: OpenFile;
  readonly #layout: Layout;
  readonly #itemBytes: number;
  #count: number;
  #place: EnvelopePlace;
  #held: Held | undefined;
  /** Parts of the next message that an earlier read has given. */
  #given: number;

  constructor(file: OpenFile, layout: Layout, itemBytes: number, from: Resume) {
    this.#file = file;
    this.#layout = layout;
    this.#itemBytes = itemBytes;
    const { offset: _, count, part = 0, ...place } = from;
    this.#count = count;
    this.#given = part;
    this.#place = place;
  }

  async *take(region: Region): AsyncGenerator<Piece> {
    if (region.type === 'message') yield* this.#message(region);
    else if (region.type === 'envelope') yield* this.#envelope(region);
    else yield* this.#refuse(region, 'item.format', 'these bytes of the file belong to no message');
  }

  /** What still waits for its continuation; the reader refuses it. */
  *end(): Generator<Piece> {
    if (this.#held) yield* this.#joined(this.#held);
    this.#held = undefined;
  }

  async *#message(region: Region): AsyncGenerator<Piece> {
    const alone = this.#count === 0 && !(await this.#hasMessage(region.end));
    const begun = this.#resume(region.start);
    this.#count += 1;
    const suffix = alone ? '' : `#${this.#count}`;
    const resume = this.#resume(region.end);
    if (region.end - region.start > this.#itemBytes) {
      yield* this.end();
      const refused = await refusedRange(this.#file, region, 'source.too-large', 'larger than limits.itemBytes');
      yield { suffix, resume, ...refused };
      return;
    }
    const read = await readRange(this.#file, region.start, region.end);
    const bytes = read.subarray(0, trimmedLength(read, this.#layout));
    const header = readHeader(bytes);
    const before = this.#held;
    const goesOn = before !== undefined && continues(header) === before.pointer && this.#fits(before, bytes);
    if (!goesOn) yield* this.end();
    const whole = goesOn
      ? { ...before, resume, parts: [...before.parts, bytes] }
      : { suffix, begun, resume, parts: [bytes], header };
    const pointer = continuedBy(bytes, header);
    this.#held = pointer === undefined ? undefined : { ...whole, pointer };
    if (pointer === undefined) yield* this.#joined(whole);
  }

  async *#envelope(region: Region): AsyncGenerator<Piece> {
    const { isWrong, place } = envelopeStep(await this.#text(region), this.#count, this.#place);
    this.#place = place;
    if (isWrong)
      yield* this.#refuse(region, 'source.count', 'the trailer counts other messages or batches than there are');
  }

  async *#refuse(region: Region, code: 'item.format' | 'source.count', detail: string): AsyncGenerator<Piece> {
    yield* this.end();
    const refused = await refusedRange(this.#file, region, code, detail);
    yield { suffix: `@${region.start}`, resume: this.#resume(region.end), ...refused };
  }

  *#joined({ suffix, begun, resume, parts, header }: Omit<Held, 'pointer'>): Generator<Piece> {
    const { charset } = this.#layout;
    const said = charset === undefined ? {} : { charset };
    const people = byPerson(parts.length === 1 ? parts[0]! : new Uint8Array(Buffer.concat(parts)), header);
    const given = this.#given;
    this.#given = 0;
    for (const [index, bytes] of people.entries()) {
      if (index < given) continue;
      const last = index === people.length - 1;
      const own = people.length === 1 ? suffix : `${suffix || '#1'}.${index + 1}`;
      yield { suffix: own, resume: last ? resume : { ...begun, part: index + 1 }, bytes, ...said };
    }
  }

  #fits({ parts }: Held, bytes: Uint8Array): boolean {
    return parts.reduce((sum, part) => sum + part.length, bytes.length) <= this.#itemBytes;
  }

  #resume(offset: number): Resume {
    return { offset, count: this.#count, ...this.#place };
  }

  async #hasMessage(from: number): Promise<boolean> {
    for await (const region of regions(this.#file, this.#layout, from)) if (region.type === 'message') return true;
    return false;
  }

  /** Its ASCII characters; a trailer has no others before its count. */
  async #text({ start, end }: Region): Promise<string> {
    const characters = new Characters(await readRange(this.#file, start, Math.min(end, start + 256)), this.#layout);
    return Array.from({ length: characters.length }, (_, index) => String.fromCharCode(characters.at(index))).join('');
  }
}

async function nothing(file: OpenFile): Promise<Piece> {
  const refused = await refusedRange(file, { start: 0, end: file.size }, 'item.format', 'the file holds no message');
  return { suffix: '', resume: { offset: file.size, count: 0 }, ...refused };
}
