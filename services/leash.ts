/** Starts a program on a leash (`leash.sh`): it ends when this process ends, even by kill -9. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LogFile } from './log-file.ts';
import { identify, type ProcessIdentity } from './process.ts';

const SCRIPT = fileURLToPath(new URL('leash.sh', import.meta.url));
/** Seconds between TERM and KILL once the supervisor is gone. */
const GRACE = 1;

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface Leashed {
  /** The service itself, not its leash. Undefined when it was gone before it could be looked at. */
  readonly identity: ProcessIdentity | undefined;
  /** Resolves when it has ended, and what was left of its process group has been killed. */
  readonly exited: Promise<{ readonly code: number | null }>;
  /** TERM, and KILL after `graceMs`. Resolves as `exited` does. */
  end(graceMs: number): Promise<void>;
}

/** Starts the command with a clean environment: secrets in ours are none of its business. */
export async function startLeashed(command: Command, log: LogFile): Promise<Leashed> {
  const child = spawn('/bin/sh', [SCRIPT, String(GRACE), command.file, ...command.args], {
    cwd: command.cwd,
    env: { ...inherited(), ...command.env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    // Its own process group: Ctrl-C reaches the supervisor only, which then stops the services in order.
    detached: true,
  });
  child.stdout?.on('data', (bytes: Uint8Array) => log.write(bytes));
  child.stderr?.on('data', (bytes: Uint8Array) => log.write(bytes));
  child.stdin?.on('error', () => {});
  const exited = new Promise<{ code: number | null }>((resolve) => {
    child.once('error', () => resolve({ code: null }));
    child.once('exit', (code) => {
      // If the leash itself was killed, the service is still in its group.
      killGroup(child.pid);
      resolve({ code });
    });
  });
  const pid = await Promise.race([reportedPid(child), exited.then(() => undefined)]);
  return {
    identity: pid === undefined ? undefined : identify(pid),
    exited,
    async end(graceMs) {
      child.kill('SIGTERM');
      const late = setTimeout(() => killGroup(child.pid), graceMs);
      await exited;
      clearTimeout(late);
    },
  };
}

function reportedPid(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const pipe = child.stdio[3] as NodeJS.ReadableStream;
    pipe.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
    });
    pipe.on('error', () => resolve(undefined));
    pipe.on('end', () => resolve(Number.parseInt(text, 10) || undefined));
  });
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nothing is left in the group.
  }
}

function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
