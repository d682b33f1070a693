/** A study as an item: manifest and parts. */
import { type InstanceEntry, manifestBytes, sortInstances } from '../../core/dicom/manifest.ts';
import type { SourceItem, SourcePart } from '../../core/types.ts';

export type OpenInstance = (instance: InstanceEntry, signal?: AbortSignal) => AsyncIterable<Uint8Array>;

export const MEDIA_TYPE = 'application/dicom';

/** @param instances no SOP Instance UID twice */
export function studyItem(
  studyInstanceUid: string,
  instances: Iterable<InstanceEntry>,
  open: OpenInstance,
): SourceItem {
  const sorted = sortInstances(instances);
  return {
    type: 'item',
    sourceKey: studyInstanceUid,
    kind: 'dicom',
    receivedAt: new Date().toISOString(),
    bytes: manifestBytes({ studyInstanceUid, instances: sorted }),
    parts: sorted.map((instance) => partOf(instance, open)),
  };
}

function partOf(instance: InstanceEntry, open: OpenInstance): SourcePart {
  return { key: instance.sopInstanceUid, mediaType: MEDIA_TYPE, open: (signal) => open(instance, signal) };
}
