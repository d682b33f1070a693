/** Finds the records of a JSON array or of a file with one JSON value a line, by offsets, with constant memory. */
import { Characters, type Layout } from '../shared/characters.ts';
import type { OpenFile } from '../shared/folder-split.ts';

export interface JsonRange {
  readonly start: number;
  readonly end: number;
  /** Set where the stretch cannot be a record, whatever it holds. */
  readonly fault?: 'no array' | 'behind the array' | 'no end' | 'too deep';
}

const WINDOW = 1 << 18;
const MOST_DEPTH = 256;
const [QUOTE, COMMA, OPEN, CLOSE, BACKSLASH, LF, CR] = [0x22, 0x2c, 0x5b, 0x5d, 0x5c, 0x0a, 0x0d];
/** Sets in which the second byte of a character may look like a bracket or a backslash. */
const DOUBLE = new Set(['gbk', 'gb18030', 'big5', 'shift_jis']);

interface Char {
  readonly code: number;
  readonly at: number;
}

/** Whole characters only; null at the end. */
async function windowAt(file: OpenFile, layout: Layout, at: number): Promise<Characters | null> {
  const bytes = await file.read(at, WINDOW);
  const length = bytes.length - (bytes.length % layout.width);
  return length === 0 ? null : new Characters(bytes.subarray(0, length), layout);
}

async function* characters(file: OpenFile, layout: Layout, charset: string, start: number): AsyncGenerator<Char[]> {
  const isDouble = DOUBLE.has(new TextDecoder(layout.charset ?? charset).encoding);
  let isTrail = false;
  for (let at = start; at < file.size; ) {
    const window = await windowAt(file, layout, at);
    if (!window) return;
    const chars: Char[] = [];
    for (let index = 0; index < window.length; index++) {
      const code = window.at(index);
      if (!isTrail) chars.push({ code, at: at + index * layout.width });
      isTrail = isDouble && !isTrail && code >= 0x81;
    }
    yield chars;
    at += window.length * layout.width;
  }
}

/** @param start 0, or the end of a record */
export async function* lineRanges(file: OpenFile, layout: Layout, start: number): AsyncGenerator<JsonRange> {
  let begin = -1;
  let end = -1;
  for (let at = Math.max(start, layout.start); at < file.size; ) {
    const window = await windowAt(file, layout, at);
    if (!window) break;
    for (let index = 0; index < window.length; index++) {
      const code = window.at(index);
      const here = at + index * layout.width;
      if (code === LF || code === CR) {
        if (begin !== -1) yield { start: begin, end };
        begin = -1;
      } else if (code !== 0x20 && code !== 0x09) {
        if (begin === -1) begin = here;
        end = here + layout.width;
      }
    }
    at += window.length * layout.width;
  }
  if (begin !== -1) yield { start: begin, end: Math.min(end, file.size) };
}

/**
 * The elements of the array that the file is; a file that is one object is one record. A record whose brackets do not
 * match takes what follows with it; a string ends at the line's end at the latest.
 * @param start 0, or the end of a record
 */
export async function* elementRanges(
  file: OpenFile,
  layout: Layout,
  charset: string,
  start: number,
): AsyncGenerator<JsonRange> {
  const scan = new ElementScan(layout.width, start <= layout.start ? 'before' : 'between');
  for await (const chars of characters(file, layout, charset, Math.max(start, layout.start))) {
    for (const char of chars) {
      const range = scan.take(char);
      if (range) yield range;
    }
  }
  const last = scan.end(file.size);
  if (last) yield last;
}

type State = 'before' | 'between' | 'element' | 'string' | 'escape' | 'whole' | 'behind' | 'rest';

class ElementScan {
  #state: State;
  readonly #width: number;
  #depth = 0;
  #deepest = 0;
  #start = -1;
  #end = -1;

  constructor(width: number, state: State) {
    this.#width = width;
    this.#state = state;
  }

  take({ code, at }: Char): JsonRange | null {
    const isSpace = code === 0x20 || code === 0x09 || code === LF || code === CR;
    if (this.#state === 'string' || this.#state === 'escape') {
      if (this.#state === 'escape') this.#state = 'string';
      else if (code === BACKSLASH) this.#state = 'escape';
      else if (code === QUOTE || code === LF || code === CR) this.#state = 'element';
      if (!isSpace) this.#end = at + this.#width;
      return null;
    }
    if (isSpace) return null;
    if (this.#state === 'before' && code === OPEN) {
      this.#state = 'between';
      return null;
    }
    if (this.#state === 'between' || this.#state === 'element') return this.#inArray(code, at);
    if (this.#state === 'before' || this.#state === 'behind') {
      this.#start = at;
      this.#state = this.#state === 'behind' ? 'rest' : 'whole';
      this.#deepest = code === 0x7b ? 0 : -1;
    }
    this.#end = at + this.#width;
    return null;
  }

  #inArray(code: number, at: number): JsonRange | null {
    if (this.#depth === 0 && (code === COMMA || code === CLOSE)) {
      const range = this.#state === 'element' ? this.#element() : null;
      this.#state = code === CLOSE ? 'behind' : 'between';
      return range;
    }
    if (this.#state === 'between') {
      this.#state = 'element';
      this.#start = at;
      this.#deepest = 0;
    }
    if (code === QUOTE) this.#state = 'string';
    else if (code === OPEN || code === 0x7b) this.#deepest = Math.max(this.#deepest, ++this.#depth);
    else if ((code === CLOSE || code === 0x7d) && this.#depth > 0) this.#depth--;
    this.#end = at + this.#width;
    return null;
  }

  end(size: number): JsonRange | null {
    const end = Math.min(this.#end, size);
    if (this.#state === 'behind') return null;
    if (this.#state === 'rest') return { start: this.#start, end, fault: 'behind the array' };
    if (this.#state === 'whole')
      return { start: this.#start, end, ...(this.#deepest < 0 ? { fault: 'no array' } : {}) };
    if (this.#state === 'before') return { start: 0, end: size, fault: 'no array' };
    if (this.#state === 'between') return { start: size, end: size, fault: 'no end' };
    return { start: this.#start, end, fault: 'no end' };
  }

  #element(): JsonRange {
    const range = { start: this.#start, end: this.#end };
    return this.#deepest > MOST_DEPTH ? { ...range, fault: 'too deep' } : range;
  }
}
