import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type MessageInput,
  openMessage,
  openMessageSync,
  openStream,
  readHeader,
  sealMessage,
  sealStream,
} from './message.ts';

const dataKey = randomBytes(32);
const other = randomBytes(32);

const messages = fc
  .record({
    size: fc.nat(400),
    frameLength: fc.integer({ min: 1, max: 100 }),
    context: fc.dictionary(fc.string(), fc.string()),
  })
  .filter(({ context }) => !Object.keys(context).some((key) => key.startsWith('aws-crypto-')))
  .map(({ size, frameLength, context }) => {
    const input: MessageInput = {
      dataKey,
      messageId: randomBytes(32),
      context,
      edks: [{ provider: 'p', info: randomBytes(3), ciphertext: randomBytes(32) }],
      frameLength,
    };
    const plaintext = randomBytes(size);
    return { input, plaintext, sealed: Buffer.from(sealMessage({ ...input, plaintext })) };
  });

/** Any way of not being the message: each gives other bytes than it was given. */
const changes: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc.oneof(
  fc.tuple(fc.nat(), fc.integer({ min: 0, max: 7 })).map(([at, bit]) => (bytes: Buffer) => {
    const changed = Buffer.from(bytes);
    changed[at % bytes.length]! ^= 1 << bit;
    return changed;
  }),
  fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 40 })).map(([at, inserted]) => (bytes: Buffer) => {
    const cut = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, cut), inserted, bytes.subarray(cut)]);
  }),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 60 })).map(([at, length]) => (bytes: Buffer) => {
    const cut = at % bytes.length;
    return Buffer.concat([bytes.subarray(0, cut), bytes.subarray(cut + length)]);
  }),
  fc.nat().map((at) => (bytes: Buffer) => bytes.subarray(0, at % bytes.length)),
  fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 60 })).map(([a, b, length]) => (bytes: Buffer) => {
    const swapped = Buffer.from(bytes);
    const [from, to] = [a % bytes.length, b % bytes.length];
    bytes.copy(swapped, to, from, from + length);
    bytes.copy(swapped, from, to, to + length);
    return swapped;
  }),
);

async function* chunks(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** What a stream gave before its end or its error. */
async function drain(stream: AsyncIterable<Uint8Array>): Promise<{ given: Buffer; error: unknown }> {
  const given: Uint8Array[] = [];
  try {
    for await (const piece of stream) given.push(piece);
    return { given: Buffer.concat(given), error: null };
  } catch (error) {
    return { given: Buffer.concat(given), error };
  }
}

const refusal = expect.objectContaining({
  name: 'BridgeError',
  code: 'seal.open',
  message: 'the sealed bytes cannot be opened',
});

/** Refused whole; as a stream, nothing is given but a beginning of the true plaintext, and then it is refused. */
async function expectRefused(bytes: Uint8Array, plaintext: Buffer, step: number, key: Uint8Array = dataKey) {
  await expect(openMessage(bytes, () => key)).rejects.toEqual(refusal);
  const { given, error } = await drain(openStream(chunks(bytes, step), () => key));
  expect(error).toEqual(refusal);
  expect(given).toEqual(plaintext.subarray(0, given.length));
  return given;
}

describe('a sealed message', () => {
  it('is refused after any change, and no changed frame is given out', async () => {
    await fc.assert(
      fc.asyncProperty(messages, changes, fc.integer({ min: 1, max: 200 }), async (message, change, step) => {
        const changed = change(message.sealed);
        fc.pre(!changed.equals(message.sealed));
        await expectRefused(changed, message.plaintext, step);
      }),
      { numRuns: 1500 },
    );
  });

  it('is refused after any single flipped bit', async () => {
    const plaintext = randomBytes(150);
    const input = { dataKey, messageId: randomBytes(32), context: { a: 'b' }, frameLength: 64 };
    const edks = [{ provider: 'p', info: randomBytes(1), ciphertext: randomBytes(4) }];
    const sealed = Buffer.from(sealMessage({ ...input, edks, plaintext }));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      sealed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => openMessageSync(sealed, dataKey)).toThrowError(refusal);
      sealed[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(Buffer.from(openMessageSync(sealed, dataKey))).toEqual(plaintext);
  });

  it('is refused at any length but its own', async () => {
    const plaintext = randomBytes(130);
    const edks = [{ provider: 'p', info: randomBytes(1), ciphertext: randomBytes(4) }];
    const input = { dataKey, messageId: randomBytes(32), context: {}, edks, frameLength: 64 };
    const sealed = Buffer.from(sealMessage({ ...input, plaintext }));
    for (let length = 0; length < sealed.length; length++)
      await expectRefused(sealed.subarray(0, length), plaintext, 50);
    await expectRefused(Buffer.concat([sealed, Buffer.alloc(1)]), plaintext, 50);
    await expectRefused(Buffer.concat([sealed, sealed]), plaintext, 50);
  });

  it('is refused with frames in another order, doubled, dropped or from another message', async () => {
    const frameLength = 50;
    const edks = [{ provider: 'p', info: randomBytes(1), ciphertext: randomBytes(4) }];
    const input = { dataKey, messageId: randomBytes(32), context: {}, edks, frameLength };
    const plaintext = randomBytes(4 * frameLength + 10);
    const cut = (sealed: Buffer) => {
      const frame = 4 + 12 + frameLength + 16;
      const start = sealed.length - (4 * frame + 4 + 4 + 12 + 4 + 10 + 16);
      const frames = [0, 1, 2, 3].map((n) => sealed.subarray(start + n * frame, start + (n + 1) * frame));
      return { header: sealed.subarray(0, start), frames, final: sealed.subarray(start + 4 * frame) };
    };
    const { header, frames, final } = cut(Buffer.from(sealMessage({ ...input, plaintext })));
    const strange = cut(Buffer.from(sealMessage({ ...input, messageId: randomBytes(32), plaintext })));
    const [one, two, three, four] = frames as [Buffer, Buffer, Buffer, Buffer];
    const cases: [Buffer[], number][] = [
      [[header, two, one, three, four, final], 0],
      [[header, one, one, two, three, four, final], 1],
      [[header, one, three, four, final], 1],
      [[header, one, two, three, final], 3],
      [[header, one, two, three, four], 4],
      [[header, one, strange.frames[1]!, three, four, final], 1],
      [[header, one, two, three, four, strange.final], 4],
      [[strange.header, one, two, three, four, final], 0],
    ];
    for (const [pieces, intact] of cases) {
      const given = await expectRefused(Buffer.concat(pieces), plaintext, 33);
      expect(given.length).toBe(intact * frameLength);
    }
    expect(Buffer.from(openMessageSync(Buffer.concat([header, ...frames, final]), dataKey))).toEqual(plaintext);
  });

  it('is refused under another key, also by one who would accept two keys', async () => {
    await fc.assert(
      fc.asyncProperty(messages, fc.integer({ min: 1, max: 200 }), async ({ sealed, plaintext }, step) => {
        const given = await expectRefused(sealed, plaintext, step, other);
        expect(given.length).toBe(0);
      }),
    );
  });

  // What key commitment is for: who knows a key could else make bytes that open under two keys.
  it('is refused with a wrong commitment even where every tag is right', async () => {
    const messageId = randomBytes(32);
    const edks = [{ provider: 'p', info: randomBytes(1), ciphertext: randomBytes(4) }];
    const plaintext = randomBytes(100);
    const sealed = Buffer.from(sealMessage({ dataKey, messageId, context: {}, edks, plaintext }));
    const { body, length } = readHeader(sealed);
    const retag = (changedBody: Buffer) => {
      const info = Buffer.concat([Buffer.from('0478', 'hex'), Buffer.from('DERIVEKEY')]);
      const key = Buffer.from(hkdfSync('sha512', dataKey, messageId, info, 32));
      const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12)).setAAD(changedBody);
      cipher.final();
      return Buffer.concat([changedBody, cipher.getAuthTag(), sealed.subarray(length)]);
    };
    const changed = Buffer.from(body);
    expect(retag(changed).equals(sealed)).toBe(true);
    changed[changed.length - 1]! ^= 1;
    await expectRefused(retag(changed), plaintext, 50);
  });

  it('is never mistaken for arbitrary bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (noise) => {
        await expectRefused(Buffer.from(noise), Buffer.alloc(0), 7);
        await expectRefused(Buffer.concat([Buffer.from('020478', 'hex'), noise]), Buffer.alloc(0), 7);
      }),
    );
  });
});

describe('a stream', () => {
  const input = {
    dataKey,
    messageId: randomBytes(32),
    context: {},
    edks: [{ provider: 'p', info: other, ciphertext: other }],
  };

  it('passes on what its source and its resolver throw, and lets the source go', async () => {
    let released = 0;
    async function* failing(): AsyncGenerator<Uint8Array> {
      try {
        yield randomBytes(10);
        throw new Error('network');
      } finally {
        released++;
      }
    }
    await expect(drain(sealStream(input, failing()))).resolves.toMatchObject({ error: new Error('network') });
    await expect(drain(openStream(failing(), () => dataKey))).resolves.toMatchObject({ error: expect.anything() });
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from(sealMessage({ ...input, plaintext: randomBytes(10) }));
        for (;;) yield randomBytes(1000);
      } finally {
        released++;
      }
    }
    const denied = new Error('denied');
    const resolve = () => Promise.reject(denied);
    await expect(drain(openStream(endless(), resolve))).resolves.toMatchObject({ error: denied });
    await expect(drain(openStream(endless(), () => dataKey))).resolves.toMatchObject({ error: refusal });
    expect(released).toBe(4);
    const frames = sealStream({ ...input, frameLength: 100 }, endless());
    for (let piece = 0; piece < 5; piece++) await frames.next();
    await frames.return(undefined);
    expect(released).toBe(5);
  });

  it('reads no more of its source than it gives', async () => {
    let read = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for (;;) {
        read += 1000;
        yield randomBytes(1000);
      }
    }
    let written = 0;
    for await (const piece of sealStream({ ...input, frameLength: 5000 }, counted())) {
      written += piece.length;
      expect(read - written).toBeLessThan(12_000);
      if (written > 200_000) break;
    }
  });
});
