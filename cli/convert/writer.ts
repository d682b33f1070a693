/** Writes what a file became: `<name>.json` with the bundle (an array where the file held several), `<name>.report.json`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BridgeError } from '../../core/errors.ts';
import type { Normalized, Rejected } from '../../core/types.ts';
import { ListFile, type ListForm } from './list-file.ts';

export interface FileWriter {
  add(sourceKey: string, result: Normalized | Rejected): void;
  end(): void;
}

const LINES = 1 << 16;
const LINE_END = Buffer.from('\n');

/** To standard output: one bundle a line. One for all files: small ones share a write. */
export class LineWriter implements FileWriter {
  #waiting: Uint8Array[] = [];
  #size = 0;

  add(_sourceKey: string, result: Normalized | Rejected): void {
    if (result.status === 'rejected') return;
    this.#waiting.push(result.bytes, LINE_END);
    this.#size += result.bytes.length;
    if (this.#size >= LINES) this.flush();
  }

  end(): void {}

  /** After the last file, and where converting breaks off. */
  flush(): void {
    if (this.#waiting.length > 0) process.stdout.write(Buffer.concat(this.#waiting));
    this.#waiting = [];
    this.#size = 0;
  }
}

const BUNDLES: ListForm = { head: '[\n', tail: '\n]\n', empty: '[]\n' };
const REPORT: ListForm = { head: '{\n "v": 1,\n "items": [\n', tail: '\n ]\n}\n', empty: '' };

export function folderWriter(folder: string, name: string): FileWriter {
  const path = join(folder, `${name}.json`);
  const reportPath = join(folder, `${name}.report.json`);
  /** The only item, as long as there is only one: most files hold one. */
  let single: { bundle: Uint8Array | undefined; report: string } | undefined;
  let lists: { bundles: ListFile; report: ListFile } | undefined;

  return {
    add(sourceKey, result) {
      const bundle = result.status === 'rejected' ? undefined : result.bytes;
      const report = reportItem(sourceKey, result);
      if (!single && !lists) {
        prepare(dirname(path));
        single = { bundle, report };
        return;
      }
      if (!lists) {
        lists = { bundles: new ListFile(path, BUNDLES), report: new ListFile(reportPath, REPORT) };
        if (single?.bundle) lists.bundles.push(single.bundle);
        if (single) lists.report.push(single.report);
        single = undefined;
      }
      if (bundle) lists.bundles.push(bundle);
      lists.report.push(report);
    },
    end() {
      if (lists) {
        lists.bundles.end();
        lists.report.end();
      } else if (single) {
        if (single.bundle) writeFileSync(path, Buffer.concat([single.bundle, LINE_END]));
        else rmSync(path, { force: true });
        writeFileSync(reportPath, REPORT.head + single.report + REPORT.tail);
      }
    },
  };
}

/** The folder that was made last: most files go into one. */
let prepared: string | undefined;

function prepare(folder: string): void {
  if (folder === prepared) return;
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    throw new BridgeError('cli.usage', `the folder ${folder} cannot be made`, {
      hint: 'name another folder with --out',
    });
  }
  prepared = folder;
}

/** Indented as an item of the report's list. */
function reportItem(source: string, result: Normalized | Rejected): string {
  const { status, issues, coverage } = result;
  const item =
    result.status === 'rejected'
      ? { source, status, code: result.code, issues, coverage, outcome: result.outcome }
      : { source, status, issues, coverage, mapping: result.mapping, quality: result.quality };
  return JSON.stringify([[item]], null, 1).slice(NESTED.length, -NESTED.length);
}

/** What stands around an item in two lists; as long before as behind. */
const NESTED = '[\n [\n';
