/** Reads a whole source in a process of its own, to see what memory that takes. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ReadLimits, SourceKind } from '../../core/types.ts';

export interface ChildReport {
  readonly keys: string[];
  readonly refused: number;
  /** Bytes by which the largest resident set exceeded that before reading. */
  readonly grown: number;
}

export async function readInChild(
  kind: SourceKind,
  config: Record<string, unknown>,
  limits: ReadLimits,
): Promise<ChildReport> {
  const script = fileURLToPath(new URL('memory-child.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    kind,
    JSON.stringify(config),
    JSON.stringify(limits),
  ]);
  return JSON.parse(stdout) as ChildReport;
}
