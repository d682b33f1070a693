/**
 * The limit: a listener that appends what came in one turn of its loop to a file, calls fdatasync and answers. It does
 * not decode, encrypt, index or look for duplicates. `node reference.ts FOLDER`; prints its port.
 */
import { fdatasyncSync, openSync, writevSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

const [folder] = process.argv.slice(2) as [string];
const file = openSync(join(folder, 'reference.log'), 'a');
const waiting: { socket: Socket; frame: string }[] = [];

function commit(): void {
  const group = waiting.splice(0);
  writevSync(
    file,
    group.map(({ frame }) => Buffer.from(frame, 'latin1')),
  );
  fdatasyncSync(file);
  for (const { socket, frame } of group) {
    const id = frame.split('|', 10)[9];
    socket.write(
      `\vMSH|^~\\&|DHC|DHC|HIS|CGH|20260105083000+0800||ACK^A01^ACK|1|P|2.5.1\rMSA|AA|${id}\r\x1c\r`,
      'latin1',
    );
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    const frames = text.split('\x1c\r');
    text = frames.pop()!;
    if (waiting.length === 0 && frames.length > 0) setImmediate(commit);
    for (const frame of frames) waiting.push({ socket, frame });
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as { port: number }).port}\n`));
