/**
 * A hospital's senders, in a process of their own: `node sender.ts PORT CONNECTIONS MESSAGES WINDOW`. Each connection
 * has at most WINDOW messages without an answer. Prints the seconds from the first byte to the last answer.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

const [port, connections, messages, window] = process.argv.slice(2).map(Number) as [number, number, number, number];
const [VT, FS, CR] = ['\v', '\x1c', '\r'];
const BODY = [
  'EVN|A01|20260105083000+0800',
  'PID|1||CG100001^^^CG&2.16.156.10011.1.13.990001&ISO^MR||ZHANG^WEI||19780312|M|||1 Chenguang Road^^Ninghai^Jiangdong^990100^CHN',
  'PV1|1|I|302^1^1^CG||||D001^LIN^TAO|||||||1|||||ZY26000101^^^CGZY^VN|||||||||||||||||||||||||20260105082500+0800',
  `NTE|1||${'x'.repeat(600)}`,
].join(CR);

/** About 1 KB. */
function frame(id: string): string {
  return `${VT}MSH|^~\\&|HIS|CGH|DHC|DHC|20260105083000+0800||ADT^A01^ADT_A01|${id}|P|2.5.1${CR}${BODY}${CR}${FS}${CR}`;
}

/** @throws Error where an answer is no AA of the oldest message that waits for one */
async function send(connection: number, count: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let [sent, answered, text] = [0, 0, ''];
  const fill = () => {
    let more = '';
    for (; sent < count && sent - answered < window; sent++) more += frame(`C${connection}-${sent}`);
    if (more !== '') socket.write(more, 'latin1');
  };
  fill();
  for await (const chunk of socket) {
    text += chunk.toString('latin1');
    for (let end = text.indexOf(FS); end >= 0; end = text.indexOf(FS)) {
      if (!text.slice(0, end).includes(`${CR}MSA|AA|C${connection}-${answered}${CR}`)) throw new Error('not that AA');
      answered++;
      text = text.slice(end + 2);
    }
    if (answered === count) break;
    fill();
  }
  if (answered < count) throw new Error('the connection ended early');
}

const start = performance.now();
const shares = Array.from({ length: connections }, (_, index) => Math.ceil((messages - index) / connections));
await Promise.all(shares.map((count, connection) => send(connection, count)));
process.stdout.write(`${(performance.now() - start) / 1000}\n`);
