import type { Fixture } from '../conformance.ts';
import { testContext } from '../testing/context.ts';
import { folderFixture } from '../testing/folder-fixture.ts';
import { MemoryInbox } from '../testing/inbox.ts';
import { sendMllp } from './client.ts';
import { hl7v2Config } from './config.ts';
import { listen } from './listen.ts';

const message = (id: string) => `MSH|^~\\&|HIS|CGH|DHC|DHC|20260101||ADT^A01|${id}|P|2.5.1\rPID|1\r`;

export const hl7v2Folder = (): Promise<Fixture> =>
  folderFixture({
    config: { kind: 'hl7v2' },
    suffix: '.hl7',
    files: {
      'one.hl7': message('1'),
      '2026/三.hl7': `FHS|^~\\&\rBHS|^~\\&\r${message('2')}${message('3')}${message('4')}BTS|3\rFTS|1\r`,
      'framed.er7': `\v${message('5')}\x1c\r\v${message('6')}\x1c\r`,
    },
    keys: ['one.hl7', '2026/三.hl7#1', '2026/三.hl7#2', '2026/三.hl7#3', 'framed.er7#1', 'framed.er7#2'],
    more: message('7'),
  });

export async function hl7v2Mllp(): Promise<Fixture> {
  const context = testContext(new MemoryInbox());
  const config = { kind: 'hl7v2', mllp: { port: 0 } };
  const listener = await listen(hl7v2Config.parse(config).mllp!, undefined, context);
  const port = Number(listener.address.split(':').at(-1));
  const keys = ['M1', 'M2', 'M3', 'M4', 'M5'];
  await sendMllp(
    '127.0.0.1',
    port,
    keys.map((key) => Buffer.from(message(key))),
  );
  return {
    config,
    context,
    keys,
    // TEST-NET-1 (RFC 5737) is no address of this machine.
    unreachable: { kind: 'hl7v2', mllp: { host: '192.0.2.1' } },
    async grow() {
      await sendMllp('127.0.0.1', port, [Buffer.from(message('M6'))]);
      return 'M6';
    },
    close: () => listener.close(),
  };
}
