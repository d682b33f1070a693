/** The bytes of an imaging item: which instances a study consists of. The instances themselves are the item's parts. */
import { canonicalBytes } from '../json.ts';

export interface InstanceEntry {
  readonly sopInstanceUid: string;
  readonly sopClassUid: string;
  readonly seriesInstanceUid: string;
  /** Absent where the archive does not say before the instance is fetched. */
  readonly transferSyntaxUid?: string;
  /** Relative path below the feed's folder; names that are not UTF-8 as in the folder walker. */
  readonly path?: string;
}

export interface StudyManifest {
  readonly studyInstanceUid: string;
  /** Sorted by series and SOP instance UID; no SOP instance UID twice. Same order as the item's parts. */
  readonly instances: readonly InstanceEntry[];
}

/** The order of listing does not matter: the same study gives the same bytes. */
export function sortInstances<T extends InstanceEntry>(instances: Iterable<T>): T[] {
  const key = (one: InstanceEntry) => `${one.seriesInstanceUid} ${one.sopInstanceUid}`;
  return [...instances].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

export function manifestBytes(manifest: StudyManifest): Uint8Array {
  return canonicalBytes(manifest);
}
