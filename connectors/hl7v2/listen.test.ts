import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Listener } from '../../core/types.ts';
import { testContext } from '../testing/context.ts';
import { MemoryInbox } from '../testing/inbox.ts';
import { sendMllp } from './client.ts';
import { hl7v2 } from './connector.ts';
import { encodeFrame, FrameDecoder } from './frame.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function start(mllp: Record<string, unknown> = {}, charset?: string) {
  const inbox = new MemoryInbox();
  const context = testContext(inbox);
  const config = hl7v2.config.parse({ kind: 'hl7v2', charset, mllp: { port: 0, ...mllp } });
  const source = hl7v2.open(config, context);
  const listener: Listener = await source.listen!();
  open.push(listener);
  return { inbox, context, source, listener, port: Number(listener.address.split(':').at(-1)) };
}

const message = (id: string, more = '') =>
  Buffer.from(`MSH|^~\\&|HIS|CGH|BRIDGE|DHC|20260101||ADT^A01^ADT_A01|${id}|P|2.5.1\rEVN|A01\r${more}`);

/** A sender under our full control. */
class Wire {
  readonly socket: Socket;
  readonly answers: string[] = [];
  readonly #decoder = new FrameDecoder(1 << 20);

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => {
      for (const frame of this.#decoder.push(chunk)) {
        if (frame.type === 'message') this.answers.push(Buffer.from(frame.bytes).toString('latin1'));
      }
    });
    this.socket.on('error', () => {});
    open.push({ close: async () => void this.socket.destroy() });
  }

  async received(count: number): Promise<string[]> {
    while (this.answers.length < count && !this.socket.closed) await sleep(2);
    return this.answers.map(codeAndId);
  }
}

/** `AA id` of an acknowledgement. */
function codeAndId(ack: string): string {
  const msa = ack.split('\r').find((segment) => segment.startsWith('MSA'))!;
  return msa.split(ack[3]!).slice(1, 3).join(' ').trim();
}

describe('MLLP listener', () => {
  it('answers from the header of the message and only after the durable write', async () => {
    const { inbox, port } = await start();
    let written = () => {};
    inbox.beforeWrite = () => new Promise((resolve) => (written = resolve));
    const wire = new Wire(port);
    wire.socket.write(encodeFrame(message('M1')));
    await sleep(50);
    expect(wire.answers).toEqual([]);
    written();
    await wire.received(1);
    expect(wire.answers[0]).toMatch(
      /^MSH\|\^~\\&\|BRIDGE\|DHC\|HIS\|CGH\|\d{14}\+0000\|\|ACK\^A01\^ACK\|[0-9a-f]{20}\|P\|2\.5\.1\rMSA\|AA\|M1\r$/,
    );
    expect(inbox.entries).toMatchObject([{ type: 'item', sourceKey: 'M1', kind: 'hl7v2' }]);
    expect(Buffer.from((inbox.entries[0] as { bytes: Uint8Array }).bytes)).toEqual(message('M1'));
  });

  it("uses the sender's own delimiters, bytes and character set", async () => {
    const { port } = await start();
    const sent = Buffer.concat([
      Buffer.from('MSH$%~\\&$'),
      Buffer.from('cdbbc9e7', 'hex'),
      Buffer.from('$F$R$RF$20260101$$ORU%R01$X1$T$2.4$$$$$$GB 18030-2000\rPID$\r'),
    ]);
    const [ack] = await sendMllp('127.0.0.1', port, [sent]);
    expect(ack).toMatchObject({ code: 'AA', controlId: 'X1' });
    const text = Buffer.from(ack!.bytes).toString('latin1');
    expect(text).toContain(`MSH$%~\\&$R$RF$${Buffer.from('cdbbc9e7', 'hex').toString('latin1')}$F$`);
    expect(text).toMatch(/\$\$ACK%R01%ACK\$[0-9a-f]{20}\$T\$2\.4\$\$\$\$\$\$GB 18030-2000\rMSA\$AA\$X1\r$/);
  });

  it('answers a repeated message byte for byte as before, and keeps one', async () => {
    const { inbox, port } = await start();
    const [first] = await sendMllp('127.0.0.1', port, [message('M1')]);
    await sleep(1100);
    const [again] = await sendMllp('127.0.0.1', port, [message('M1')]);
    expect(Buffer.from(again!.bytes)).toEqual(Buffer.from(first!.bytes));
    expect(inbox.entries).toHaveLength(1);
  });

  it.each([
    ['2.5.1', 'ERR|||205^Duplicate key identifier^HL70357|W||||stored although the control id was used before\r'],
    ['2.3', 'ERR|^^^205&stored although the control id was used before&HL70357\r'],
  ])('keeps another message of the same control id, and tells both sides (v%s)', async (version, warning) => {
    const { inbox, context, port } = await start();
    const of = (more: string) =>
      Buffer.from(message('M1', more).toString('latin1').replace('2.5.1', version), 'latin1');
    const sent = [of(''), of('NTE|1\r'), of(''), of('NTE|1\r')];
    const answers = (await sendMllp('127.0.0.1', port, sent)).map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
    expect(answers.map(codeAndId)).toEqual(['AA M1', 'AA M1', 'AA M1', 'AA M1']);
    expect(answers.map((answer) => answer.endsWith(warning))).toEqual([false, true, false, true]);
    expect(answers.slice(2)).toEqual(answers.slice(0, 2));
    expect(inbox.entries).toHaveLength(2);
    expect(context.logged.filter(({ level }) => level === 'warn').length).toBeGreaterThan(0);
  });

  it.each([
    ['2.5.1', 'ERR|||207^Application internal error^HL70357|E||||not stored and worth another try\r'],
    ['2.3', 'ERR|^^^207&not stored and worth another try&HL70357\r'],
  ])('answers AE with an error segment of v%s when the write fails, and goes on', async (version, error) => {
    const { inbox, port } = await start();
    inbox.beforeWrite = () => Promise.reject(new Error('disk full at patient X'));
    const sent = Buffer.from(message('M1').toString('latin1').replace('2.5.1', version), 'latin1');
    const wire = new Wire(port);
    wire.socket.write(encodeFrame(sent));
    expect(await wire.received(1)).toEqual(['AE M1']);
    expect(wire.answers[0]).toContain(error);
    inbox.beforeWrite = async () => {};
    wire.socket.write(encodeFrame(sent));
    expect(await wire.received(2)).toEqual(['AE M1', 'AA M1']);
  });

  it('rejects what is no HL7 v2, keeps it as refused, and takes the next message', async () => {
    const { inbox, port } = await start();
    const wire = new Wire(port);
    wire.socket.write(
      Buffer.concat([Buffer.from('noise'), encodeFrame(Buffer.from('GET / HTTP')), encodeFrame(message('M2'))]),
    );
    expect(await wire.received(2)).toEqual(['AR', 'AA M2']);
    expect(inbox.entries).toMatchObject([
      { type: 'refused', code: 'source.frame', size: 5, head: Uint8Array.from(Buffer.from('noise')) },
      { type: 'refused', code: 'source.frame', size: 10 },
      { type: 'item', sourceKey: 'M2' },
    ]);
  });

  it.each([
    ['AL', 'NE', ['CA E1']],
    ['AL', 'AL', ['CA E1', 'AA E1']],
    ['NE', 'AL', ['AA E1']],
    ['SU', '', ['CA E1']],
    ['ER', 'ER', []],
    ['NE', 'NE', []],
  ])('enhanced mode: MSH-15 %s, MSH-16 %s', async (accept, application, expected) => {
    const { inbox, port } = await start();
    const wire = new Wire(port);
    const header = message('E1').toString('latin1').split('\r')[0]!;
    wire.socket.write(encodeFrame(Buffer.from(`${header}|||${accept}|${application}\rEVN|A01\r`)));
    wire.socket.write(encodeFrame(message('M2')));
    expect(await wire.received(expected.length + 1)).toEqual([...expected, 'AA M2']);
    expect(inbox.entries).toHaveLength(2);
  });

  it('does not acknowledge an acknowledgement', async () => {
    const { inbox, port } = await start();
    const wire = new Wire(port);
    const ack = message('A1', 'MSA|CA|X1\r').toString('latin1').replace('ADT^A01^ADT_A01', 'ACK^A01^ACK');
    wire.socket.write(Buffer.concat([encodeFrame(Buffer.from(ack, 'latin1')), encodeFrame(message('M2'))]));
    expect(await wire.received(1)).toEqual(['AA M2']);
    expect(inbox.entries).toHaveLength(1);
  });

  it('answers CE where the commit fails and the sender wants to hear of errors', async () => {
    const { inbox, port } = await start();
    inbox.beforeWrite = () => Promise.reject(new Error());
    const wire = new Wire(port);
    const header = message('E1').toString('latin1').split('\r')[0]!;
    wire.socket.write(encodeFrame(Buffer.from(`${header}|||ER|NE\r`)));
    expect(await wire.received(1)).toEqual(['CE E1']);
  });

  it('keeps the order of answers while writes run together and end in any order', async () => {
    const { inbox, port } = await start();
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
    const { port } = await start();
    const wire = new Wire(port);
    for (const byte of Buffer.concat([encodeFrame(message('M1', 'NTE|张\r')), encodeFrame(message('M2'))])) {
      wire.socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect(await wire.received(2)).toEqual(['AA M1', 'AA M2']);
  });

  it('answers a sender that leaves the CR behind FS out', async () => {
    const { port } = await start();
    const wire = new Wire(port);
    wire.socket.write(encodeFrame(message('M1')).subarray(0, -1));
    expect(await wire.received(1)).toEqual(['AA M1']);
  });

  it('answers a sender that has closed its side, and refuses the half message behind', async () => {
    const { inbox, port } = await start();
    const wire = new Wire(port);
    wire.socket.end(Buffer.concat([encodeFrame(message('M1')), Buffer.of(0x0b), message('M2')]));
    await once(wire.socket, 'close');
    expect(wire.answers.map(codeAndId)).toEqual(['AA M1', 'AE M2']);
    expect(inbox.entries).toMatchObject([{ type: 'item' }, { type: 'refused', code: 'source.frame' }]);
  });

  it('refuses a message that is too large, answers AR and hangs up', async () => {
    const { inbox, port } = await start({ messageBytes: 4096 });
    const wire = new Wire(port);
    wire.socket.write(encodeFrame(message('BIG', 'x'.repeat(10_000))));
    await once(wire.socket, 'close');
    expect(wire.answers.map(codeAndId)).toEqual(['AR BIG']);
    expect(inbox.entries).toMatchObject([{ type: 'refused', code: 'source.too-large' }]);
  });

  it('closes an idle connection in silence, and one that never completes its message with a refusal', async () => {
    const { inbox, port } = await start({ idleSeconds: 0.2 });
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
    const { inbox, port } = await start({ messageBytes: 1_048_576 });
    const wires = Array.from({ length: 8 }, () => new Wire(port));
    for (const wire of wires) wire.socket.write(Buffer.concat([Buffer.of(0x0b), Buffer.alloc(1_000_000, 'x')]));
    while (inbox.entries.length === 0) await sleep(5);
    await sleep(100);
    const cut = wires.filter((wire) => wire.socket.closed).length;
    expect(cut).toBeGreaterThan(0);
    expect(8 - cut).toBeLessThanOrEqual(4);
  });

  it('serves many connections and turns away those above the limit', async () => {
    const { inbox, port } = await start({ maxConnections: 20 });
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
    const { inbox, port, listener } = await start();
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
    const { port } = await start();
    await expect(start({ port })).rejects.toMatchObject({ code: 'service.port-taken' });
  });

  it('gives back what was pushed, in order, from any cursor', async () => {
    const { port, source } = await start({}, 'gb18030');
    await sendMllp('127.0.0.1', port, [message('M1'), message('M2'), message('M3')]);
    const signal = new AbortController().signal;
    const read = await Array.fromAsync(source.read(null, { items: 2, bytes: 1e6, itemBytes: 1e6 }, signal));
    expect(read).toMatchObject([
      { sourceKey: 'M1', charset: 'gb18030' },
      { sourceKey: 'M2' },
      { type: 'checkpoint', cursor: { seq: 2 } },
    ]);
    const rest = await Array.fromAsync(
      source.read({ format: 1, seq: 2 }, { items: 2, bytes: 1e6, itemBytes: 1e6 }, signal),
    );
    expect(rest).toMatchObject([{ sourceKey: 'M3' }, { cursor: { seq: 3 } }]);
  });

  describe('a message in several', () => {
    const part = (id: string, pointer: string, more: string, sender = 'HIS') =>
      Buffer.from(`MSH|^~\\&|${sender}|CGH|||20260101||ORU^R01|${id}|P|2.5||${pointer}\r${more}`);
    const [first, middle, last] = [
      part('1', '', 'OBX|1|TX|C||on\rDSC|a|F\r'),
      part('2', 'a', 'ADD|e\rDSC|b|F\r'),
      part('3', 'b', 'NTE|1\r'),
    ];
    const read = (source: Awaited<ReturnType<typeof start>>['source'], cursor: unknown = null) =>
      Array.fromAsync(
        source.read(cursor as never, { items: 10, bytes: 1e6, itemBytes: 1e6 }, new AbortController().signal),
      );

    it('is one item, and other messages between its parts stay their own', async () => {
      const { port, source } = await start();
      const stranger = part('X', 'a', 'PID|1\r', 'LIS');
      await sendMllp('127.0.0.1', port, [first, stranger, middle, message('M'), last, message('N')]);
      const all = await read(source);
      expect(all.map((one) => ('sourceKey' in one ? one.sourceKey : one.cursor))).toEqual([
        '1',
        'X',
        'M',
        'N',
        { format: 1, seq: 6 },
      ]);
      expect(Buffer.from((all[0] as { bytes: Uint8Array }).bytes)).toEqual(Buffer.concat([first, middle, last]));
      const signal = new AbortController().signal;
      const some = await Array.fromAsync(source.read(null, { items: 2, bytes: 1e6, itemBytes: 1e6 }, signal));
      expect(some.at(-1)).toMatchObject({ cursor: { format: 1, seq: 2, joined: [3, 5] } });
      const rest = await read(source, { format: 1, seq: 2, joined: [3, 5] });
      expect(rest).toMatchObject([{ sourceKey: 'M' }, { sourceKey: 'N' }, { cursor: { format: 1, seq: 6 } }]);
    });

    it('waits for its rest, and goes on without when that never comes', async () => {
      const { port, source, inbox } = await start();
      await sendMllp('127.0.0.1', port, [message('M'), first, message('N')]);
      expect(await read(source)).toMatchObject([{ sourceKey: 'M' }, { cursor: { seq: 1 } }]);
      const old = inbox.entries[1]!;
      inbox.entries[1] = { ...old, receivedAt: new Date(Date.now() - 61_000).toISOString() };
      expect(await read(source, { format: 1, seq: 1 })).toMatchObject([
        { sourceKey: '1' },
        { sourceKey: 'N' },
        { cursor: { seq: 3 } },
      ]);
    });
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
      const { port, listener, source } = await start({ tls });
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
