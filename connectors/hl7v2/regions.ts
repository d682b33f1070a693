/**
 * Finds the messages in a file of any shape: single, many, batches (HL7 v2.5.1 §2.10.3: FHS BHS … BTS FTS), MLLP
 * frames, any line ending, UTF-16. One pass over windows of the file; only offsets are kept.
 */
import { Characters, type Layout } from '../shared/characters.ts';
import type { OpenFile } from '../shared/folder-split.ts';

/**
 * `envelope` is one segment of a batch; `other` is what belongs to no message, `blank` when that is only line ends,
 * padding and framing.
 */
export interface Region {
  readonly type: 'message' | 'envelope' | 'other';
  readonly start: number;
  readonly end: number;
  readonly blank: boolean;
}

const [NUL, TAB, LF, VT, CR, SUB, FS, SPACE] = [0x00, 0x09, 0x0a, 0x0b, 0x0d, 0x1a, 0x1c, 0x20];
const PADDING = new Set([NUL, LF, VT, CR, SUB, FS]);
/** What characters are, as bits: a file has very many of them. Those that are none of these are plain. */
const [BREAK, BLANK, QUOTE] = [1, 2, 4];
const KINDS = new Uint8Array(256);
for (const char of [...PADDING, TAB, SPACE]) KINDS[char]! |= BLANK;
for (const char of [LF, VT, CR, FS]) KINDS[char]! |= BREAK;
for (const sign of '"\'`{<>= ') KINDS[sign.charCodeAt(0)]! |= QUOTE;
const BREAKS = KINDS.map((kind) => kind & BREAK);
const ENVELOPE = new Set(['FHS', 'BHS', 'BTS', 'FTS']);
/** Characters that have to be seen at once: the beginning of a message, or a segment name and its separator. */
const AHEAD = 9;
/** Senders mark messages of a file, too: `[SOM]MSH|`. */
const LONGEST_MARK = 16;
const NO_MARK = LONGEST_MARK + 1;
const WINDOW = 1 << 18;

/** Regions in order from `start`, which is the beginning of the content or the end of a region. */
export async function* regions(file: OpenFile, layout: Layout, start: number): AsyncGenerator<Region> {
  const scan = new Scan(layout.width, start);
  for (let at = start; at < file.size; ) {
    const bytes = await file.read(at, WINDOW);
    if (bytes.length === 0) break;
    const window = new Characters(bytes, layout);
    // The last characters wait until enough is known behind them.
    const ready = at + bytes.length >= file.size ? window.length : window.length - AHEAD;
    yield* scan.over(window, ready, at);
    if (ready <= 0) break;
    at += ready * layout.width;
  }
  yield* scan.end(file.size);
}

/** `message` or `envelope` where such a segment begins. */
function segmentAt(window: Characters, index: number): 'message' | 'envelope' | null {
  const first = window.at(index);
  if (first !== 0x4d && first !== 0x46 && first !== 0x42) return null;
  const next = window.at(index + 3);
  const name = String.fromCharCode(first, window.at(index + 1), window.at(index + 2));
  if (name === 'MSH') return isSeparator(next) ? 'message' : null;
  return ENVELOPE.has(name) && (isSeparator(next) || next === CR || next === LF || next === -1) ? 'envelope' : null;
}

/** MSH-1 and four encoding characters up to the next separator. */
function isHeader(window: Characters, index: number): boolean {
  const signs = [4, 5, 6, 7].map((offset) => window.at(index + offset));
  return window.at(index + 8) === window.at(index + 3) && signs.every(isSeparator);
}

class Scan {
  readonly #width: number;
  #type: Region['type'] = 'other';
  /** Characters of the line so far, at most `NO_MARK`. */
  #mark = 0;
  #start: number;
  #blank = true;
  #lineStart = true;

  constructor(width: number, start: number) {
    this.#width = width;
    this.#start = start;
  }

  *over(window: Characters, ready: number, offset: number): Generator<Region> {
    for (let index = 0; index < ready; index++) {
      // Within a line of a message only its end tells anything.
      if (this.#type === 'message' && !this.#lineStart && !this.#blank) index = window.next(BREAKS, index, ready);
      if (index >= ready) return;
      const char = window.at(index);
      const kind = KINDS[char & 0xff]!;
      if (kind === 0 && !this.#lineStart && this.#mark === NO_MARK) {
        this.#blank = false;
        continue;
      }
      const here = offset + index * this.#width;
      if (this.#lineStart) {
        const segment = segmentAt(window, index);
        if (segment !== null) yield* this.#open(segment, here);
        else if (this.#type === 'envelope' && char !== CR && char !== LF) yield* this.#open('other', here);
      } else if (this.#type === 'other' && this.#isBehindMark(window, index)) yield* this.#open('message', here);
      if (this.#type === 'message' && char === FS && endsFrame(window.at(index + 1))) yield* this.#open('other', here);
      this.#blank &&= (kind & BLANK) !== 0;
      // Segments may be indented or padded.
      this.#lineStart = (kind & BREAK) !== 0 || ((kind & BLANK) !== 0 && this.#lineStart);
      if (this.#lineStart) this.#mark = 0;
      else if (this.#mark !== NO_MARK) this.#mark = kind & QUOTE ? NO_MARK : this.#mark + 1;
    }
  }

  *end(size: number): Generator<Region> {
    yield* this.#open('other', size);
  }

  /** `MSH|^~\&|` behind a few signs that stand alone; in quotes it is a text of something else. */
  #isBehindMark(window: Characters, index: number): boolean {
    return this.#mark <= LONGEST_MARK && segmentAt(window, index) === 'message' && isHeader(window, index);
  }

  *#open(type: Region['type'], here: number): Generator<Region> {
    const region = { type: this.#type, start: this.#start, end: here, blank: this.#blank };
    if (here > this.#start) yield region;
    this.#type = type;
    this.#start = here;
    this.#blank = true;
  }
}

/** FS closes a frame before the CR that MLLP asks for, before the next frame and at the end; elsewhere it is content. */
function endsFrame(next: number): boolean {
  return next === CR || next === LF || next === VT || next === -1;
}

/** Any visible ASCII character that is neither letter nor digit (MSH-1 is the sender's choice). */
function isSeparator(char: number): boolean {
  return char > SPACE && char < 0x7f && !/[A-Za-z0-9]/.test(String.fromCharCode(char));
}

/** How many bytes of a message remain without padding and blank lines at its end; one line end is kept. */
export function trimmedLength(bytes: Uint8Array, layout: Layout): number {
  const text = new Characters(bytes, layout);
  let end = Math.floor(bytes.length / layout.width);
  while (end > 0 && PADDING.has(text.at(end - 1))) end--;
  if (text.at(end) === CR && text.at(end + 1) === LF) end += 2;
  else if (text.at(end) === CR || text.at(end) === LF) end += 1;
  return end * layout.width;
}
