import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  EncryptedDataKey,
  KeyringNode,
  KeyringTraceFlag,
  type NodeDecryptionMaterial,
  type NodeEncryptionMaterial,
} from '@aws-crypto/client-node';
import { describe, expect, it } from 'vitest';
import { type MessageInput, openMessage, openStream, readHeader, sealMessage, sealStream } from './message.ts';

const SUITE = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
const sdk = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);

/** The SDK's way to be handed a data key. */
class GivenKey extends KeyringNode {
  readonly #dataKey: Uint8Array;

  constructor(dataKey: Uint8Array) {
    super();
    this.#dataKey = dataKey;
  }

  async _onEncrypt(material: NodeEncryptionMaterial): Promise<NodeEncryptionMaterial> {
    const name = { keyNamespace: 'dhc.given', keyName: '1' };
    const entry = { providerId: 'dhc.given', providerInfo: '1', encryptedDataKey: new Uint8Array([1]) };
    return material
      .setUnencryptedDataKey(Uint8Array.from(this.#dataKey), {
        ...name,
        flags: KeyringTraceFlag.WRAPPING_KEY_GENERATED_DATA_KEY,
      })
      .addEncryptedDataKey(new EncryptedDataKey(entry), KeyringTraceFlag.WRAPPING_KEY_ENCRYPTED_DATA_KEY);
  }

  async _onDecrypt(material: NodeDecryptionMaterial): Promise<NodeDecryptionMaterial> {
    return material.setUnencryptedDataKey(Uint8Array.from(this.#dataKey), {
      keyNamespace: 'dhc.given',
      keyName: '1',
      flags: KeyringTraceFlag.WRAPPING_KEY_DECRYPTED_DATA_KEY,
    });
  }
}

/** Empty, one byte, around one and several frames, exact multiples. */
const shapes = [
  { size: 0, frameLength: 64 },
  { size: 1, frameLength: 1 },
  { size: 63, frameLength: 64 },
  { size: 64, frameLength: 64 },
  { size: 65, frameLength: 64 },
  { size: 640, frameLength: 64 },
  { size: 10_000, frameLength: 4096 },
  { size: 2048, frameLength: 1 << 20 },
  { size: 2 << 20, frameLength: 1 << 20 },
  { size: (2 << 20) + 12_345, frameLength: 1 << 20 },
];

const context = {
  'dhc:format': '1',
  'dhc:hospital': '晨光',
  z: '',
  'a b': '\u{20BB7}',
  '\uFF5E': 'x',
  '\u{1F600}': 'y',
};

function message(frameLength: number, over: Partial<MessageInput> = {}): MessageInput {
  return {
    dataKey: randomBytes(32),
    messageId: randomBytes(32),
    context,
    edks: [
      { provider: 'dhc.one', info: Buffer.from('1'), ciphertext: randomBytes(32) },
      { provider: 'dhc.two', info: Buffer.from('2'), ciphertext: randomBytes(3) },
    ],
    frameLength,
    ...over,
  };
}

async function* chunks(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

describe.each(shapes)('message of $size bytes in frames of $frameLength', ({ size, frameLength }) => {
  const plaintext = randomBytes(size);

  it('opens what it sealed, whole and as a stream of any chunks', async () => {
    const input = message(frameLength);
    const sealed = Buffer.from(sealMessage({ ...input, plaintext }));
    expect(await all(sealStream(input, chunks(plaintext, 777)))).toEqual(sealed);
    expect(Buffer.from(await openMessage(sealed, () => input.dataKey))).toEqual(plaintext);
    const step = size > 100_000 ? 70_001 : 7;
    expect(await all(openStream(chunks(sealed, step), async () => input.dataKey))).toEqual(plaintext);
  });

  it("is opened by AWS's SDK, whole and as a stream", async () => {
    const input = message(frameLength);
    const sealed = Buffer.from(sealMessage({ ...input, plaintext }));
    const opened = await sdk.decrypt(new GivenKey(input.dataKey), sealed);
    expect(opened.plaintext).toEqual(plaintext);
    expect({ ...opened.messageHeader.encryptionContext }).toEqual(context);
    const stream = Readable.from(chunks(sealed, 5000)).pipe(sdk.decryptStream(new GivenKey(input.dataKey)));
    expect(await buffer(stream)).toEqual(plaintext);
  });

  it("opens what AWS's SDK sealed, whole and as a stream", async () => {
    const dataKey = randomBytes(32);
    // The SDK writes into its options.
    const options = () => ({ suiteId: SUITE, frameLength, encryptionContext: context });
    const whole = (await sdk.encrypt(new GivenKey(dataKey), plaintext, options())).result;
    expect(readHeader(whole).context).toEqual(context);
    expect(Buffer.from(await openMessage(whole, () => dataKey))).toEqual(plaintext);
    const streamed = await buffer(
      Readable.from(chunks(plaintext, 999)).pipe(sdk.encryptStream(new GivenKey(dataKey), options())),
    );
    expect(await all(openStream(chunks(streamed, 4099), () => dataKey))).toEqual(plaintext);
  });
});

const python = ['python3', 'python'].find(
  (name) => spawnSync(name, ['-c', 'import aws_encryption_sdk'], { stdio: 'ignore' }).status === 0,
);

describe.skipIf(python === undefined)("AWS's Python SDK", () => {
  const tool = fileURLToPath(new URL('../../tools/esdk.py', import.meta.url));
  const run = (request: { open: unknown[]; seal: unknown[] }) =>
    JSON.parse(
      execFileSync(python!, [tool], { input: JSON.stringify(request), maxBuffer: 1 << 28, encoding: 'utf8' }),
    ) as { open: ({ plaintext: string; context: Record<string, string> } | null)[]; seal: string[] };
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

  it('opens what we seal and refuses it changed', () => {
    const cases = shapes.map(({ size, frameLength }) => ({
      input: message(frameLength),
      plaintext: randomBytes(size),
    }));
    const sealed = cases.map(({ input, plaintext }) => sealMessage({ ...input, plaintext }));
    const changed = Uint8Array.from(sealed[4]!);
    changed[changed.length - 1]! ^= 1;
    const open = [...sealed, changed].map((bytes, index) => ({
      dataKey: base64((cases[index] ?? cases[4]!).input.dataKey),
      message: base64(bytes),
    }));
    const answer = run({ open, seal: [] }).open;
    expect(answer.pop()).toBeNull();
    expect(answer).toEqual(cases.map(({ plaintext }) => ({ plaintext: base64(plaintext), context })));
  });

  it('is read by us', async () => {
    const seal = shapes.map(({ size, frameLength }) => ({
      dataKey: base64(randomBytes(32)),
      context,
      // It wants multiples of 128.
      frameLength: Math.ceil(frameLength / 128) * 128,
      plaintext: base64(randomBytes(size)),
    }));
    const { seal: sealed } = run({ open: [], seal });
    for (const [index, { dataKey, plaintext }] of seal.entries()) {
      const bytes = Buffer.from(sealed[index]!, 'base64');
      expect(readHeader(bytes).context).toEqual(context);
      expect(base64(await openMessage(bytes, () => Buffer.from(dataKey, 'base64')))).toBe(plaintext);
    }
  });
});

/** Uses the memory of a chunk again for the next one. */
async function* inOneMemory(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    memory.set(bytes.subarray(at, at + size));
    yield memory.subarray(0, Math.min(size, bytes.length - at));
  }
}

describe('memory that is lent', () => {
  const plaintext = randomBytes(700_001);
  const input = message(100_000);
  const sealed = Buffer.from(sealMessage({ ...input, plaintext }));
  const lend = { lend: true };

  it.each([777, 99_999, 100_000, 100_001, 700_001])('holds the same bytes, in chunks of %i', async (size) => {
    expect(await copied(sealStream(input, inOneMemory(plaintext, size), lend))).toEqual(sealed);
    expect(await copied(openStream(inOneMemory(sealed, size), () => input.dataKey, lend))).toEqual(plaintext);
  });

  it('is given back when the next piece is asked for, and only then', async () => {
    const streams = [
      sealStream(input, inOneMemory(plaintext, 5000), lend),
      openStream(inOneMemory(sealed, 5000), () => input.dataKey, lend),
    ];
    for (const stream of streams) {
      let last: Uint8Array | undefined;
      let returned = 0;
      for await (const piece of stream) {
        expect(piece.length).toBeGreaterThan(0);
        if (last?.length === 0) returned += 1;
        last = piece;
      }
      expect(returned).toBeGreaterThan(5);
    }
  });
});

async function copied(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(Uint8Array.from(part));
  return Buffer.concat(parts);
}
