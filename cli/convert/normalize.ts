/** One item through the normaliser, with the headers of its parts where it has any. */
import { digestPart } from '../../core/dicom/part.ts';
import type { Normalized, RefusedItem, Rejected, SourceItem } from '../../core/types.ts';
import { type NormalizeContext, normalize, type PartHeader } from '../../normalizer/index.ts';
import { reject } from '../../normalizer/outcome.ts';

export async function normalizeItem(
  item: SourceItem | RefusedItem,
  context: NormalizeContext,
): Promise<Normalized | Rejected> {
  if (item.type === 'refused') return reject(item.code, item.detail);
  const headers: PartHeader[] = [];
  for (const part of item.parts ?? []) headers.push({ key: part.key, ...(await digestPart(part.open())) });
  const { kind, sourceKey, bytes, charset } = item;
  const input = { kind, sourceKey, bytes, ...(item.parts && { headers }) };
  return normalize(input, charset ? { ...context, charset } : context);
}
