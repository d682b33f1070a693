import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readHeader } from '../../../core/crypto/message.ts';
import { derivePatientKeys } from '../../../core/keystore/patient-keys.ts';
import { binderOf, readCapsule } from '../capsule.ts';
import { openRecord } from '../record.ts';
import { umbralPublicOf } from './packet.ts';
import { openReencrypted } from './reencrypt.ts';

// Formats are for ever: this vector is never changed, a new format gets a new one beside it.
const vector = JSON.parse(readFileSync(new URL('./umbral-1.vector.json', import.meta.url), 'utf8'));
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');

it('a released Umbral packet opens with the keys that follow from master secret and salt', () => {
  const patient = derivePatientKeys(bytes(vector.master), bytes(vector.patientSalt));
  expect(hex(patient.umbralSecret)).toBe(vector.umbralSecret);
  const privateKey = { umbralSecret: bytes(vector.umbralSecret) };
  const opened = openRecord({ content: bytes(vector.content), capsule: bytes(vector.capsule), privateKey });
  expect([hex(opened.bundle), hex(opened.commitment), hex(opened.dataKey)]).toEqual([
    vector.bundle,
    vector.commitment,
    vector.dataKey,
  ]);
});

it('released fragments of two proxies open it for their reader', () => {
  const secret = bytes(vector.readerSecret);
  const parties = {
    delegating: bytes(vector.delegating),
    verifying: bytes(vector.verifying),
    receiving: umbralPublicOf(secret),
  };
  const binder = binderOf(readHeader(bytes(vector.content)));
  const { packet } = readCapsule(bytes(vector.capsule));
  const opened = openReencrypted(packet, binder, vector.fragments.map(bytes), secret, parties);
  expect(hex(opened.subarray(0, 32))).toBe(vector.dataKey);
});
