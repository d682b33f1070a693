/** The demo as a user runs it: a process of its own in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchemas } from '../../connectors/index.ts';
import { loadConfig } from '../../core/config/load.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
const main = join(ROOT, 'cli/demo/main.ts');

export interface DemoEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface DemoFeed {
  readonly feed: string;
  readonly read: number;
  readonly pending: number;
  readonly normalized: number;
  readonly deadLettered: number;
  readonly stored: number;
  readonly final: number;
  readonly verified: number;
  readonly right: boolean;
}

/** Of what the demo of the sample hospital consists when it went right; dead letters are samples that must be refused. */
export const EXPECTED: Readonly<Record<string, { deadLettered: number }>> = {
  admissions: { deadLettered: 0 },
  damaged: { deadLettered: 4 },
  documents: { deadLettered: 2 },
  imaging: { deadLettered: 0 },
  'lab-table': { deadLettered: 1 },
  laboratory: { deadLettered: 0 },
  'old-server': { deadLettered: 0 },
};

export function demoFolder(): string {
  return join(mkdtempSync(join(tmpdir(), 'dhc-demo-')), 'demo');
}

/** @param seen told of everything that is printed so far, on both streams */
export function startDemo(
  folder: string,
  options: {
    args?: readonly string[];
    env?: NodeJS.ProcessEnv;
    seen?: (text: string, child: ChildProcess) => void;
  } = {},
): { child: ChildProcess; ended: Promise<DemoEnd> } {
  const begun = Date.now();
  const child = spawn(process.execPath, [main, ...(options.args ?? [])], {
    cwd: ROOT,
    env: { ...process.env, ...options.env, DHC_DEMO_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      options.seen?.(text.stderr + text.stdout, child);
    });
  }
  const ended = new Promise<DemoEnd>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, ...text, ms: Date.now() - begun }));
  });
  return { child, ended };
}

export function runDemo(folder: string, options: Parameters<typeof startDemo>[1] = {}): Promise<DemoEnd> {
  return startDemo(folder, options).ended;
}

export function demoConfig(folder: string) {
  return loadConfig(join(folder, 'bridge.yaml'), configSchemas);
}

/** Every port that the demo chose for itself. */
export function demoPorts(folder: string): number[] {
  return [join(folder, 'ports.json'), join(folder, 'data/run/ports.json')]
    .filter((path) => existsSync(path))
    .flatMap((path) => Object.values(JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>));
}
