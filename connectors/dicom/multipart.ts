/** Reads `multipart/related` (RFC 2387, RFC 2046 §5.1) as a stream. Memory is one chunk and one delimiter. */
import { BridgeError } from '../../core/errors.ts';

/** `part` opens a part; its bytes follow as `data` in any number of pieces. */
export type MultipartEvent =
  | { readonly type: 'part'; readonly headers: ReadonlyMap<string, string> }
  | { readonly type: 'data'; readonly bytes: Uint8Array };

const MAX_HEADERS = 16 * 1024;
const MAX_PADDING = 256;
const NEW_LINE = Buffer.from('\r\n');

/** The boundary out of a Content-Type, or null when it is no multipart type. */
export function boundaryOf(contentType: string): string | null {
  if (!/^\s*multipart\//i.test(contentType)) return null;
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match ? (match[1] ?? match[2]!) : null;
}

/** @throws BridgeError `source.protocol` for broken framing, `source.unreachable` when the closing delimiter is missing */
export async function* readMultipart(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<MultipartEvent> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter may stand at the very beginning, without a line end before it.
  let pending: Buffer = NEW_LINE;
  let state: 'preamble' | 'headers' | 'data' = 'preamble';
  for await (const chunk of body) {
    pending = Buffer.concat([pending, chunk]);
    for (let go = true; go; ) {
      if (state === 'headers') {
        const headers = takeHeaders(pending);
        if (!headers) break;
        yield { type: 'part', headers: headers.fields };
        // What follows the headers may be a delimiter at once; its line end is that of the empty line.
        pending = headers.rest;
        state = 'data';
        continue;
      }
      const found = findDelimiter(pending, delimiter);
      if (state === 'data' && found.before > 0) yield { type: 'data', bytes: pending.subarray(0, found.before) };
      pending = pending.subarray(found.after);
      if (found.kind === 'close') return;
      if (found.kind === 'next') state = 'headers';
      go = found.kind === 'next';
    }
  }
  throw new BridgeError('source.unreachable', 'a multipart answer ended before its closing delimiter');
}

interface Found {
  readonly kind: 'next' | 'close' | 'none';
  /** Bytes that are content for sure. */
  readonly before: number;
  /** Where reading goes on. */
  readonly after: number;
}

function findDelimiter(pending: Buffer, delimiter: Buffer): Found {
  for (let from = 0; ; ) {
    const at = pending.indexOf(delimiter, from);
    if (at < 0) {
      const safe = Math.max(from, pending.length - delimiter.length + 1);
      return { kind: 'none', before: safe, after: safe };
    }
    const tail = pending.subarray(at + delimiter.length);
    if (tail.length >= 2 && tail.toString('latin1', 0, 2) === '--')
      return { kind: 'close', before: at, after: pending.length };
    const lineEnd = tail.indexOf(NEW_LINE);
    const padding = tail.subarray(0, lineEnd < 0 ? tail.length : lineEnd);
    const isPadding =
      padding.length <= MAX_PADDING && padding.every((byte, n) => isSpace(byte) || isHalf(byte, n, tail));
    if (lineEnd >= 0 && isPadding) return { kind: 'next', before: at, after: at + delimiter.length + lineEnd + 2 };
    if (lineEnd < 0 && isPadding) return { kind: 'none', before: at, after: at };
    from = at + delimiter.length;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** The last byte of what has arrived may be the first of `--` or of the line end. */
function isHalf(byte: number, index: number, tail: Buffer): boolean {
  return index === tail.length - 1 && (byte === 0x0d || (index === 0 && byte === 0x2d));
}

function takeHeaders(pending: Buffer): { fields: ReadonlyMap<string, string>; rest: Buffer } | null {
  // The line end before an empty header block has been taken with the delimiter.
  const end = pending.subarray(0, 2).equals(NEW_LINE) ? 0 : pending.indexOf('\r\n\r\n');
  if (end < 0) {
    if (pending.length > MAX_HEADERS) throw new BridgeError('source.protocol', 'the headers of a part do not end');
    return null;
  }
  const fields = new Map<string, string>();
  for (const line of end === 0 ? [] : pending.toString('latin1', 0, end).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { fields, rest: pending.subarray(end === 0 ? 2 : end + 4) };
}
