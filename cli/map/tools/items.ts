/** The items that a tool puts through a map. */

import { existsSync } from 'node:fs';
import { digestPart } from '../../../core/dicom/part.ts';
import type { Normalized, RefusedItem, Rejected, SourceItem, SourceKind } from '../../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../../../normalizer/context.ts';
import { type CompiledMap, type MapSource, runMap } from '../../../normalizer/mapping/index.ts';
import { reject } from '../../../normalizer/outcome.ts';
import type { Named } from '../items.ts';
import { namedSource } from '../options.ts';

/** Connectors hand the records of JSON and XML files over as rows. */
const KIND: Readonly<Record<MapSource, SourceKind>> = {
  table: 'table',
  json: 'table',
  xml: 'table',
  hl7v2: 'hl7v2',
  cda: 'cda',
  dicom: 'dicom',
};

/** Without `--from` a file holds what the map reads; what is no file is a feed. */
export function sourceOf(targets: readonly string[], options: Record<string, unknown>, map: CompiledMap): Named {
  const named = namedSource(targets, options);
  const areFiles = targets.some((target) => existsSync(target));
  return named.from || !areFiles ? named : { ...named, from: KIND[map.source] };
}

export async function mapItem(
  map: CompiledMap,
  item: SourceItem | RefusedItem,
  context: NormalizeContext,
): Promise<Normalized | Rejected> {
  if (item.type === 'refused') return reject(item.code, item.detail);
  const headers: NonNullable<NormalizeInput['headers']>[number][] = [];
  for (const part of item.parts ?? []) headers.push({ key: part.key, ...(await digestPart(part.open())) });
  const { kind, sourceKey, bytes, charset } = item;
  return runMap(
    map,
    { kind, sourceKey, bytes, ...(item.parts && { headers }) },
    charset ? { ...context, charset } : context,
  );
}
