/** Shared parts (`parts.ts`) are checked once for each place where they may stand, and written from then on as they were. */
import type { Memory } from '../../parts.ts';
import type { Tree } from '../walk.ts';
import type { Pass, Write } from './pass.ts';

interface Reference {
  readonly value: Tree;
  /** That its target may have. */
  readonly types: ReadonlySet<string> | undefined;
}

/** What a part depends on beside itself, noted while it is written for the first time. */
export class Recording {
  /** References to what stands beside it in the bundle. */
  readonly references: Reference[] = [];
  /** False where something within it asks for the resource around it. */
  isFree = true;
  readonly outer: Recording | undefined;
  readonly resource: Tree;
  readonly container: Tree;

  constructor({ recording, resource, container }: Pass) {
    this.outer = recording;
    this.resource = resource;
    this.container = container;
  }
}

interface Known {
  readonly bytes: Uint8Array;
  readonly references: readonly Reference[];
}

/** @param write of the place */
export function writeShared(pass: Pass, part: Tree, holder: Tree, write: Write, memory: Memory): boolean {
  const known = memory.get(write) as Known | null | undefined;
  if (known === undefined) return record(pass, part, holder, write, memory);
  if (known === null) return write(pass, part, holder);
  for (const { value, types } of known.references)
    if (!pass.isReference(value, pass.targetOf(value), types)) return false;
  pass.out.bytes(known.bytes);
  return true;
}

function record(pass: Pass, part: Tree, holder: Tree, write: Write, memory: Memory): boolean {
  const recording = new Recording(pass);
  const { at } = pass.out;
  pass.recording = recording;
  const isValid = write(pass, part, holder);
  pass.recording = recording.outer;
  if (!isValid) return false;
  const { isFree, references } = recording;
  memory.set(write, isFree ? { bytes: pass.out.since(at), references } : null);
  return true;
}
