/**
 * Base32 of RFC 4648 in lower case without padding, as CIDs are written. The library's serves every base and takes ten
 * times as long; sealing, anchoring and receipts write and read several CIDs for each record.
 */

const LETTERS = Buffer.from('abcdefghijklmnopqrstuvwxyz234567', 'latin1');
const NO_LETTER = 0xff;
const VALUES = new Uint8Array(256).fill(NO_LETTER);
for (const [value, letter] of LETTERS.entries()) VALUES[letter] = value;

export function toBase32(bytes: Uint8Array): string {
  const text = Buffer.allocUnsafe(textLength(bytes.length));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let index = 0; index < bytes.length; index++) {
    bits = ((bits << 8) | bytes[index]!) & 0xfff;
    for (held += 8; held >= 5; held -= 5) text[at++] = LETTERS[(bits >>> (held - 5)) & 31]!;
  }
  if (held > 0) text[at] = LETTERS[(bits << (5 - held)) & 31]!;
  return text.toString('latin1');
}

/** Undefined for anything but the one text of so many bytes. */
export function fromBase32(text: string, length: number): Uint8Array | undefined {
  if (text.length !== textLength(length)) return undefined;
  const bytes = new Uint8Array(length);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const value = VALUES[text.charCodeAt(index)] ?? NO_LETTER;
    if (value === NO_LETTER) return undefined;
    bits = ((bits << 5) | value) & 0xfff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >>> held;
  }
  // What is left over of the last letter is zero.
  return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined;
}

function textLength(bytes: number): number {
  return Math.ceil((bytes * 8) / 5);
}
