/**
 * A lock that the kernel gives back when its holder dies, however it dies: an exclusive SQLite
 * transaction on an otherwise empty file. A lock file with a process id in it has to be judged and
 * removed when stale, and two judges can remove each other's.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

export interface Lock {
  release(): void;
}

/** The lock, or undefined when another holds it. */
export function tryLock(path: string): Lock | undefined {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

/** Waits for the lock as long as it takes. */
export async function waitForLock(path: string): Promise<Lock> {
  for (;;) {
    const lock = tryLock(path);
    if (lock) return lock;
    await delay(250);
  }
}

/** SQLite result code 5, SQLITE_BUSY. */
function isBusy(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === 5;
}
