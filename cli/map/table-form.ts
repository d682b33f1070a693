/** How a table file that nobody described is written: its character set and the sign between its fields. */
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface TableForm {
  readonly encoding: string;
  readonly delimiter: string;
}

const SAMPLE = 1 << 20;
const DELIMITERS = [',', '\t', ';', '|'];

/** What is declared wins; else a byte order mark, else UTF-8 where the beginning is strictly so, else GB18030. */
export async function tableForm(path: string, charset?: string, delimiter?: string): Promise<TableForm> {
  const bytes = await beginning(path);
  const encoding = charset ?? encodingOf(bytes);
  const [header = ''] = new TextDecoder(encoding).decode(bytes).split(/\r\n|\r|\n/, 1);
  return { encoding, delimiter: delimiter ?? delimiterOf(header) };
}

/** Of the file, or of the first file of a folder. */
async function beginning(path: string): Promise<Uint8Array> {
  const isFolder = (await stat(path)).isDirectory();
  const name = isFolder ? (await readdir(path)).filter((file) => !file.startsWith('.')).sort()[0] : '';
  if (name === undefined) return new Uint8Array();
  const file = await open(name ? join(path, name) : path);
  try {
    const buffer = Buffer.alloc(SAMPLE);
    const { bytesRead } = await file.read(buffer, 0, SAMPLE, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  try {
    // `stream` forgives a character that the sample cuts.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return 'utf-8';
  } catch {
    return 'gb18030';
  }
}

/** The one that divides the header line most often. */
function delimiterOf(header: string): string {
  return DELIMITERS.reduce((best, sign) => (header.split(sign).length > header.split(best).length ? sign : best));
}
