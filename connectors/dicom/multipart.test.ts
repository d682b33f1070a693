import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryOf, readMultipart } from './multipart.ts';

/** Bytes rich in what looks like delimiters. */
const tricky = fc
  .array(
    fc.oneof(
      fc.constantFrom('\r\n', '--', '\r\n--b0und', '\r\n--b0und.ary', '\r', '-', 'x'),
      fc.string({ maxLength: 9 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.from(pieces.join(''), 'latin1'));
const content = fc
  .oneof(
    tricky,
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  )
  // What contains a whole delimiter is another message.
  .filter((bytes) => !/\r\n--b0undary(?:--|[ \t]*\r\n)/.test(`\r\n${bytes.toString('latin1')}\r\n`));

const part = fc.record({
  content,
  headers: fc.constantFrom('', 'Content-Type: application/dicom\r\n', 'A: 1\r\nB:  2 \r\n'),
});
const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 });

function encode(parts: readonly { content: Buffer; headers: string }[], preamble: string): Buffer {
  const pieces = parts.flatMap(({ content, headers }) => [
    Buffer.from(`\r\n--b0undary \t\r\n${headers}\r\n`, 'latin1'),
    content,
  ]);
  return Buffer.concat([Buffer.from(preamble), ...pieces, Buffer.from('\r\n--b0undary--\r\nepilogue')]);
}

async function* chunked(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function decode(
  body: AsyncIterable<Uint8Array>,
): Promise<{ headers: ReadonlyMap<string, string>; content: Buffer }[]> {
  const parts: { headers: ReadonlyMap<string, string>; content: Buffer }[] = [];
  for await (const event of readMultipart(body, 'b0undary')) {
    if (event.type === 'part') parts.push({ headers: event.headers, content: Buffer.alloc(0) });
    else parts.at(-1)!.content = Buffer.concat([parts.at(-1)!.content, event.bytes]);
  }
  return parts;
}

describe('readMultipart', () => {
  it('gives the same parts however the body is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), cuts, async (parts, sizes) => {
        const decoded = await decode(chunked(encode(parts, ''), sizes));
        expect(decoded.map(({ content }) => content.toString('hex'))).toEqual(
          parts.map(({ content }) => content.toString('hex')),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a body that ends before its closing delimiter, wherever it is cut off', async () => {
    const whole = encode([{ content: Buffer.from('abc'), headers: 'A: 1\r\n' }], '');
    const end = whole.indexOf('--b0undary--') + '--b0undary--'.length;
    for (let length = 0; length < end; length++) {
      const cut = decode(chunked(whole.subarray(0, length), [7]));
      await expect(cut, `${length} bytes`).rejects.toMatchObject({ code: 'source.unreachable' });
    }
  });

  it('reads headers, takes the first delimiter without a line end, and passes over a preamble', async () => {
    const body = Buffer.from('--b0undary\r\nContent-Type: application/dicom\r\nX:y\r\n\r\nabc\r\n--b0undary--');
    const [one] = await decode(chunked(body, [3]));
    expect([...one!.headers]).toEqual([
      ['content-type', 'application/dicom'],
      ['x', 'y'],
    ]);
    const parts = [{ content: Buffer.from('abc'), headers: '' }];
    expect(await decode(chunked(encode(parts, 'hello'), [5]))).toHaveLength(1);
  });

  it('bounds the headers of a part', async () => {
    const endless = Buffer.from(`--b0undary\r\nA: ${'x'.repeat(40_000)}`);
    await expect(decode(chunked(endless, [4096]))).rejects.toMatchObject({ code: 'source.protocol' });
  });
});

describe('boundaryOf', () => {
  it.each([
    ['multipart/related; type="application/dicom"; boundary=abc-1', 'abc-1'],
    ['Multipart/Related;boundary="a b=c";type=x', 'a b=c'],
    ['multipart/related; type="application/dicom"', null],
    ['application/dicom', null],
    ['text/html; boundary=x', null],
  ])('%s', (contentType, boundary) => expect(boundaryOf(contentType)).toBe(boundary));
});
