/** The client's own code is held to the hospital's: the same vectors, and each opens what the other made. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { encode } from '@ipld/dag-cbor';
import { computeAddress, recoverAddress, verifyMessage, verifyTypedData } from 'ethers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { merkleTree as theirTree } from '../anchor/chain/merkle.ts';
import { sealRecord, openRecord as theirOpen } from '../anchor/seal/record.ts';
import { tagFor as theirTag } from '../anchor/seal/tag.ts';
import { umbralPublicOf } from '../anchor/seal/umbral/packet.ts';
import { readClaimRequest, sealClaimAnswer } from '../cli/custody/claim.ts';
import * as theirHpke from '../core/crypto/hpke.ts';
import { derivePatientKeys, openingKeysOf } from '../core/keystore/patient-keys.ts';
import { fromHex, toHex, utf8 } from './bytes.ts';
import { binderOf, makeCapsule, openCapsule } from './capsule.ts';
import { acceptClaim, claimRequest } from './claim.ts';
import { signConsent, subjectAddress, subjectKey, type Terms, typedGrant } from './consent.ts';
import * as hpke from './hpke.ts';
import { commitmentOf, tagFor } from './index-tags.ts';
import { addressOf, newKeyFile, personKeys, readKeyFile, signDigest } from './keys.ts';
import { merkleTree, rootOf } from './merkle.ts';
import { openMessage, readHeader } from './message.ts';
import { CannotOpen } from './refusal.ts';
import { umbralOpener } from './umbral/opener.ts';

const vector = JSON.parse(readFileSync(new URL('../anchor/seal/format-1.vector.json', import.meta.url), 'utf8'));
const patient = derivePatientKeys(Buffer.alloc(32, 1), Buffer.alloc(32, 2));
const umbral = umbralOpener(createRequire(import.meta.url)('@nucypher/umbral-pre'));
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => `0x${toHex(bytes)}`);

const sealed = (bundle: Uint8Array, keyPacket: 'hpke' | 'umbral' = 'hpke') =>
  sealRecord({
    hospital: 'chenguang',
    itemId: 'ab'.repeat(16),
    tag: theirTag(patient.indexKey, 7n),
    patient,
    bundle,
    keyPacket,
  });

describe('format 1', () => {
  it('the released vector opens: key packet, content, commitment, tag', async () => {
    const content = fromHex(vector.content);
    const header = readHeader(content);
    const keys = await openCapsule(fromHex(vector.capsule), header, { x25519Private: fromHex(vector.privateKey) });
    expect(toHex(keys.dataKey)).toBe(vector.dataKey);
    const bundle = await openMessage(content, keys.dataKey);
    expect(commitmentOf(keys.salt, bundle)).toBe(vector.commitment);
    expect(header.context['dhc:tag']).toBe(vector.tag);
  });

  it.each([0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])('content of %i bytes', async (size) => {
    const bundle = new Uint8Array(size).fill(7);
    const { content, dataKey } = sealed(bundle);
    expect(Buffer.from(await openMessage(content, dataKey)).equals(bundle)).toBe(true);
    await expect(openMessage(content.subarray(0, -1), dataKey)).rejects.toThrow(CannotOpen);
    await expect(openMessage(content, new Uint8Array(32))).rejects.toThrow(CannotOpen);
  });

  it('any flipped bit is refused', async () => {
    const { content, capsule, dataKey } = sealed(utf8('{"resourceType":"Bundle"}'));
    const flip = (bytes: Uint8Array, at: number) =>
      bytes.map((byte, n) => (n === at >> 3 ? byte ^ (1 << (at & 7)) : byte));
    for (let at = 0; at < content.length * 8; at += 5)
      await expect(openMessage(flip(content, at), dataKey)).rejects.toThrow(CannotOpen);
    const header = readHeader(content);
    for (let at = 0; at < capsule.length * 8; at += 5)
      await expect(openCapsule(flip(capsule, at), header, patient)).rejects.toThrow(CannotOpen);
  });

  it('key packets of both kinds, and one made here opens there', async () => {
    for (const kind of ['hpke', 'umbral'] as const) {
      const { content, capsule, dataKey } = sealed(utf8('{}'), kind);
      const header = readHeader(content);
      const keys = await openCapsule(capsule, header, patient, [umbral]);
      expect(toHex(keys.dataKey)).toBe(toHex(dataKey));
      const other = personKeys(new Uint8Array(32).fill(3));
      const shared = await makeCapsule(other.x25519Public, binderOf(header), keys);
      expect(toHex(theirOpen({ content, capsule: shared, privateKey: other }).dataKey)).toBe(toHex(dataKey));
      await expect(openCapsule(shared, header, patient, [umbral])).rejects.toThrow(CannotOpen);
    }
    const { content, capsule } = sealed(utf8('{}'), 'umbral');
    await expect(openCapsule(capsule, readHeader(content), patient)).rejects.toThrow(CannotOpen);
  });

  it('an unknown field, version or encoding of a key packet is refused', async () => {
    const header = readHeader(sealed(utf8('{}')).content);
    for (const value of [{ v: 2, alg: 'x' }, { v: 1, alg: 'none' }, [], null, { v: 1, alg: 'x', a: 'text' }])
      await expect(openCapsule(encode(value), header, patient)).rejects.toThrow(CannotOpen);
  });
});

describe('primitives', () => {
  it('HPKE in both directions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), fc.uint8Array({ maxLength: 100 }), async (info, aad, text) => {
        const theirs = theirHpke.seal(patient.x25519Public, info, aad, text);
        expect(toHex(await hpke.open(patient.x25519Private, info, aad, theirs))).toBe(toHex(text));
        const ours = await hpke.seal(patient.x25519Public, info, aad, text);
        expect(toHex(theirHpke.open(patient.x25519Private, info, aad, ours))).toBe(toHex(text));
      }),
      { numRuns: 20 },
    );
  });

  it('tags, trees and proofs', () => {
    for (const counter of [0n, 1n, 2n ** 40n])
      expect(tagFor(patient.indexKey, counter)).toBe(toHex(theirTag(patient.indexKey, counter)));
    fc.assert(
      fc.property(fc.array(hash, { minLength: 1, maxLength: 20 }), (leaves) => {
        const [ours, theirs] = [merkleTree(leaves), theirTree(leaves)];
        expect(ours.root).toBe(theirs.root);
        for (const [index, leaf] of leaves.entries()) {
          expect(ours.proof(index)).toEqual(theirs.proof(index));
          expect(rootOf(leaf, ours.proof(index))).toBe(ours.root);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('one secret gives the same keys here and in the keystore', () => {
    const secret = new Uint8Array(32).fill(9);
    const [ours, theirs] = [personKeys(secret), openingKeysOf(secret)];
    for (const key of ['x25519Private', 'x25519Public', 'umbralSecret'] as const)
      expect(toHex(ours[key])).toBe(toHex(theirs[key]));
    expect(toHex(ours.umbralPublic)).toBe(toHex(umbralPublicOf(theirs.umbralSecret)));
    expect(addressOf(ours.account)).toBe(computeAddress(`0x${toHex(ours.account)}`));
    const digest = new Uint8Array(32).fill(4);
    expect(recoverAddress(digest, `0x${toHex(signDigest(ours.account, digest))}`)).toBe(addressOf(ours.account));
  });

  it('a grant is signed as a wallet would', () => {
    const secret = new Uint8Array(32).fill(9);
    const word = `0x${'ab'.repeat(32)}`;
    const parties = {
      requester: addressOf(secret),
      holder: addressOf(subjectKey(secret, 5)),
      subject: subjectAddress(secret, 3),
    };
    const terms: Terms = { ...parties, purpose: word, scope: word, until: 2_000_000_000, sensitive: false, salt: word };
    const data = typedGrant({ chainId: '31337', contract: parties.holder }, terms);
    const { EIP712Domain: _, ...types } = data.types;
    expect(verifyTypedData(data.domain, types, data.message, signConsent(subjectKey(secret, 3), data))).toBe(
      terms.subject,
    );
  });
});

it('a claim: request and answer fit the hospital, and the key file finds its hospital', async () => {
  const file = readKeyFile(JSON.stringify(newKeyFile()));
  const request = claimRequest(file);
  const text = `DHC claim 1\nx25519 ${request.x25519Public}\numbral ${request.umbralPublic}`;
  expect(verifyMessage(text, request.signature)).toBe(request.account);
  const claimed = readClaimRequest(JSON.stringify(request));
  const known = { hospital: 'chenguang', indexKey: 'cd'.repeat(32), chainId: '1', contract: `0x${'22'.repeat(20)}` };
  const answer = sealClaimAnswer(known, claimed);
  const accepted = await acceptClaim(file, answer as never);
  expect(accepted.hospitals).toEqual([known]);
  expect((await acceptClaim(accepted, answer as never)).hospitals).toEqual([known]);
  await expect(acceptClaim(newKeyFile(), answer as never)).rejects.toThrow(CannotOpen);
  for (const text of ['{}', '[]', '{"format":"dhc-keys/1","secrets":["zz"],"hospitals":[]}'])
    expect(() => readKeyFile(text)).toThrow(RangeError);
});
