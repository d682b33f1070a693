/**
 * Power cuts while eight senders send: `DHC_MLLP_MESSAGES=100000 vitest run connectors/hl7v2/kill.test.ts` for the
 * number that docs/hl7v2.md names.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { keyedDigest } from '../../core/ids.ts';
import { encodeFrame, FrameDecoder } from './frame.ts';

const MESSAGES = Number(process.env.DHC_MLLP_MESSAGES ?? 4_000);
const KILLS = 6;
const CONNECTIONS = 8;
/** Messages of one connection that wait for their answer. */
const WINDOW = 64;

const folder = mkdtempSync(join(tmpdir(), 'dhc-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));

const message = (id: string) => Buffer.from(`MSH|^~\\&|HIS|CGH|DHC|DHC|20260101||ADT^A01|${id}|P|2.5.1\rPID|1\r`);

async function startListener(): Promise<{ child: ChildProcess; port: number }> {
  const script = fileURLToPath(new URL('../testing/listener-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, port: Number(port) };
}

/** Sends what has no answer yet, in order, until all have one or the connection breaks. */
async function send(port: number, ids: readonly string[], accept: (id: string) => void): Promise<void> {
  if (ids.length === 0) return;
  const decoder = new FrameDecoder(1 << 20);
  const socket = connect({ port, host: '127.0.0.1' });
  let [sent, answered] = [0, 0];
  const fill = () => {
    while (sent < ids.length && sent - answered < WINDOW) socket.write(encodeFrame(message(ids[sent++]!)));
  };
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    for (const frame of decoder.push(chunk)) {
      if (frame.type !== 'message') continue;
      const [, id] = /\rMSA\|AA\|([^\r|]+)\r$/.exec(Buffer.from(frame.bytes).toString('latin1'))!;
      expect(id).toBe(ids[answered++]);
      accept(id!);
    }
    if (answered === ids.length) socket.end();
    else fill();
  });
  fill();
  await new Promise((resolve) => socket.once('close', resolve));
}

/** Keyed digests of the control ids in the journal, as `listener-child.ts` opens it. */
function kept(): string[] {
  const journal = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
  const rows = journal.prepare('SELECT key_digest FROM inbox').all() as { key_digest: string }[];
  journal.close();
  return rows.map((row) => row.key_digest);
}
const digestOf = (id: string) => keyedDigest(new Uint8Array(32).fill(1), 'journal/source-key', id);

it(`loses none of ${MESSAGES} messages and doubles none, whenever the listener is killed`, async () => {
  const all = Array.from({ length: MESSAGES }, (_, index) => `M${index}`);
  const accepted = new Set<string>();
  for (let kill = 1; kill <= KILLS + 1; kill++) {
    const { child, port } = await startListener();
    const goal = kill <= KILLS ? Math.ceil((MESSAGES * kill) / (KILLS + 1)) : Number.POSITIVE_INFINITY;
    const accept = (id: string) => {
      accepted.add(id);
      if (accepted.size === goal) child.kill('SIGKILL');
    };
    const open = all.filter((id) => !accepted.has(id));
    const shares = Array.from({ length: CONNECTIONS }, (_, share) => open.filter((_, n) => n % CONNECTIONS === share));
    await Promise.all(shares.map((ids) => send(port, ids, accept)));
    child.kill('SIGKILL');
    if (child.signalCode === null) await once(child, 'exit');
    const found = kept();
    const digests = new Set(found);
    expect(digests.size).toBe(found.length);
    expect([...accepted].filter((id) => !digests.has(digestOf(id)))).toEqual([]);
  }
  expect(accepted.size).toBe(MESSAGES);
  expect(kept()).toHaveLength(MESSAGES);
}, 900_000);
