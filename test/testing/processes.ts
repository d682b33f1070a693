/** Which processes belong to a data folder, seen from outside: by their command line, working folder or environment. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';

/** Process ids of everything that runs for a folder; linux only, as `/proc` is. */
export function processesOf(folder: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => pid !== process.pid && belongs(pid, folder));
}

/** Resolves when nothing runs for the folder any more; otherwise the command lines of what is left after `ms`. */
export async function leftOver(folder: string, ms = 5_000): Promise<string[]> {
  const end = Date.now() + ms;
  for (;;) {
    const pids = processesOf(folder);
    if (pids.length === 0) return [];
    if (Date.now() > end) return pids.map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ends them all at once, without a chance to say anything. */
export function killAll(folder: string): void {
  for (const pid of processesOf(folder)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself between the two lines.
    }
  }
}

/** Whether something listens on a loopback port. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
}

function belongs(pid: number, folder: string): boolean {
  if (read(`/proc/${pid}/stat`).includes(') Z ')) return false;
  return (
    read(`/proc/${pid}/cmdline`).includes(folder) ||
    read(`/proc/${pid}/environ`).includes(folder) ||
    link(`/proc/${pid}/cwd`).startsWith(folder)
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
