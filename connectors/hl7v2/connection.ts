/** One sender's connection: frames in, durable writes, acknowledgements out in the order of the messages. */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Inbox, InboxEntry, Log } from '../../core/types.ts';
import { acknowledgements } from './ack.ts';
import type { MllpConfig } from './config.ts';
import { encodeFrame, type Frame, FrameDecoder } from './frame.ts';
import { type Header, readHeader } from './header.ts';

/** Memory for incomplete messages, shared by all connections. */
export interface Room {
  held: number;
  readonly most: number;
}

export interface ConnectionParts {
  readonly config: MllpConfig;
  readonly charset: string | undefined;
  readonly feed: string;
  readonly inbox: Inbox;
  readonly log: Log;
  readonly room: Room;
}

type Refused = Extract<Frame, { type: 'stray' | 'cut' | 'oversize' }>;

/** Messages of one connection that may wait for the disk at once; the next are not read from the network. */
const WRITES_AT_ONCE = 128;
/** A sender that leaves the CR behind FS out waits for its answer: after so long nothing more is expected. */
const END_GRACE_MS = 200;
const CLOSE_GRACE_MS = 2_000;

const DETAIL = {
  stray: 'bytes outside of MLLP frames',
  cut: 'a message without its end block',
  oversize: 'a message larger than mllp.messageBytes',
} as const;

export class Connection {
  readonly #socket: Socket;
  readonly #parts: ConnectionParts;
  readonly #decoder: FrameDecoder;
  readonly #idle: NodeJS.Timeout;
  #grace: NodeJS.Timeout | undefined;
  /** Settles when everything so far is written and answered. */
  #answered: Promise<void> = Promise.resolve();
  #waiting = 0;
  #waitingBytes = 0;
  #held = 0;
  #ended = false;

  constructor(socket: Socket, parts: ConnectionParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#decoder = new FrameDecoder(parts.config.messageBytes);
    this.#idle = setTimeout(() => this.#idled(), parts.config.idleSeconds * 1000);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('end', () => this.#finish());
    socket.on('error', () => parts.log.warn('connection broke', { feed: parts.feed }));
    socket.on('close', () => this.#finish());
  }

  /** Stops reading, answers what was received, then hangs up. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    this.#finish();
    const force = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    await Promise.all([this.#answered, closed]);
    clearTimeout(force);
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) return;
    clearTimeout(this.#grace);
    const wasInside = this.#decoder.inside;
    const frames = this.#decoder.push(chunk);
    // A message has to be complete within the idle time: a byte now and then does not keep it open.
    if (!wasInside || frames.length > 0) this.#idle.refresh();
    for (const frame of frames) this.#take(frame);
    this.#account(this.#decoder.held);
    const { room } = this.#parts;
    if (frames.at(-1)?.type === 'oversize' || room.held > room.most) this.#finish();
    else if (this.#decoder.ending) this.#grace = setTimeout(() => this.#settle(), END_GRACE_MS);
    this.#press();
  }

  #settle(): void {
    for (const frame of this.#decoder.settle()) this.#take(frame);
    this.#account(this.#decoder.held);
  }

  #idled(): void {
    if (this.#waiting > 0) this.#idle.refresh();
    else this.#finish();
  }

  /** Nothing more is read. What is complete is answered first. */
  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#idle);
    clearTimeout(this.#grace);
    for (const frame of this.#decoder.end()) this.#take(frame);
    this.#account(0);
    this.#socket.resume();
    void this.#answered.then(() => this.#socket.destroyed || this.#socket.end(() => this.#socket.destroySoon()));
  }

  #take(frame: Frame): void {
    const size = frame.type === 'message' ? frame.bytes.length : frame.head.length;
    this.#waiting++;
    this.#waitingBytes += size;
    // Writing begins at once, so that many messages share one disk write; answers keep the order.
    const answer = frame.type === 'message' ? this.#store(frame.bytes) : this.#refuse(frame);
    this.#answered = this.#answered.then(async () => this.#answer(await answer, size)).catch(() => this.#fail());
  }

  #answer(acks: readonly Uint8Array[], size: number): void {
    for (const ack of acks) this.#send(ack);
    this.#waiting--;
    this.#waitingBytes -= size;
    this.#press();
  }

  /** A sender without an answer sends again over the next connection. */
  #fail(): void {
    this.#parts.log.error('message not answered: the connection is closed', { feed: this.#parts.feed });
    this.#socket.destroy();
  }

  /** Answers of one turn of the loop leave in one packet. */
  #send(ack: Uint8Array): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    socket.write(encodeFrame(ack));
  }

  async #store(bytes: Uint8Array): Promise<Uint8Array[]> {
    const header = readHeader(bytes, this.#parts.charset);
    if (header === null) return this.#reject(bytes);
    const { inbox, charset, feed, log } = this.#parts;
    if (isAcknowledgement(header, bytes)) {
      log.info('an acknowledgement came, which is not acknowledged again', { feed });
      return [];
    }
    try {
      const entry = await inbox.put({
        sourceKey: keyOf(header, bytes),
        kind: 'hl7v2',
        ...(charset === undefined ? {} : { charset }),
        receivedAt: new Date().toISOString(),
        bytes,
      });
      this.#note(entry);
      // Nothing of the answer depends on this moment: a repeated message gets the same bytes.
      return acknowledgements(header, entry.conflict ? 'reused' : 'accepted', bytes, entry.receivedAt);
    } catch {
      log.error('message not stored: the sender is asked to repeat it', { feed, bytes: bytes.length });
      return acknowledgements(header, 'not-stored', bytes);
    }
  }

  #note({ duplicate, conflict }: InboxEntry): void {
    const { feed, log } = this.#parts;
    if (duplicate) log.info('message repeated by its sender', { feed });
    if (conflict) log.warn('control id used again for another message: both are kept', { feed });
  }

  async #reject(bytes: Uint8Array): Promise<Uint8Array[]> {
    const head = bytes.subarray(0, 65_536);
    const kept = await this.#put({ size: bytes.length, head, detail: 'a frame that holds no HL7 v2 message' });
    return acknowledgements(null, kept ? 'no-message' : 'not-stored', bytes);
  }

  /** Answers what has a header; stray bytes have no sender that waits. */
  async #refuse(frame: Refused): Promise<Uint8Array[]> {
    await this.#put({ size: frame.size, head: frame.head, detail: DETAIL[frame.type] }, frame.type);
    if (frame.type === 'stray') return [];
    return acknowledgements(
      readHeader(frame.head, this.#parts.charset),
      frame.type === 'oversize' ? 'too-large' : 'cut',
      frame.head,
    );
  }

  async #put(part: { size: number; head: Uint8Array; detail: string }, type?: Refused['type']): Promise<boolean> {
    const { inbox, feed, log } = this.#parts;
    const code = type === 'oversize' ? 'source.too-large' : 'source.frame';
    log.warn('bytes received that are no message', { feed, code, bytes: part.size });
    const sourceKey = `sha256:${createHash('sha256').update(part.head).digest('hex')}`;
    try {
      await inbox.refuse({ sourceKey, kind: 'hl7v2', receivedAt: new Date().toISOString(), code, ...part });
      return true;
    } catch {
      log.error('refused bytes could not be kept', { feed, code, bytes: part.size });
      return false;
    }
  }

  /** Back pressure: the network waits while the disk is behind. */
  #press(): void {
    const { messageBytes } = this.#parts.config;
    if (this.#ended) return;
    if (this.#waiting >= WRITES_AT_ONCE || this.#waitingBytes > messageBytes) this.#socket.pause();
    else this.#socket.resume();
  }

  #account(held: number): void {
    this.#parts.room.held += held - this.#held;
    this.#held = held;
  }
}

/** MSH-10; without one the content stands for itself. */
function keyOf(header: Header, bytes: Uint8Array): string {
  return header.field(10) || `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Of our own application acknowledgement, in enhanced mode: an answer to it would be answered for ever. */
function isAcknowledgement(header: Header, bytes: Uint8Array): boolean {
  const [type] = header.field(9).split(header.encoding[0]!);
  return type === 'ACK' && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(`MSA${header.separator}`);
}
