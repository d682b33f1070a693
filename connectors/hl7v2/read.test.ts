import { afterEach, describe, expect, it } from 'vitest';
import { closeMllp, message, startMllp } from '../testing/mllp.ts';
import { sendMllp } from './client.ts';

afterEach(closeMllp);

it('gives back what was pushed, in order, from any cursor', async () => {
  const { port, source } = await startMllp({}, 'gb18030');
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
  const read = (source: Awaited<ReturnType<typeof startMllp>>['source'], cursor: unknown = null) =>
    Array.fromAsync(
      source.read(cursor as never, { items: 10, bytes: 1e6, itemBytes: 1e6 }, new AbortController().signal),
    );

  it('is one item, and other messages between its parts stay their own', async () => {
    const { port, source } = await startMllp();
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
    const { port, source, inbox } = await startMllp();
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
