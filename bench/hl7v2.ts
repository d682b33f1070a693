/**
 * `node bench/hl7v2.ts [ADT] [ORU]`: how many HL7 v2 messages a second `dhc convert` makes into bundles and reports on one core,
 * from its start to its end, and its memory; beside LinuxForHealth where Java and Maven are there. Exit code 1 below the bars.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { admission, report } from './hl7v2-messages.ts';
import { LINUX_FOR_HEALTH, linuxForHealthRate, missing } from './linuxforhealth.ts';

const DHC = join(import.meta.dirname, '../cli/dhc.mjs');
/** Issue 5: messages a second, resident bytes, times LinuxForHealth. */
const BARS = { adt: 3000, oru: 200, memory: 200_000_000, times: 15 };
const CORE = '0';
const pinned = spawnSync('taskset', ['-c', CORE, 'true']).status === 0 ? ['taskset', '-c', CORE] : [];

interface Used {
  readonly seconds: number;
  readonly memory: number;
}

/** Runs the command. Seconds of processor time, so that other work on the machine does not count; peak of resident memory. */
function convert(file: string, out: string): Promise<Used> {
  const command = [...pinned, process.execPath, DHC, 'convert', '--from', 'hl7v2', '--out', out, file];
  const child = spawn(command[0]!, command.slice(1), { stdio: 'ignore' });
  let used: Used = { seconds: 0, memory: 0 };
  const watch = setInterval(() => {
    used = usedBy(child.pid!) ?? used;
  }, 10);
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => {
      clearInterval(watch);
      if (code === 0) resolve(used);
      else reject(new Error(`dhc convert ended with ${code}`));
    });
  });
}

/** From /proc (Linux); undefined when the process is gone. */
function usedBy(pid: number): Used | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const memory = /^VmHWM:\s*(\d+) kB/m.exec(status);
    const times = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    if (!memory) return undefined;
    return { seconds: (Number(times[11]) + Number(times[12])) / 100, memory: Number(memory[1]) * 1024 };
  } catch {
    return undefined;
  }
}

function told(text: string, good: boolean): void {
  process.stdout.write(`${good ? 'ok  ' : 'MISS'} ${text}\n`);
  if (!good) process.exitCode = 1;
}

/** Runs of ours, the other converter between them: a machine that is shared is slow for minutes at a time. */
const RUNS = 3;

async function measure(name: 'adt' | 'oru', messages: readonly string[], folder: string, beside: boolean) {
  const file = join(folder, `${name}.hl7`);
  writeFileSync(file, messages.join(''));
  const lines = join(folder, `${name}.lines`);
  writeFileSync(lines, messages.slice(0, 200).join('\n'));
  const runs: Used[] = [];
  let other: number | undefined;
  while (runs.length < RUNS) {
    runs.push(await convert(file, join(folder, `out-${name}`)));
    if (beside) other ??= linuxForHealthRate(lines, pinned);
  }
  const rates = runs.map(({ seconds }) => messages.length / seconds).sort((a, b) => b - a);
  const [best = 0, middle = 0] = rates;
  const memory = Math.max(...runs.map((run) => run.memory));
  const size = Math.round(Buffer.byteLength(messages[0]!) / 100) / 10;
  const all = rates.map(Math.round).join(', ');
  told(`${name.toUpperCase()} of ${size} KB: ${all} a second (bar ${BARS[name]}, by the best run)`, best >= BARS[name]);
  told(`${name.toUpperCase()} peak memory ${Math.round(memory / 1e6)} MB (bar 200)`, memory <= BARS.memory);
  if (other === undefined) return;
  const times = middle / other;
  told(
    `LinuxForHealth ${LINUX_FOR_HEALTH}: ${other.toFixed(1)} a second; ours ${times.toFixed(1)} times (bar ${BARS.times}, by the middle run)`,
    times >= BARS.times,
  );
}

const [admissions, reports] = [Number(process.argv[2] ?? 20_000), Number(process.argv[3] ?? 1000)];
const folder = mkdtempSync(join(tmpdir(), 'dhc-bench-'));
try {
  const lacking = missing();
  if (lacking) process.stdout.write(`without LinuxForHealth: ${lacking} is missing\n`);
  if (pinned.length === 0) process.stdout.write('not pinned to one core: taskset is missing\n');
  const list = (count: number, make: (n: number) => string) => Array.from({ length: count }, (_, n) => make(n));
  await measure('adt', list(admissions, admission), folder, lacking === undefined);
  await measure('oru', list(reports, report), folder, lacking === undefined);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
