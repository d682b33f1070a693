import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { testContext } from '../testing/context.ts';
import { closeMllp, codeAndId, message, startMllp, Wire } from '../testing/mllp.ts';
import { sendMllp } from './client.ts';
import { hl7v2 } from './connector.ts';
import { encodeFrame } from './frame.ts';

afterEach(closeMllp);

describe('MLLP listener', () => {
  it('keeps the order of answers while writes run together and end in any order', async () => {
    const { inbox, port } = await startMllp();
    let running = 0;
    let most = 0;
    inbox.beforeWrite = async () => {
      most = Math.max(most, ++running);
      await sleep(Math.random() * 20);
      running--;
    };
    const ids = Array.from({ length: 300 }, (_, index) => `M${index}`);
    const wire = new Wire(port);
    wire.socket.write(Buffer.concat(ids.map((id) => encodeFrame(message(id)))));
    expect(await wire.received(ids.length)).toEqual(ids.map((id) => `AA ${id}`));
    expect(most).toBeGreaterThan(10);
  });

  it('takes any cut of the bytes', async () => {
    const { port } = await startMllp();
    const wire = new Wire(port);
    for (const byte of Buffer.concat([encodeFrame(message('M1', 'NTE|张\r')), encodeFrame(message('M2'))])) {
      wire.socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect(await wire.received(2)).toEqual(['AA M1', 'AA M2']);
  });

  it('answers a sender that leaves the CR behind FS out', async () => {
    const { port } = await startMllp();
    const wire = new Wire(port);
    wire.socket.write(encodeFrame(message('M1')).subarray(0, -1));
    expect(await wire.received(1)).toEqual(['AA M1']);
  });

  it('answers a sender that has closed its side, and refuses the half message behind', async () => {
    const { inbox, port } = await startMllp();
    const wire = new Wire(port);
    wire.socket.end(Buffer.concat([encodeFrame(message('M1')), Buffer.of(0x0b), message('M2')]));
    await once(wire.socket, 'close');
    expect(wire.answers.map(codeAndId)).toEqual(['AA M1', 'AE M2']);
    expect(inbox.entries).toMatchObject([{ type: 'item' }, { type: 'refused', code: 'source.frame' }]);
  });

  it('refuses a message that is too large, answers AR and hangs up', async () => {
    const { inbox, port } = await startMllp({ messageBytes: 4096 });
    const wire = new Wire(port);
    wire.socket.write(encodeFrame(message('BIG', 'x'.repeat(10_000))));
    await once(wire.socket, 'close');
    expect(wire.answers.map(codeAndId)).toEqual(['AR BIG']);
    expect(inbox.entries).toMatchObject([{ type: 'refused', code: 'source.too-large' }]);
  });

  it('closes an idle connection in silence, and one that never completes its message with a refusal', async () => {
    const { inbox, port } = await startMllp({ idleSeconds: 0.2 });
    const idle = new Wire(port);
    const slow = new Wire(port);
    slow.socket.write(Buffer.concat([Buffer.of(0x0b), message('SLOW')]));
    const drip = setInterval(() => slow.socket.write('x'), 20);
    await Promise.all([once(idle.socket, 'close'), once(slow.socket, 'close')]);
    clearInterval(drip);
    expect(idle.answers).toEqual([]);
    expect(inbox.entries).toMatchObject([{ type: 'refused', code: 'source.frame' }]);
  });

  it('bounds what half messages of all connections hold together', async () => {
    const { inbox, port } = await startMllp({ messageBytes: 1_048_576 });
    const wires = Array.from({ length: 8 }, () => new Wire(port));
    for (const wire of wires) wire.socket.write(Buffer.concat([Buffer.of(0x0b), Buffer.alloc(1_000_000, 'x')]));
    while (inbox.entries.length === 0) await sleep(5);
    await sleep(100);
    const cut = wires.filter((wire) => wire.socket.closed).length;
    expect(cut).toBeGreaterThan(0);
    expect(8 - cut).toBeLessThanOrEqual(4);
  });

  it('serves many connections and turns away those above the limit', async () => {
    const { inbox, port } = await startMllp({ maxConnections: 20 });
    const ids = Array.from({ length: 20 }, (_, index) => `C${index}`);
    await Promise.all(
      ids.map((id) =>
        sendMllp(
          '127.0.0.1',
          port,
          [1, 2, 3].map((part) => message(`${id}.${part}`)),
        ),
      ),
    );
    expect(inbox.entries).toHaveLength(60);
    const wires = Array.from({ length: 21 }, () => new Wire(port));
    await sleep(100);
    expect(wires.filter((wire) => wire.socket.closed)).toHaveLength(1);
  });

  it('answers what it has received before it closes', async () => {
    const { inbox, port, listener } = await startMllp();
    inbox.beforeWrite = () => sleep(100);
    const wire = new Wire(port);
    wire.socket.write(encodeFrame(message('M1')));
    while (inbox.entries.length === 0) {
      await sleep(30);
      await Promise.race([listener.close(), sleep(1000)]);
    }
    expect(await wire.received(1)).toEqual(['AA M1']);
  });

  it('says so when the port is taken', async () => {
    const { port } = await startMllp();
    await expect(startMllp({ port })).rejects.toMatchObject({ code: 'service.port-taken' });
  });

  it('speaks TLS and asks for a certificate where configured', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dhc-mllp-'));
    const file = (name: string) => join(folder, name);
    const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    try {
      for (const name of ['bridge', 'sender', 'stranger']) {
        openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1',
          '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)); // biome-ignore format: one option a pair
      }
      const tls = { certFile: file('bridge.pem'), keyFile: file('bridge.key'), clientCaFile: file('sender.pem') };
      const { port, listener, source } = await startMllp({ tls });
      expect(listener.address).toMatch(/^mllps:/);
      expect(await source.check(new AbortController().signal)).toMatchObject([{}, { name: 'tls', status: 'pass' }]);
      const send = (name?: string) =>
        sendMllp('127.0.0.1', port, [message('M1')], {
          timeoutMs: 3000,
          tls: {
            ca: readFileSync(file('bridge.pem')),
            ...(name ? { cert: readFileSync(file(`${name}.pem`)), key: readFileSync(file(`${name}.key`)) } : {}),
          },
        });
      expect(await send('sender')).toMatchObject([{ code: 'AA' }]);
      await expect(send('stranger')).rejects.toMatchObject({ code: 'source.unreachable' });
      await expect(send()).rejects.toMatchObject({ code: 'source.unreachable' });
      await expect(sendMllp('127.0.0.1', port, [message('M1')], { timeoutMs: 1000 })).rejects.toMatchObject({
        code: 'source.unreachable',
      });
      const swapped = hl7v2.config.parse({
        kind: 'hl7v2',
        mllp: { port: 0, tls: { ...tls, keyFile: file('sender.key') } },
      });
      const steps = await hl7v2.open(swapped, testContext()).check(new AbortController().signal);
      expect(steps).toMatchObject([{}, { name: 'tls', status: 'fail' }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('config', () => {
  it.each([
    [{}, /exactly one of/],
    [{ folder: { path: '/x' }, mllp: {} }, /exactly one of/],
  ])('%o is refused', (part, error) => {
    expect(() => hl7v2.config.parse({ kind: 'hl7v2', ...part })).toThrow(error);
  });
});
