import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { derivePatientKeys } from '../../core/keystore/patient-keys.ts';
import { openPart, sealPart } from './part.ts';
import { openRecord, sealRecord } from './record.ts';
import { tagFor } from './tag.ts';

interface Vector {
  readonly master: string;
  readonly patientSalt: string;
  readonly counter: number;
  readonly hospital: string;
  readonly itemId: string;
  readonly bundle: string;
  readonly partIndex: number;
  readonly part: string;
  readonly privateKey: string;
  readonly tag: string;
  readonly dataKey: string;
  readonly commitment: string;
  readonly content: string;
  readonly capsule: string;
  readonly sealedPart: string;
}

const file = fileURLToPath(new URL('./format-1.vector.json', import.meta.url));
const vector: Vector = JSON.parse(readFileSync(file, 'utf8'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => Buffer.from(text, 'hex');

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

// Formats are for ever: this vector is never changed, a new format gets a new one beside it.
describe('format 1', () => {
  const place = {
    dataKey: bytes(vector.dataKey),
    index: vector.partIndex,
    hospital: vector.hospital,
    tag: bytes(vector.tag),
  };
  const part = Buffer.from(vector.part);

  it('is opened for ever', async () => {
    const [content, capsule, privateKey] = [vector.content, vector.capsule, vector.privateKey].map(bytes);
    const opened = openRecord({ content: content!, capsule: capsule!, privateKey: privateKey! });
    expect(Buffer.from(opened.bundle).toString()).toBe(vector.bundle);
    expect([hex(opened.commitment), hex(opened.tag), hex(opened.dataKey)]).toEqual([
      vector.commitment,
      vector.tag,
      vector.dataKey,
    ]);
    expect((await all(openPart(place, once(bytes(vector.sealedPart))))).equals(part)).toBe(true);
  });

  it('is still what is written', async () => {
    const patient = derivePatientKeys(bytes(vector.master), bytes(vector.patientSalt));
    const tag = tagFor(patient.indexKey, BigInt(vector.counter));
    const { hospital, itemId } = vector;
    const sealed = sealRecord({ hospital, itemId, tag, patient, bundle: Buffer.from(vector.bundle) });
    expect(hex(patient.x25519Private)).toBe(vector.privateKey);
    expect(hex(sealed.content)).toBe(vector.content);
    expect(hex(sealed.capsule)).toBe(vector.capsule);
    expect(hex(sealed.commitment)).toBe(vector.commitment);
    const sha256 = createHash('sha256').update(part).digest();
    expect(hex(await all(sealPart({ ...place, sha256 }, once(part))))).toBe(vector.sealedPart);
  });

  const python = ['python3', 'python'].find(
    (name) => spawnSync(name, ['-c', 'from cryptography.hazmat.primitives.kdf.hkdf import HKDF']).status === 0,
  );

  it.skipIf(python === undefined)('is what another program makes of docs/architecture.md', () => {
    const tool = fileURLToPath(new URL('../../tools/format1.py', import.meta.url));
    const made = JSON.parse(execFileSync(python!, [tool], { input: readFileSync(file), encoding: 'utf8' }));
    expect(Object.keys(made)).toHaveLength(7);
    expect(vector).toMatchObject(made);
  });
});
