/** The command line as a user calls it: a process of its own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './demo.ts';

export interface CliEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly config?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: Uint8Array | string;
  /** Seconds until it is killed. */
  readonly seconds?: number;
}

/** `dhc ARGS`, with the Node that the project brings. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliEnd> {
  const main = join(ROOT, 'cli/dhc.mjs');
  const env = { ...process.env, NO_COLOR: '1', ...(options.config && { DHC_CONFIG: options.config }), ...options.env };
  const child = spawn(process.execPath, [main, ...args], { cwd: options.cwd ?? ROOT, env, stdio: 'pipe' });
  const late = setTimeout(() => child.kill('SIGKILL'), (options.seconds ?? 60) * 1000);
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(late);
      resolve({ code, ...text });
    });
  });
}
