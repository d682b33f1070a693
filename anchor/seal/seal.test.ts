import { createHash, createHmac, randomBytes } from 'node:crypto';
import { decode, encode } from '@ipld/dag-cbor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHeader, sealMessage } from '../../core/crypto/message.ts';
import { derivePatientKeys } from '../../core/keystore/patient-keys.ts';
import { binderOf, makeCapsule, openCapsule } from './capsule.ts';
import { openPart, sealPart } from './part.ts';
import { openRecord, type RecordInput, sealRecord } from './record.ts';
import { tagFor } from './tag.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const refusal = expect.objectContaining({ name: 'BridgeError', code: 'seal.open' });
const patient = derivePatientKeys(Buffer.alloc(32, 1), Buffer.alloc(32, 2));
const stranger = derivePatientKeys(Buffer.alloc(32, 1), Buffer.alloc(32, 3));

function input(over: Partial<RecordInput> = {}): RecordInput {
  const bundle = Buffer.from('{"resourceType":"Bundle","type":"transaction"}');
  return {
    hospital: 'chenguang',
    itemId: 'ab'.repeat(16),
    tag: tagFor(patient.indexKey, 0n),
    patient,
    bundle,
    ...over,
  };
}

const inputs = fc
  .record({
    hospital: fc.stringMatching(/^[a-z]{1,8}$/),
    itemId: fc.stringMatching(/^[0-9a-f]{32}$/),
    tag: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    bundle: fc.uint8Array({ maxLength: 300 }),
  })
  .map((part) => ({ ...part, patient }));

describe('a sealed record', () => {
  it('is opened by its patient, with the commitment that was made', () => {
    fc.assert(
      fc.property(inputs, (record) => {
        const { content, capsule, commitment, dataKey } = sealRecord(record);
        const opened = openRecord({ content, capsule, privateKey: patient.x25519Private });
        expect(hex(opened.bundle)).toBe(hex(record.bundle));
        expect([opened.hospital, hex(opened.tag)]).toEqual([record.hospital, hex(record.tag)]);
        expect([hex(opened.commitment), hex(opened.dataKey)]).toEqual([hex(commitment), hex(dataKey)]);
        const mac = createHmac('sha256', opened.salt).update(record.bundle).digest('hex');
        expect(hex(commitment)).toBe(mac);
      }),
    );
  });

  it('is the same bytes each time', () => {
    fc.assert(
      fc.property(inputs, (record) => {
        expect(sealRecord(record)).toEqual(sealRecord({ ...record }));
      }),
    );
  });

  it('shares no key, nonce salt, binder, capsule or commitment with one that differs in anything', () => {
    const secrets = (record: RecordInput) => {
      const { content, capsule, commitment, dataKey } = sealRecord(record);
      const header = readHeader(content);
      const { enc } = decode<{ enc: Uint8Array }>(capsule);
      return [dataKey, header.messageId, binderOf(header), enc, commitment].map(hex);
    };
    fc.assert(
      fc.property(
        inputs,
        inputs,
        fc.subarray(['hospital', 'itemId', 'tag', 'bundle'] as const, { minLength: 1 }),
        (a, b, parts) => {
          const changed = parts.filter((part) => Buffer.compare(Buffer.from(a[part]), Buffer.from(b[part])) !== 0);
          fc.pre(changed.length > 0);
          const other = { ...a, ...Object.fromEntries(changed.map((part) => [part, b[part]])) };
          const all = [...secrets(a), ...secrets(other), ...secrets({ ...a, patient: stranger })];
          expect(new Set(all).size).toBe(all.length);
        },
      ),
    );
  });

  it('does not run fields together', () => {
    const one = sealRecord(input({ hospital: 'ab', itemId: 'c' }));
    const two = sealRecord(input({ hospital: 'a', itemId: 'bc' }));
    expect(hex(one.dataKey)).not.toBe(hex(two.dataKey));
  });

  it('is refused for another person, with another capsule, and after any flipped bit', () => {
    const { content, capsule } = sealRecord(input());
    const other = sealRecord(input({ itemId: 'cd'.repeat(16) }));
    const privateKey = patient.x25519Private;
    const refused = (request: Parameters<typeof openRecord>[0]) =>
      expect(() => openRecord(request)).toThrowError(refusal);
    refused({ content, capsule, privateKey: stranger.x25519Private });
    refused({ content, capsule: other.capsule, privateKey });
    refused({ content: other.content, capsule, privateKey });
    const flip = (bytes: Uint8Array, at: number) =>
      bytes.map((byte, n) => (n === at >> 3 ? byte ^ (1 << (at & 7)) : byte));
    for (let at = 0; at < content.length * 8; at += 3) refused({ content: flip(content, at), capsule, privateKey });
    for (let at = 0; at < capsule.length * 8; at++) refused({ content, capsule: flip(capsule, at), privateKey });
  });

  it('shows nothing of content, patient or item in its bytes', () => {
    const marker = Buffer.from('CG100001 王芳');
    const { content, capsule } = sealRecord(input({ bundle: marker }));
    for (const secret of [
      marker,
      patient.x25519Public,
      patient.sealKey,
      createHash('sha256').update(marker).digest(),
    ]) {
      expect(hex(content).includes(hex(secret))).toBe(false);
      expect(hex(capsule).includes(hex(secret))).toBe(false);
    }
    expect(Buffer.from(content).includes('ab'.repeat(16))).toBe(false);
    expect(decode(capsule)).toEqual({
      v: 1,
      alg: 'hpke-x25519-hkdfsha256-aes256gcm',
      enc: expect.any(Uint8Array),
      ct: expect.any(Uint8Array),
    });
  });

  it('says what is wrong with its input', () => {
    const failed = expect.objectContaining({ code: 'seal.failed' });
    expect(() => sealRecord(input({ tag: randomBytes(15) }))).toThrowError(failed);
    expect(() => sealRecord(input({ hospital: 'x'.repeat(129) }))).toThrowError(failed);
  });
});

describe('a capsule', () => {
  const { content, capsule, dataKey } = sealRecord(input());
  const header = readHeader(content);

  it('can be made for another person, each time another one', () => {
    const keys = openCapsule(capsule, header, patient.x25519Private);
    const shared = () => makeCapsule(stranger.x25519Public, binderOf(header), keys);
    const [one, two] = [shared(), shared()];
    expect(hex(one)).not.toBe(hex(two));
    for (const made of [one, two]) {
      expect(hex(openRecord({ content, capsule: made, privateKey: stranger.x25519Private }).dataKey)).toBe(
        hex(dataKey),
      );
    }
  });

  it('made for two persons when sealing does not repeat the ephemeral key', () => {
    const keys = openCapsule(capsule, header, patient.x25519Private);
    const seed = randomBytes(32);
    const enc = (recipient: Uint8Array) =>
      decode<{ enc: Uint8Array }>(makeCapsule(recipient, binderOf(header), keys, seed)).enc;
    expect(hex(enc(patient.x25519Public))).not.toBe(hex(enc(stranger.x25519Public)));
  });

  it('of any other form is refused', () => {
    const good = decode<Record<string, unknown>>(capsule);
    const others = [
      { ...good, v: 2 },
      { ...good, alg: 'umbral' },
      { ...good, alg: 1 },
      { ...good, extra: new Uint8Array(1) },
      { ...good, ct: 'text' },
      { v: good.v, alg: good.alg, enc: good.enc },
      [],
      null,
      'x',
    ].map((value) => encode(value));
    const noise = [new Uint8Array(0), randomBytes(100), Buffer.concat([capsule, Buffer.alloc(1)]), capsule.subarray(1)];
    for (const bytes of [...others, ...noise]) {
      expect(() => openCapsule(bytes, header, patient.x25519Private)).toThrowError(refusal);
    }
  });

  it('is bound to content of ours only', () => {
    const edks = [{ provider: 'other', info: Buffer.from('1'), ciphertext: randomBytes(32) }];
    const message = { dataKey, messageId: randomBytes(32), context: {}, plaintext: Buffer.alloc(1) };
    const foreign = readHeader(sealMessage({ ...message, edks }));
    expect(() => openCapsule(capsule, foreign, patient.x25519Private)).toThrowError(refusal);
    const twice = readHeader(sealMessage({ ...message, edks: [...header.edks, ...header.edks] }));
    expect(() => openCapsule(capsule, twice, patient.x25519Private)).toThrowError(refusal);
  });
});

describe('a part', () => {
  const { dataKey } = sealRecord(input());
  const place = { dataKey, index: 0, hospital: 'chenguang', tag: tagFor(patient.indexKey, 0n) };
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

  async function* chunks(bytes: Uint8Array, length = 100_000): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
  }
  async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of source) pieces.push(piece);
    return Buffer.concat(pieces);
  }
  const sealed = (bytes: Uint8Array, over: Partial<typeof place> = {}) =>
    all(sealPart({ ...place, ...over, sha256: sha256(bytes) }, chunks(bytes)));

  it.each([0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])(
    'of %i bytes is opened, and is the same bytes each time',
    async (size) => {
      const bytes = randomBytes(size);
      const message = await sealed(bytes);
      expect((await sealed(bytes)).equals(message)).toBe(true);
      expect((await all(openPart(place, chunks(message, 77_777)))).equals(bytes)).toBe(true);
    },
  );

  it('has a message id of its own for each content, index, tag and hospital', async () => {
    const bytes = randomBytes(10);
    const messages = await Promise.all([
      sealed(bytes),
      sealed(randomBytes(10)),
      sealed(bytes, { index: 1 }),
      sealed(bytes, { tag: tagFor(patient.indexKey, 1n) }),
      sealed(bytes, { hospital: 'other' }),
      sealed(bytes, { dataKey: randomBytes(32) }),
    ]);
    expect(new Set(messages.map((message) => hex(readHeader(message).messageId))).size).toBe(6);
  });

  it('is refused in the place of another, and when bytes are missing', async () => {
    const message = await sealed(randomBytes(2_500_000));
    const refused = async (over: Partial<typeof place>, bytes: Uint8Array = message) =>
      expect(all(openPart({ ...place, ...over }, chunks(bytes)))).rejects.toEqual(refusal);
    await refused({ index: 1 });
    await refused({ tag: tagFor(patient.indexKey, 1n) });
    await refused({ hospital: 'other' });
    await refused({ dataKey: randomBytes(32) });
    await refused({}, message.subarray(0, -1));
    await refused({}, sealRecord(input()).content);
  });

  it('is not finished when its source gives other bytes than the bundle says', async () => {
    const bytes = randomBytes(2_000_000);
    const pieces: Uint8Array[] = [];
    const run = async () => {
      const changed = Buffer.from(bytes);
      changed[1_999_999]! ^= 1;
      for await (const piece of sealPart({ ...place, sha256: sha256(bytes) }, chunks(changed))) pieces.push(piece);
    };
    await expect(run()).rejects.toMatchObject({ code: 'seal.failed' });
    await expect(all(openPart(place, chunks(Buffer.concat(pieces))))).rejects.toEqual(refusal);
  });
});

describe('tags', () => {
  it('are the first 16 bytes of HMAC-SHA256 over label and counter', () => {
    for (const counter of [0n, 1n, 255n, 2n ** 63n]) {
      const number = Buffer.alloc(8);
      number.writeBigUInt64BE(counter);
      const mac = createHmac('sha256', patient.indexKey).update(Buffer.concat([Buffer.from('dhc-tag/1'), number]));
      expect(hex(tagFor(patient.indexKey, counter))).toBe(mac.digest('hex').slice(0, 32));
    }
  });
});
