/** Looks at the ASCII characters of a file whose character set is one byte a character, ASCII-based, or UTF-16. */
import type { OpenFile } from './folder-split.ts';

/** How characters lie in the file. */
export interface Layout {
  /** Where content begins, behind a byte order mark. */
  readonly start: number;
  /** Bytes of a code unit. */
  readonly width: 1 | 2;
  /** Of two bytes, the one that holds ASCII. */
  readonly low: 0 | 1;
  /** What a byte order mark declares. */
  readonly charset?: string;
}

/** @param charset declared by the configuration; a byte order mark says more */
export async function layoutOf(file: OpenFile, charset: string | undefined): Promise<Layout> {
  const [a, b, c] = await file.read(0, 3);
  if (a === 0xef && b === 0xbb && c === 0xbf) return { start: 3, width: 1, low: 0, charset: 'utf-8' };
  if (a === 0xff && b === 0xfe) return { start: 2, width: 2, low: 0, charset: 'utf-16le' };
  if (a === 0xfe && b === 0xff) return { start: 2, width: 2, low: 1, charset: 'utf-16be' };
  const label = charset?.toLowerCase();
  if (label === 'utf-16le' || label === 'utf-16') return { start: 0, width: 2, low: 0 };
  return label === 'utf-16be' ? { start: 0, width: 2, low: 1 } : { start: 0, width: 1, low: 0 };
}

/**
 * A stretch of bytes as characters. What is no ASCII reads as 0xFF: in UTF-8, GB18030 and the other ASCII-based
 * sets no byte of a longer character is a control character, quote or comma.
 */
export class Characters {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #layout: Layout;

  constructor(bytes: Uint8Array, layout: Layout) {
    this.#bytes = bytes;
    this.#layout = layout;
    this.length = Math.ceil(bytes.length / layout.width);
  }

  /** The first index from `index` on, before `end`, at which one of these ASCII characters stands; `end` where none does. */
  next(stops: Uint8Array, index: number, end: number): number {
    let at = index;
    if (this.#layout.width === 1) while (at < end && stops[this.#bytes[at]!] !== 1) at += 1;
    else while (at < end && stops[this.at(at)] !== 1) at += 1;
    return at;
  }

  /** −1 outside. */
  at(index: number): number {
    if (index < 0 || index >= this.length) return -1;
    const { width, low } = this.#layout;
    if (width === 1) return this.#bytes[index]!;
    return this.#bytes[index * 2 + 1 - low] === 0 ? this.#bytes[index * 2 + low]! : 0xff;
  }
}
