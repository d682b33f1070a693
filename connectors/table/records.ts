/**
 * Finds the records of a CSV file (RFC 4180; a lone CR or LF also ends one) by offsets, with constant memory.
 * A record whose quotes do not close is given up at its first line end, so that the next line is read again.
 */
import { Characters, type Layout } from '../shared/characters.ts';
import type { OpenFile } from '../shared/folder-split.ts';

export interface RecordRange {
  readonly start: number;
  /** Behind the last character, before the line end. */
  readonly end: number;
  /** A quoted field is followed by something else than a delimiter, or never closes. */
  readonly broken: boolean;
}

const [LF, CR, QUOTE] = [0x0a, 0x0d, 0x22];
const WINDOW = 1 << 18;

/**
 * @param start where a record begins, or a line end before one
 * @param most bytes; a quoted field that runs on for longer counts as not closed
 */
export async function* records(
  file: OpenFile,
  layout: Layout,
  delimiter: number,
  start: number,
  most: number,
): AsyncGenerator<RecordRange> {
  let scan = new RecordScan(delimiter, start);
  for (let at = start; at < file.size; ) {
    const bytes = await file.read(at, WINDOW);
    if (bytes.length === 0) return;
    const window = new Characters(bytes, layout);
    const end = at + bytes.length;
    for (let index = 0; at < end; index++, at += layout.width) {
      let range = scan.take(window.at(index), at);
      if (range === null && scan.isOpen && at - scan.start > most) range = scan.giveUp();
      if (range === null) continue;
      if (range.end > range.start) yield range;
      const back = range.end < at;
      at = back ? range.end : at + layout.width;
      scan = new RecordScan(delimiter, at);
      if (back) break;
      at -= layout.width;
    }
    if (at >= file.size) {
      const last = scan.end(file.size);
      if (last.end > last.start) yield last;
      if (last.end >= file.size) return;
      at = last.end;
      scan = new RecordScan(delimiter, at);
    }
  }
}

/** One record from its first character on. */
class RecordScan {
  readonly start: number;
  readonly #delimiter: number;
  #state: 'field start' | 'plain' | 'quoted' | 'quote in quoted' | 'broken' = 'field start';
  /** First line end within quotes. */
  #firstBreak = -1;

  constructor(delimiter: number, start: number) {
    this.#delimiter = delimiter;
    this.start = start;
  }

  /** True within quotes that may never close. */
  get isOpen(): boolean {
    return this.#state === 'quoted' && this.#firstBreak !== -1;
  }

  /** @returns the record when this character ends it; an `end` before `at` means: go on there */
  take(char: number, at: number): RecordRange | null {
    const isBreak = char === CR || char === LF;
    if (this.#state === 'quoted') {
      if (char === QUOTE) this.#state = 'quote in quoted';
      else if (isBreak && this.#firstBreak === -1) this.#firstBreak = at;
      return null;
    }
    if (isBreak) return { start: this.start, end: at, broken: this.#state === 'broken' };
    if (this.#state === 'broken') return null;
    if (char === this.#delimiter) this.#state = 'field start';
    else if (char === QUOTE && this.#state !== 'plain') this.#state = 'quoted';
    else if (this.#state === 'quote in quoted') {
      if (this.#firstBreak !== -1) return this.giveUp();
      this.#state = 'broken';
    } else this.#state = 'plain';
    return null;
  }

  giveUp(): RecordRange {
    return { start: this.start, end: this.#firstBreak, broken: true };
  }

  /** The file ends here. */
  end(size: number): RecordRange {
    if (this.isOpen) return this.giveUp();
    return { start: this.start, end: size, broken: this.#state === 'broken' || this.#state === 'quoted' };
  }
}

/** Fields of one record that is not broken. A quote within a plain field stands for itself. */
export function fieldsOf(text: string, delimiter: string): string[] {
  const fields: string[] = [];
  for (let at = 0; at <= text.length; ) {
    const quoted = text[at] === '"';
    let end = quoted ? closingQuote(text, at) : text.indexOf(delimiter, at);
    if (end === -1) end = text.length;
    fields.push(quoted ? text.slice(at + 1, end - 1).replaceAll('""', '"') : text.slice(at, end));
    at = end + 1;
  }
  return fields;
}

/** Index behind the quote that closes the field which opens at `at`. */
function closingQuote(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end !== -1; end = text.indexOf('"', end + 2)) {
    if (text[end + 1] !== '"') return end + 1;
  }
  return text.length;
}
