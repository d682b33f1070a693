/**
 * Digests of what the last walk over a source saw and the next one will meet again, so that a quiet source stays
 * quiet. Bounded: what does not fit is handed over again and recognised by its item id.
 */
import { createHash } from 'node:crypto';

const LIMIT = 5_000;

/** 64 bits over place and content; JSON-serialisable. */
export function recentDigest(sourceKey: string, bytes: Uint8Array): string {
  return createHash('sha256').update(`${sourceKey}\0`).update(bytes).digest('base64url').slice(0, 11);
}

/** The list with one more digest; the list itself when it is full or holds it already. */
export function remember(list: readonly string[], digest: string): readonly string[] {
  return list.length >= LIMIT || list.includes(digest) ? list : [...list, digest];
}
