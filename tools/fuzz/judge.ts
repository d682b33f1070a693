/** What must hold of any bytes: a result or a typed refusal, the same frames however they are cut, nothing lost between. */

import { FrameDecoder } from '../../connectors/hl7v2/frame.ts';
import { messageSplitter } from '../../connectors/hl7v2/split.ts';
import { START } from '../../connectors/shared/folder-split.ts';
import { memoryFile } from '../../connectors/testing/memory-file.ts';
import { BridgeError } from '../../core/errors.ts';
import { readMessage } from '../../normalizer/hl7v2/reader/message.ts';
import { Random } from '../../normalizer/hl7v2/testing/random.ts';
import { normalize } from '../../normalizer/index.ts';

const CONTEXT = {
  hospital: { id: 'fuzz', name: 'Fuzz', timezone: 'Asia/Shanghai', patientSystem: 'urn:oid:1.2.840.1' },
  feed: 'fuzz',
  receivedAt: '2026-01-01T00:00:00Z',
};
const MOST = 1 << 20;
const splitter = messageSplitter(undefined);

/** @returns what is wrong; undefined where nothing is */
export type Judge = (bytes: Uint8Array, seed: number) => string | undefined | Promise<string | undefined>;

/** Reads every place of a message as a text and as a whole. */
export const reads: Judge = (bytes) => {
  try {
    for (const segment of readMessage(bytes, undefined).segments)
      for (let number = 1; number <= segment.length; number += 1)
        for (const value of segment.all(number)) {
          value.raw();
          for (const leaf of value.leaves()) leaf.decoded;
        }
    return undefined;
  } catch (error) {
    return error instanceof BridgeError ? undefined : `reader: ${nameOf(error)}`;
  }
};

/** The frames of a stream do not depend on how its bytes arrive. */
export const frames: Judge = (bytes, seed) => {
  const random = new Random(seed);
  const framed = Buffer.concat([Uint8Array.of(0x0b), bytes, Uint8Array.of(0x1c, 0x0d)]);
  const whole = decoded([framed]);
  const cut: Uint8Array[] = [];
  for (let at = 0; at < framed.length; ) {
    const end = Math.min(framed.length, at + 1 + random.below(700));
    cut.push(framed.subarray(at, end));
    at = end;
  }
  return decoded(cut) === whole ? undefined : 'frames: depend on how the bytes were cut';
};

function decoded(chunks: readonly Uint8Array[]): string {
  const decoder = new FrameDecoder(MOST);
  const found = chunks.flatMap((chunk) => decoder.push(chunk));
  found.push(...decoder.settle(), ...decoder.end());
  return found
    .map(
      (frame) => `${frame.type} ${frame.type === 'message' ? Buffer.from(frame.bytes).toString('base64') : frame.size}`,
    )
    .join('\n');
}

/** Whatever a file holds becomes pieces; the same from wherever an earlier read stopped. */
export const splits: Judge = async (bytes) => {
  try {
    const pieces = await Array.fromAsync(splitter(memoryFile(bytes), START, MOST));
    if (pieces.length === 0) return 'split: nothing came of the file';
    const middle = pieces[Math.floor(pieces.length / 2)]!;
    const again = await Array.fromAsync(splitter(memoryFile(bytes), middle.resume, MOST));
    const rest = pieces.slice(Math.floor(pieces.length / 2) + 1).map(({ suffix }) => suffix);
    return again.map(({ suffix }) => suffix).join() === rest.join() ? undefined : 'split: depends on where it began';
  } catch (error) {
    return error instanceof BridgeError ? undefined : `split: ${nameOf(error)}`;
  }
};

/** A bundle that the gate passes, or a refusal that the bridge means. */
export const normalizes: Judge = (bytes) => {
  const made = normalize({ kind: 'hl7v2', sourceKey: 'k', bytes }, CONTEXT);
  if (made.status !== 'rejected' || !/internal|invalid-bundle/.test(made.code)) return undefined;
  const first = made.issues.find(({ severity }) => severity === 'error');
  return `normalise: ${made.code} ${first?.path} ${first?.detail}`;
};

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
