import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { closeMllp, codeAndId, message, startMllp, Wire } from '../testing/mllp.ts';
import { sendMllp } from './client.ts';
import { encodeFrame } from './frame.ts';

afterEach(closeMllp);

describe('acknowledgements', () => {
  it('answers from the header of the message and only after the durable write', async () => {
    const { inbox, port } = await startMllp();
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
    const { port } = await startMllp();
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
    const { inbox, port } = await startMllp();
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
    const { inbox, context, port } = await startMllp();
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
    const { inbox, port } = await startMllp();
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
    const { inbox, port } = await startMllp();
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
    const { inbox, port } = await startMllp();
    const wire = new Wire(port);
    const header = message('E1').toString('latin1').split('\r')[0]!;
    wire.socket.write(encodeFrame(Buffer.from(`${header}|||${accept}|${application}\rEVN|A01\r`)));
    wire.socket.write(encodeFrame(message('M2')));
    expect(await wire.received(expected.length + 1)).toEqual([...expected, 'AA M2']);
    expect(inbox.entries).toHaveLength(2);
  });

  it('does not acknowledge an acknowledgement', async () => {
    const { inbox, port } = await startMllp();
    const wire = new Wire(port);
    const ack = message('A1', 'MSA|CA|X1\r').toString('latin1').replace('ADT^A01^ADT_A01', 'ACK^A01^ACK');
    wire.socket.write(Buffer.concat([encodeFrame(Buffer.from(ack, 'latin1')), encodeFrame(message('M2'))]));
    expect(await wire.received(1)).toEqual(['AA M2']);
    expect(inbox.entries).toHaveLength(1);
  });

  it('answers CE where the commit fails and the sender wants to hear of errors', async () => {
    const { inbox, port } = await startMllp();
    inbox.beforeWrite = () => Promise.reject(new Error());
    const wire = new Wire(port);
    const header = message('E1').toString('latin1').split('\r')[0]!;
    wire.socket.write(encodeFrame(Buffer.from(`${header}|||ER|NE\r`)));
    expect(await wire.received(1)).toEqual(['CE E1']);
  });
});
