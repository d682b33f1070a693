/**
 * How alike two records are, estimated from short signatures: MinHash by one permutation (Li, Owen, Zhang 2012). Features
 * are hashed under a key, so that a signature tells its reader nothing but its likeness to other signatures of the key.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import { type Json, leaves, partsOf } from './tree.ts';

/** Bins of a signature: the estimate's standard error is at most 4.5 %. */
const BINS = 128;
const EMPTY = 0xffff;
export const SIGNATURE_BYTES = 2 * BINS;

/** Names of places that our own ids and not the content decide. */
const OWN = new Set(['id', 'reference', 'fullUrl', 'versionId', 'lastUpdated']);

/** @returns 256 bytes; the same bundle and key give the same */
export function signatureOf(bundle: Json, key: KeyObject): Uint8Array {
  const bins = new Uint16Array(BINS).fill(EMPTY);
  for (const feature of new Set(features(bundle))) {
    const digest = createHmac('sha256', key).update(feature).digest();
    const bin = digest[0]! % BINS;
    const value = digest.readUInt16BE(1) % EMPTY;
    if (value < bins[bin]!) bins[bin] = value;
  }
  const bytes = Buffer.alloc(SIGNATURE_BYTES);
  for (const [at, value] of bins.entries()) bytes.writeUInt16BE(value, 2 * at);
  return bytes;
}

/** Estimated share of features that two records have in common (Jaccard), 0 to 1; two without any are not alike. */
export function likeness(a: Uint8Array, b: Uint8Array): number {
  let same = 0;
  let filled = 0;
  for (let at = 0; at < SIGNATURE_BYTES; at += 2) {
    const equal = a[at] === b[at] && a[at + 1] === b[at + 1];
    if (equal && a[at] === 0xff && a[at + 1] === 0xff) continue;
    filled++;
    if (equal) same++;
  }
  return filled === 0 ? 0 : same / filled;
}

function* features(bundle: Json): Generator<string> {
  const { clinical, actors } = partsOf(bundle);
  // A record that is about nothing but a person or a place is compared by that.
  for (const resource of clinical.length > 0 ? clinical : actors)
    for (const [path, key, leaf] of leaves(resource, resource.resourceType)) if (!OWN.has(key)) yield `${path}=${leaf}`;
}
