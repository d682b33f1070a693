/** Writes what a file became: `<name>.json` with the bundle (an array where the file held several), `<name>.report.json`. */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BridgeError } from '../../core/errors.ts';
import type { Normalized, Rejected } from '../../core/types.ts';

export interface FileWriter {
  add(sourceKey: string, result: Normalized | Rejected): void;
  end(): void;
}

interface ReportItem {
  readonly source: string;
  readonly status: Normalized['status'] | Rejected['status'];
  readonly [key: string]: unknown;
}

/** To standard output: one bundle a line. */
export function lineWriter(): FileWriter {
  return {
    add(_sourceKey, result) {
      if (result.status !== 'rejected') process.stdout.write(`${Buffer.from(result.bytes).toString()}\n`);
    },
    end() {},
  };
}

export function folderWriter(folder: string, name: string): FileWriter {
  const path = join(folder, `${name}.json`);
  const items: ReportItem[] = [];
  /** The only item's bundle, as long as there is only one. */
  let single: Uint8Array | undefined;
  let array: BundleArray | undefined;

  return {
    add(sourceKey, result) {
      if (items.length === 0) prepare(dirname(path));
      items.push(reportItem(sourceKey, result));
      if (items.length === 2) {
        array = new BundleArray(path);
        if (single) array.push(single);
      }
      if (result.status === 'rejected') return;
      if (array) array.push(result.bytes);
      else single = result.bytes;
    },
    end() {
      if (items.length === 0) return;
      if (array) array.end();
      else if (single) writeFileSync(path, Buffer.concat([single, Buffer.from('\n')]));
      else rmSync(path, { force: true });
      writeFileSync(join(folder, `${name}.report.json`), `${JSON.stringify({ v: 1, items }, null, 1)}\n`);
    },
  };
}

/** A JSON array that is written as it grows and appears under its name when it is whole. */
class BundleArray {
  readonly #path: string;
  readonly #file: number;
  #count = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(`${path}.part`, 'w');
  }

  push(bundle: Uint8Array): void {
    writeSync(this.#file, this.#count++ === 0 ? '[\n' : ',\n');
    writeSync(this.#file, bundle);
  }

  end(): void {
    writeSync(this.#file, this.#count === 0 ? '[]\n' : '\n]\n');
    closeSync(this.#file);
    renameSync(`${this.#path}.part`, this.#path);
  }
}

function prepare(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    throw new BridgeError('cli.usage', `the folder ${folder} cannot be made`, {
      hint: 'name another folder with --out',
    });
  }
}

function reportItem(source: string, result: Normalized | Rejected): ReportItem {
  const { status, issues, coverage } = result;
  if (result.status === 'rejected')
    return { source, status, code: result.code, issues, coverage, outcome: result.outcome };
  return { source, status, issues, coverage, mapping: result.mapping, quality: result.quality };
}
