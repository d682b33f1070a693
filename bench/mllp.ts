/**
 * Messages a second that the MLLP listener acknowledges durably over 8 connections, beside the limit of this disk:
 * `node bench/mllp.ts [messages]`. Listener, reference and senders are processes of their own. Below the bar it fails.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MESSAGES = Number(process.argv[2] ?? 40_000);
const CONNECTIONS = 8;
/** The best of them counts: other work on the machine only takes away. */
const TURNS = 3;
/** Acknowledged a second, where senders do not wait for each answer. */
const BAR = 5_000;
const folder = mkdtempSync(join(tmpdir(), 'dhc-mllp-'));

async function rate(script: string, messages: number, window: number): Promise<number> {
  const listener = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = String(Number(String((await once(listener.stdout!, 'data'))[0])));
    const sender = [join(import.meta.dirname, 'mllp/sender.ts'), port, ...[CONNECTIONS, messages, window].map(String)];
    const { stdout } = await promisify(execFile)(process.execPath, sender);
    return Math.round(messages / Number(stdout));
  } finally {
    await stop(listener);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

const bridge = join(import.meta.dirname, '../connectors/testing/listener-child.ts');
const reference = join(import.meta.dirname, 'mllp/reference.ts');
try {
  let below = false;
  for (const [name, messages, window] of [
    ['64 messages under way', MESSAGES, 64],
    ['each waits for its answer', MESSAGES / 10, 1],
  ] as const) {
    let [limit, ours] = [0, 0];
    for (let turn = 0; turn < TURNS; turn++) {
      limit = Math.max(limit, await rate(reference, messages, window));
      ours = Math.max(ours, await rate(bridge, messages, window));
      for (const file of readdirSync(folder)) rmSync(join(folder, file), { recursive: true });
    }
    process.stdout.write(
      `${name.padEnd(28)}${ours.toLocaleString('en')}/s, reference ${limit.toLocaleString('en')}/s: ${(ours / limit).toFixed(2)}\n`,
    );
    if (window > 1) below = ours < BAR;
  }
  if (below) {
    process.stdout.write(`below the bar of ${BAR} messages a second\n`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
