/** Files that a tool reads and writes, with failures told as errors. */
import { readFileSync, writeFileSync } from 'node:fs';
import { BridgeError } from '../../core/errors.ts';

/** @throws BridgeError source.missing, item.charset */
export function readText(file: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch {
    throw new BridgeError('source.missing', `the file ${file} cannot be read`, { hint: 'check the path' });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BridgeError('item.charset', `the file ${file} is not in UTF-8`, { hint: 'save it as UTF-8' });
  }
}

/** @param replace whether a file of that name may be overwritten */
export function writeText(file: string, text: string, replace: boolean): void {
  try {
    writeFileSync(file, text, { flag: replace ? 'w' : 'wx' });
  } catch {
    throw new BridgeError('cli.usage', `the file ${file} cannot be made, or is there already`, {
      hint: 'name another with --out',
    });
  }
}
