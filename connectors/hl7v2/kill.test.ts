import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { sendMllp } from './client.ts';
import { encodeFrame, FrameDecoder } from './frame.ts';

const folder = mkdtempSync(join(tmpdir(), 'dhc-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ids = (round: number) => Array.from({ length: 400 }, (_, index) => `R${round}-${index}`);
const message = (id: string) => Buffer.from(`MSH|^~\\&|HIS|CGH|DHC|DHC|20260101||ADT^A01|${id}|P|2.5.1\rPID|1\r`);

async function startListener(): Promise<{ child: ChildProcess; port: number }> {
  const script = fileURLToPath(new URL('../testing/listener-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, port: Number(port) };
}

/** Sends without waiting and kills the listener after so many answers. @returns control ids that were accepted */
async function sendUntilKilled(child: ChildProcess, port: number, sent: readonly string[], answers: number) {
  const accepted: string[] = [];
  const decoder = new FrameDecoder(1 << 20);
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    for (const frame of decoder.push(chunk)) {
      if (frame.type !== 'message') continue;
      accepted.push(/MSA\|AA\|([^\r|]+)/.exec(Buffer.from(frame.bytes).toString('latin1'))![1]!);
      if (accepted.length === answers) child.kill('SIGKILL');
    }
  });
  for (const id of sent) socket.write(encodeFrame(message(id)));
  await once(child, 'exit');
  if (!socket.closed) await once(socket, 'close');
  return accepted;
}

it('holds every acknowledged message after kill -9, and each once when all are sent again', async () => {
  const all: string[] = [];
  for (const answers of [1, 7, 150]) {
    const { child, port } = await startListener();
    const sent = ids(answers);
    const accepted = await sendUntilKilled(child, port, sent, answers);
    expect(accepted.length).toBeGreaterThanOrEqual(answers);
    const journal = new DatabaseSync(join(folder, 'journal.db'));
    const { kept } = journal.prepare('SELECT count(*) AS kept FROM inbox').get() as { kept: number };
    journal.close();
    expect(kept).toBeGreaterThanOrEqual(all.length + accepted.length);
    all.push(...sent);
    const again = await startListener();
    const replies = await sendMllp('127.0.0.1', again.port, sent.map(message));
    expect(replies.map(({ code, controlId }) => `${code} ${controlId}`)).toEqual(sent.map((id) => `AA ${id}`));
    again.child.kill('SIGKILL');
    await once(again.child, 'exit');
    const reopened = new DatabaseSync(join(folder, 'journal.db'));
    expect(reopened.prepare('SELECT count(*) AS kept FROM inbox').get()).toEqual({ kept: all.length });
    reopened.close();
  }
});
