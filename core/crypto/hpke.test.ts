import { randomBytes } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveKeyPair, type HpkeCiphertext, open, seal } from './hpke.ts';
import { importPrivate } from './x25519.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const bytes = (length: number) => new Uint8Array(randomBytes(length));
const other = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** The suite's reading of keys from raw bytes. */
const theirPublic = (raw: Uint8Array) => other.kem.deserializePublicKey(raw);
const theirPrivate = (raw: Uint8Array) => other.kem.deserializePrivateKey(raw);

describe('HPKE', () => {
  it('derives the key pairs of RFC 9180 §A.1.1', () => {
    const recipient = deriveKeyPair(hex('6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037'));
    expect(recipient).toEqual({
      privateKey: hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'),
      publicKey: hex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d'),
    });
    const ephemeral = deriveKeyPair(hex('7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234'));
    expect(ephemeral).toEqual({
      privateKey: hex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736'),
      publicKey: hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'),
    });
  });

  // From the CFRG's vectors of RFC 9180: kem 0x0020, kdf 0x0001, aead 0x0002, mode base, sequence number 0.
  it("seals and opens the CFRG's vector for AES-256-GCM", () => {
    const info = hex('4f6465206f6e2061204772656369616e2055726e');
    const aad = hex('436f756e742d30');
    const plaintext = hex('4265617574792069732074727574682c20747275746820626561757479');
    const recipient = {
      privateKey: hex('497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d'),
      publicKey: hex('430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c'),
    };
    const ikmR = hex('dac33b0e9db1b59dbbea58d59a14e7b5896e9bdf98fad6891e99d1686492b9ee');
    expect(deriveKeyPair(ikmR)).toEqual(recipient);

    const ikmE = hex('2cd7c601cefb3d42a62b04b7a9041494c06c7843818e0ce28a8f704ae7ab20f9');
    const { enc, ct } = seal(recipient.publicKey, info, aad, plaintext, ikmE);
    expect(Buffer.from(enc).toString('hex')).toBe('6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256');
    expect(Buffer.from(ct).toString('hex')).toBe(
      'e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a',
    );
    expect(new Uint8Array(open(recipient.privateKey, info, aad, { enc, ct }))).toEqual(plaintext);
  });

  it.each([0, 1, 64, 1000])('is opened by @hpke/core and opens it: %i bytes', async (size) => {
    const { privateKey, publicKey } = deriveKeyPair(bytes(32));
    const [info, aad, plaintext] = [bytes(size % 50), bytes(size % 33), bytes(size)];

    const ours = seal(publicKey, info, aad, plaintext);
    const recipientKey = await theirPrivate(privateKey);
    const context = await other.createRecipientContext({ recipientKey, enc: ours.enc, info });
    expect(new Uint8Array(await context.open(ours.ct, aad))).toEqual(plaintext);

    const sender = await other.createSenderContext({ recipientPublicKey: await theirPublic(publicKey), info });
    const ct = new Uint8Array(await sender.seal(plaintext, aad));
    const opened = open(privateKey, info, aad, { enc: new Uint8Array(sender.enc), ct });
    expect(new Uint8Array(opened)).toEqual(plaintext);
    expect(new Uint8Array(open(importPrivate(privateKey), info, aad, ours))).toEqual(plaintext);
  });

  it('is random without and reproducible with ephemeral key material', () => {
    const { publicKey } = deriveKeyPair(bytes(32));
    const [info, aad, plaintext, ikm] = [bytes(5), bytes(5), bytes(64), bytes(32)];
    expect(seal(publicKey, info, aad, plaintext, ikm)).toEqual(seal(publicKey, info, aad, plaintext, ikm));
    expect(seal(publicKey, info, aad, plaintext).enc).not.toEqual(seal(publicKey, info, aad, plaintext).enc);
  });

  it('refuses anything changed, with one answer', () => {
    const { privateKey, publicKey } = deriveKeyPair(bytes(32));
    const [info, aad] = [bytes(16), bytes(32)];
    const sealed = seal(publicKey, info, aad, bytes(64));
    const refused = (key: Uint8Array, i: Uint8Array, a: Uint8Array, c: HpkeCiphertext) =>
      expect(() => open(key, i, a, c)).toThrowError(expect.objectContaining({ code: 'seal.open', cause: undefined }));
    const flip = (of: Uint8Array, at: number) =>
      of.map((byte, i) => (i === at % of.length ? byte ^ (1 << (at % 8)) : byte));
    fc.assert(
      fc.property(fc.nat(511), (at) => {
        refused(privateKey, flip(info, at), aad, sealed);
        refused(privateKey, info, flip(aad, at), sealed);
        refused(privateKey, info, aad, { ...sealed, ct: flip(Buffer.from(sealed.ct), at) });
        refused(privateKey, info, aad, { ...sealed, ct: sealed.ct.subarray(0, at % sealed.ct.length) });
        refused(privateKey, info, aad, { ...sealed, enc: bytes(32) });
        refused(bytes(32), info, aad, sealed);
      }),
    );
    refused(privateKey, info, aad, { ...sealed, enc: sealed.enc.subarray(1) });
    refused(privateKey.subarray(1), info, aad, sealed);
    // RFC 7748 §6.1: points of small order give an all-zero secret.
    refused(privateKey, info, aad, { ...sealed, enc: new Uint8Array(32) });
    refused(privateKey, info, aad, { ...sealed, enc: hex(`01${'00'.repeat(31)}`) });
  });

  // RFC 7748 §5: the highest bit of a coordinate is ignored, so enc has two encodings; only one is authenticated.
  it('refuses the other encoding of the same encapsulated point', () => {
    const { privateKey, publicKey } = deriveKeyPair(bytes(32));
    const [info, aad] = [bytes(1), bytes(1)];
    const sealed = seal(publicKey, info, aad, bytes(8));
    const enc = Uint8Array.from(sealed.enc);
    enc[31]! ^= 0x80;
    expect(() => open(privateKey, info, aad, { ...sealed, enc })).toThrow('cannot be opened');
  });
});
