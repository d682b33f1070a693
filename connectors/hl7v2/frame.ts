/**
 * Minimal Lower Layer Protocol (HL7 v2 transport specification, MLLP release 1): VT, content, FS, CR. However the
 * bytes are cut into chunks, the same frames come out.
 *
 * Senders differ, so: FS also ends a frame before the next VT, before LF, and when nothing follows it; FS before
 * anything else is content. VT directly before `MSH` begins a new message even where the last was not ended.
 */

/** As much of refused bytes as is kept. */
export const HEAD_BYTES = 65_536;

export type Frame =
  | { readonly type: 'message'; readonly bytes: Uint8Array }
  /** No message: bytes outside of frames (`stray`), a frame without end (`cut`), one that is too long (`oversize`, nothing follows). */
  | { readonly type: 'stray' | 'cut' | 'oversize'; readonly size: number; readonly head: Uint8Array };

const [NUL, LF, VT, CR, FS] = [0x00, 0x0a, 0x0b, 0x0d, 0x1c];
const MSH = Buffer.from('MSH', 'latin1');

export class FrameDecoder {
  readonly #most: number;
  readonly #stray = new Gatherer();
  readonly #content = new Gatherer();
  #state: 'outside' | 'inside' | 'end?' | 'start?' | 'over' = 'outside';
  /** Letters of `MSH` seen behind a VT within a frame. */
  #letters = 0;

  /** @param most bytes of a message */
  constructor(most: number) {
    this.#most = most;
  }

  /** True within a frame: the connection may not be called idle. */
  get inside(): boolean {
    return this.#state !== 'outside' && this.#state !== 'over';
  }

  /** True when the last byte was an FS: `settle` says that nothing follows. */
  get ending(): boolean {
    return this.#state === 'end?';
  }

  /** Bytes held of a message that is not complete. */
  get held(): number {
    return this.#content.size;
  }

  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    for (let at = 0; at < chunk.length && this.#state !== 'over'; ) at = this.#step(chunk, at, frames);
    return frames;
  }

  /** Nothing followed the FS for a while: the sender leaves the CR out. */
  settle(): Frame[] {
    return this.#state === 'end?' ? [this.#message()] : [];
  }

  /** The connection ended. */
  end(): Frame[] {
    if (this.#state === 'over') return [];
    const frames = [...this.settle(), ...this.#takeStray()];
    this.#release(frames);
    if (this.inside) frames.push({ type: 'cut', ...this.#content.takeHead() });
    this.#state = 'over';
    return frames;
  }

  /** Handles the byte at `at` and plain bytes behind it. @returns the next place; the same byte may come twice */
  #step(chunk: Uint8Array, at: number, frames: Frame[]): number {
    const byte = chunk[at]!;
    switch (this.#state) {
      case 'outside':
        return this.#outside(chunk, at, frames);
      case 'end?':
        if (byte === CR || byte === VT || byte === LF) {
          frames.push(this.#message());
          return byte === CR ? at + 1 : at;
        }
        this.#state = 'inside';
        this.#gather(Buffer.of(FS), frames);
        return at;
      case 'start?':
        if (byte !== MSH[this.#letters]) {
          this.#release(frames);
          return at;
        }
        this.#letters++;
        if (this.#letters === MSH.length) {
          // A start block that is sent twice begins one message.
          if (this.#content.size > 0) frames.push({ type: 'cut', ...this.#content.takeHead() });
          this.#state = 'inside';
          this.#gather(MSH, frames);
        }
        return at + 1;
      default:
        return this.#inside(chunk, at, frames);
    }
  }

  #outside(chunk: Uint8Array, at: number, frames: Frame[]): number {
    const start = chunk.indexOf(VT, at);
    const end = start === -1 ? chunk.length : start;
    this.#stray.addHead(chunk.subarray(at, end));
    if (start === -1) return end;
    frames.push(...this.#takeStray());
    this.#state = 'inside';
    return start + 1;
  }

  #inside(chunk: Uint8Array, at: number, frames: Frame[]): number {
    let end = at;
    while (end < chunk.length && chunk[end] !== FS && chunk[end] !== VT) end++;
    this.#gather(chunk.subarray(at, end), frames);
    if (this.#state !== 'inside' || end === chunk.length) return end;
    this.#state = chunk[end] === FS ? 'end?' : 'start?';
    this.#letters = 0;
    return end + 1;
  }

  /** What was held back as a new start is content after all. */
  #release(frames: Frame[]): void {
    if (this.#state !== 'start?') return;
    this.#state = 'inside';
    this.#gather(Buffer.concat([Buffer.of(VT), MSH.subarray(0, this.#letters)]), frames);
  }

  #gather(bytes: Uint8Array, frames: Frame[]): void {
    if (this.#content.size + bytes.length <= this.#most) {
      this.#content.add(bytes);
      return;
    }
    this.#content.add(bytes.subarray(0, this.#most + 1 - this.#content.size));
    frames.push({ type: 'oversize', ...this.#content.takeHead() });
    this.#state = 'over';
  }

  #message(): Frame {
    this.#state = 'outside';
    return { type: 'message', bytes: this.#content.take() };
  }

  #takeStray(): Frame[] {
    const blank = this.#stray.blank;
    const stray = this.#stray.takeHead();
    return blank ? [] : [{ type: 'stray', ...stray }];
  }
}

/** Collects bytes without holding on to the chunks that they came in. */
class Gatherer {
  size = 0;
  blank = true;
  #bytes = Buffer.alloc(0);
  #used = 0;

  add(bytes: Uint8Array): void {
    const need = this.#used + bytes.length;
    if (need > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(need, Math.min(2 * need, need + (1 << 24)), 512));
      this.#bytes.copy(grown, 0, 0, this.#used);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#used);
    this.#used = need;
    this.size += bytes.length;
  }

  /** Keeps the head only, counts all, and notes whether anything but line ends and padding came. */
  addHead(bytes: Uint8Array): void {
    this.blank &&= bytes.every((byte) => byte === CR || byte === LF || byte === NUL || byte === FS);
    const kept = bytes.subarray(0, Math.max(0, HEAD_BYTES - this.#used));
    this.add(kept);
    this.size += bytes.length - kept.length;
  }

  take(): Uint8Array {
    const bytes = new Uint8Array(this.#bytes.subarray(0, this.#used));
    this.#clear();
    return bytes;
  }

  takeHead(): { size: number; head: Uint8Array } {
    const taken = { size: this.size, head: new Uint8Array(this.#bytes.subarray(0, Math.min(this.#used, HEAD_BYTES))) };
    this.#clear();
    return taken;
  }

  #clear(): void {
    this.size = 0;
    this.blank = true;
    this.#used = 0;
    if (this.#bytes.length > HEAD_BYTES) this.#bytes = Buffer.alloc(0);
  }
}

/** A message as it goes over the wire. */
export function encodeFrame(message: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(VT), message, Buffer.of(FS, CR)]);
}
