/** Rate of LinuxForHealth's converter, by a driver in Java (`tools/linuxforhealth`). */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const LINUX_FOR_HEALTH = '1.0.19';

const TOOL = join(import.meta.dirname, '../tools/linuxforhealth');
const JARS = join(homedir(), '.cache/dhc-bridge', `linuxforhealth-${LINUX_FOR_HEALTH}`);
/** Seconds; the converter reads its templates and the JVM compiles most of it in less. */
const WARM = 30;
const COUNTED = 20;

/** What is missing for it to run; undefined where nothing is. */
export function missing(): string | undefined {
  for (const [program, version] of [
    ['java', '-version'],
    ['mvn', '-v'],
  ] as const)
    if (spawnSync(program, [version]).status !== 0) return program;
  if (existsSync(join(JARS, 'complete'))) return undefined;
  mkdirSync(JARS, { recursive: true });
  const goal = ['-q', 'dependency:copy-dependencies', `-DoutputDirectory=${JARS}`];
  if (spawnSync('mvn', goal, { cwd: TOOL, stdio: 'ignore' }).status !== 0) return 'Maven Central';
  mkdirSync(join(JARS, 'complete'));
  return undefined;
}

/**
 * @param file messages, one a line
 * @param pinned words before the command, such as those of `taskset`
 * @returns messages a second of processor time
 */
export function linuxForHealthRate(file: string, pinned: readonly string[]): number {
  const java = ['java', '-cp', join(JARS, '*'), join(TOOL, 'Rate.java'), file, String(WARM), String(COUNTED)];
  const [program = '', ...args] = [...pinned, ...java];
  const { stdout, status } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const last = stdout?.trim().split('\n').at(-1) ?? '';
  if (status !== 0 || !last.startsWith('{')) throw new Error('LinuxForHealth did not convert the messages');
  const { messages, seconds } = JSON.parse(last) as { messages: number; seconds: number };
  return messages / seconds;
}
