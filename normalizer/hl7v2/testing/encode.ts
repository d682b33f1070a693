/** A message model as bytes: any delimiters, line ends and character set say the same. */
import { encodeGb18030 } from './gb18030.ts';
import type { Component, Field, MessageModel, Repetition, SegmentModel } from './generate.ts';

export interface Form {
  /** MSH-1 and MSH-2: field, component, repetition, escape, sub-component. */
  readonly delimiters?: string;
  readonly lineEnd?: string;
  readonly charset?: 'UTF-8' | 'UTF-16' | 'GB18030';
  /** Delimiters within texts as `\Xhh\` instead of `\F\`, `\S\`, … */
  readonly hex?: boolean;
}

const NAMES = { 'UTF-8': 'UNICODE UTF-8', 'UTF-16': 'UNICODE UTF-16', GB18030: 'GB 18030-2000' } as const;

export function encodeMessage({ segments }: MessageModel, form: Form = {}): Uint8Array {
  const charset = form.charset ?? 'UTF-8';
  const writer = new Writer(form.delimiters ?? '|^~\\&', form.hex ?? false);
  const lines = segments.map((segment) => writer.segment(segment, NAMES[charset]));
  const text = `${lines.join(form.lineEnd ?? '\r')}${form.lineEnd ?? '\r'}`;
  if (charset === 'GB18030') return encodeGb18030(text);
  return charset === 'UTF-16' ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, 'utf8');
}

class Writer {
  readonly #delimiters: string;
  readonly #escapes: ReadonlyMap<string, string>;

  constructor(delimiters: string, hex: boolean) {
    this.#delimiters = delimiters;
    const [field, component, repetition, mark, subcomponent] = delimiters as unknown as string[];
    const names: [string, string][] = [
      [field!, 'F'],
      [component!, 'S'],
      [repetition!, 'R'],
      [mark!, 'E'],
      [subcomponent!, 'T'],
    ];
    const coded = ([char, name]: [string, string]): [string, string] => [
      char,
      `${mark}${hex ? `X${char.charCodeAt(0).toString(16).padStart(2, '0')}` : name}${mark}`,
    ];
    this.#escapes = new Map([...names.map(coded), ['\n', `${mark}.br${mark}`]]);
  }

  segment({ name, fields }: SegmentModel, charset: string): string {
    const field = this.#delimiters[0]!;
    if (name !== 'MSH') return this.#joined([name, ...fields.map((one) => this.#field(one))], field);
    const written = fields.map((one) => this.#field(one));
    while (written.length < 15) written.push('');
    return `MSH${this.#delimiters}${field}${written.join(field)}${field}${charset}`;
  }

  #field(repetitions: Field): string {
    return this.#joined(
      repetitions.map((one) => this.#repetition(one)),
      this.#delimiters[2]!,
    );
  }

  #repetition(components: Repetition): string {
    return this.#joined(
      components.map((one) => this.#component(one)),
      this.#delimiters[1]!,
    );
  }

  #component(component: Component): string {
    const parts = typeof component === 'string' ? [component] : component;
    return this.#joined(
      parts.map((text) => this.#text(text)),
      this.#delimiters[4]!,
    );
  }

  #text(text: string): string {
    let out = '';
    for (const char of text) out += this.#escapes.get(char) ?? char;
    return out;
  }

  /** Senders leave empty parts at the end out. */
  #joined(parts: readonly string[], delimiter: string): string {
    let end = parts.length;
    while (end > 0 && parts[end - 1] === '') end -= 1;
    return parts.slice(0, end).join(delimiter);
  }
}
