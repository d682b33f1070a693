import { decode } from '@ipld/dag-cbor';
import { describe, expect, it } from 'vitest';
import { readHeader } from '../../../core/crypto/message.ts';
import { derivePatientKeys } from '../../../core/keystore/patient-keys.ts';
import { openCapsule } from '../capsule.ts';
import { packetFor } from '../key-packet.ts';
import { openRecord, sealRecord } from '../record.ts';
import { tagFor } from '../tag.ts';
import { withUmbral } from './library.ts';
import { UMBRAL_ALG, umbralPublicOf } from './packet.ts';

const patient = derivePatientKeys(Buffer.alloc(32, 1), Buffer.alloc(32, 2));
const stranger = derivePatientKeys(Buffer.alloc(32, 1), Buffer.alloc(32, 3));
const refusal = expect.objectContaining({ name: 'BridgeError', code: 'seal.open' });
const bundle = Buffer.from('{"resourceType":"Bundle"}');
const sealed = (itemId = 'ab'.repeat(16)) =>
  sealRecord({
    hospital: 'chenguang',
    itemId,
    tag: tagFor(patient.indexKey, 0n),
    patient,
    bundle,
    keyPacket: 'umbral',
  });

describe('a record with an Umbral packet', () => {
  const { content, capsule, dataKey } = sealed();

  it('is opened by its patient; content and keys are those of any other packet', () => {
    const { alg } = decode<{ alg: string }>(capsule);
    expect(alg).toBe(UMBRAL_ALG);
    const opened = openRecord({ content, capsule, privateKey: patient });
    expect([Buffer.from(opened.bundle).equals(bundle), opened.dataKey]).toEqual([true, dataKey]);
    const again = sealed();
    expect(Buffer.from(again.content).equals(content)).toBe(true);
    expect(Buffer.from(again.capsule).equals(capsule)).toBe(false);
  });

  it('stays closed to others, to keys of another kind, in another place, and after any flipped bit', () => {
    const refused = (with_: { content?: Uint8Array; capsule?: Uint8Array; privateKey?: object | Uint8Array }) =>
      expect(() => openRecord({ content, capsule, privateKey: patient, ...with_ } as never)).toThrowError(refusal);
    refused({ privateKey: stranger });
    refused({ privateKey: patient.x25519Private });
    refused({ privateKey: { x25519Private: patient.x25519Private } });
    refused({ content: sealed('cd'.repeat(16)).content });
    const header = readHeader(content);
    for (let at = 0; at < capsule.length * 8; at += 3) {
      const changed = capsule.map((byte, n) => (n === at >> 3 ? byte ^ (1 << (at & 7)) : byte));
      expect(() => openCapsule(changed, header, patient)).toThrowError(refusal);
    }
  });

  it('needs no key of the patient but the public one, which is that of the library', () => {
    const ours = umbralPublicOf(patient.umbralSecret);
    const theirs = withUmbral(({ SecretKey }, keep) =>
      keep(keep(SecretKey.fromBEBytes(patient.umbralSecret)).publicKey()).toCompressedBytes(),
    );
    expect(Buffer.from(ours).equals(theirs)).toBe(true);
    const { x25519Public, indexKey, sealKey } = patient;
    const claimed = { x25519Public, indexKey, sealKey, umbralPublic: ours };
    expect(packetFor('umbral', claimed).packet.alg).toBe(UMBRAL_ALG);
    expect(packetFor('umbral', { x25519Public, indexKey, sealKey }).packet.alg).toMatch(/^hpke/);
  });
});
