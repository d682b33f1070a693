/** An MLLP listener on an inbox in memory, and senders under the test's full control. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Listener } from '../../core/types.ts';
import { hl7v2 } from '../hl7v2/connector.ts';
import { FrameDecoder } from '../hl7v2/frame.ts';
import { testContext } from './context.ts';
import { MemoryInbox } from './inbox.ts';

const open: { close(): Promise<void> }[] = [];

/** For `afterEach`. */
export async function closeMllp(): Promise<void> {
  for (const thing of open.splice(0)) await thing.close();
}

export async function startMllp(mllp: Record<string, unknown> = {}, charset?: string) {
  const inbox = new MemoryInbox();
  const context = testContext(inbox);
  const config = hl7v2.config.parse({ kind: 'hl7v2', charset, mllp: { port: 0, ...mllp } });
  const source = hl7v2.open(config, context);
  const listener: Listener = await source.listen!();
  open.push(listener);
  return { inbox, context, source, listener, port: Number(listener.address.split(':').at(-1)) };
}

export const message = (id: string, more = '') =>
  Buffer.from(`MSH|^~\\&|HIS|CGH|BRIDGE|DHC|20260101||ADT^A01^ADT_A01|${id}|P|2.5.1\rEVN|A01\r${more}`);

/** A sender under our full control. */
export class Wire {
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
export function codeAndId(ack: string): string {
  const msa = ack.split('\r').find((segment) => segment.startsWith('MSA'))!;
  return msa.split(ack[3]!).slice(1, 3).join(' ').trim();
}
