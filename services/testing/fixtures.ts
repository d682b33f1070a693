/** Helpers of this room's tests: data folders, logs, and processes as the system sees them. */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Log } from '../../core/types.ts';

/** A new folder, removed after the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dhc-services-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export interface RecordedLog extends Log {
  readonly events: string[];
}

export function recordedLog(): RecordedLog {
  const events: string[] = [];
  const record = (event: string) => void events.push(event);
  return { events, info: record, warn: record, error: record };
}

/** Ids of the running processes whose command line, environment or working folder names this text (Linux). */
export function processesOf(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) =>
      [readProc(pid, 'cmdline'), readProc(pid, 'environ'), readLink(`/proc/${pid}/cwd`)].some((one) =>
        one.includes(text),
      ),
    )
    .map(Number);
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

/** Waits for a condition; fails the test by throwing when it does not come true. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not come true in ${timeoutMs} ms: ${what}`);
    await delay(50);
  }
}

/** IP addresses of the sockets on which a process listens (Linux), one entry a socket. */
export function listeningAddresses(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap(
      (fd) => /socket:\[(\d+)\]/.exec(readLink(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
    ),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      // proc(5): column 1 local address, 3 state (0A: listening), 9 inode.
      .filter((columns) => columns[3] === '0A' && inodes.has(columns[9] ?? ''))
      .map((columns) => ipAddress(columns[1]!.split(':')[0]!)),
  );
}

/** `0100007F` → `127.0.0.1`; longer ones are IPv6 and stay as they are. */
function ipAddress(hex: string): string {
  if (hex.length !== 8) return hex;
  return [...Buffer.from(hex, 'hex')].reverse().join('.');
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
