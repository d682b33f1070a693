/** Finds any of many values in bytes, in every form in which text may lie there. */
import { gb18030 as twoByte } from '../../samples/dicom/writer.ts';
import { type Samples, SHORTEST } from './identifiers.ts';

interface Needle {
  readonly value: string;
  readonly form: string;
  readonly bytes: Buffer;
}

export class Needles {
  readonly #byStart = new Map<number, Needle[]>();
  readonly #starts = new Uint8Array(1 << 24);
  readonly size: number;

  constructor({ values, files }: Samples) {
    const needles = values.flatMap(formsOf).flatMap((needle) => withContext(needle, files));
    for (const needle of needles) {
      const start = startOf(needle.bytes, 0);
      this.#starts[start] = 1;
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), needle]);
    }
    this.size = needles.length;
  }

  /** What was found, as `form of value at offset`; each needle once. */
  find(bytes: Uint8Array): string[] {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = new Map<Needle, number>();
    for (let at = 0; at + 3 <= buffer.length; at++) {
      const start = startOf(buffer, at);
      if (this.#starts[start] === 0) continue;
      for (const needle of this.#byStart.get(start)!) {
        if (found.has(needle) || at + needle.bytes.length > buffer.length) continue;
        if (needle.bytes.compare(buffer, at, at + needle.bytes.length) === 0) found.set(needle, at);
      }
    }
    return [...found].map(([{ form, value }, at]) => `${form} of ${value} at ${at}`);
  }
}

function startOf(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

function formsOf(value: string): Needle[] {
  const utf8 = Buffer.from(value);
  const little = Buffer.from(value, 'utf16le');
  const national = gb18030(value) ?? utf8;
  const encodings = { 'UTF-8': utf8, GB18030: national, 'UTF-16LE': little, 'UTF-16BE': Buffer.from(little).swap16() };
  const texts = {
    escapes: value.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    percent: encodeURIComponent(value),
    hex: utf8.toString('hex'),
    HEX: utf8.toString('hex').toUpperCase(),
    'hex of GB18030': national.toString('hex'),
  };
  const base64 = [utf8, national].flatMap((bytes) => [0, 1, 2].map((shift) => base64At(bytes, shift)));
  const needles = [
    ...Object.entries(encodings).map(([form, bytes]) => ({ value, form, bytes })),
    ...Object.entries(texts).map(([form, text]) => ({ value, form, bytes: Buffer.from(text) })),
    ...base64.flatMap((text) => [
      { value, form: 'base64', bytes: Buffer.from(text) },
      { value, form: 'base64url', bytes: Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_')) },
    ]),
  ];
  const distinct = new Map(needles.map((needle) => [needle.bytes.toString('latin1'), needle]));
  return [...distinct.values()].filter(({ form, bytes }) => !isShort(form, bytes) || !form.includes('ase64'));
}

/** Null for letters that nobody writes in it. */
function gb18030(text: string): Buffer | null {
  try {
    return Buffer.concat([...text].map((one) => (one.length > 1 ? fourByte(one) : twoByte(one))));
  } catch {
    return null;
  }
}

/** GB 18030-2022: supplementary planes run on from 0x90308130. */
function fourByte(character: string): Buffer {
  const place = character.codePointAt(0)! - 0x10000;
  const digits = [place / 12_600, (place / 1260) % 10, (place / 10) % 126, place % 10].map(Math.floor);
  return Buffer.from([0x90, 0x30, 0x81, 0x30].map((base, index) => base + digits[index]!));
}

/** The characters that do not depend on what stands before and after. */
function base64At(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const last = ((shift + bytes.length) * 8) % 6 === 0 ? text.length : text.length - 1;
  return text.slice(Math.ceil((shift * 8) / 6), last);
}

/** Four bytes are met by chance: then the byte before and the byte after in a sample must be there too. */
function withContext(needle: Needle, files: readonly Uint8Array[]): Needle[] {
  const { bytes } = needle;
  if (!isShort(needle.form, bytes)) return [needle];
  const windows = new Map<string, Needle>();
  for (const file of files.map((one) => Buffer.from(one))) {
    for (let at = file.indexOf(bytes); at >= 0; at = file.indexOf(bytes, at + 1)) {
      const window = file.subarray(Math.max(0, at - 1), at + bytes.length + 1);
      windows.set(window.toString('latin1'), { ...needle, form: `${needle.form} in its sample`, bytes: window });
    }
  }
  return [...windows.values()].filter((one) => one.bytes.length >= SHORTEST);
}

/** Letters of base64 carry six bits, digits of hex four. */
function isShort(form: string, bytes: Uint8Array): boolean {
  const bits = form.startsWith('base64') ? 6 : /hex/i.test(form) ? 4 : 8;
  return bytes.length * bits < 40;
}
