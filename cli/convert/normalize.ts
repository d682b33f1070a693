/** One item through the normaliser, with the headers of its parts where it has any. */
import type { Normalized, RefusedItem, Rejected, SourceItem, SourcePart } from '../../core/types.ts';
import type { NormalizeContext, PartHeader } from '../../normalizer/context.ts';
import type { Normalizer } from '../../normalizer/one-kind.ts';
import { reject } from '../../normalizer/outcome.ts';

/** A promise only where there are parts to be read. @param normalizer of the item's kind */
export function normalizeItem(
  item: SourceItem | RefusedItem,
  context: NormalizeContext,
  normalizer: Normalizer,
): Normalized | Rejected | Promise<Normalized | Rejected> {
  if (item.type === 'refused') return reject(item.code, item.detail);
  const { kind, sourceKey, bytes, charset, parts } = item;
  const own = charset ? { ...context, charset } : context;
  if (!parts) return normalizer({ kind, sourceKey, bytes }, own);
  return headersOf(parts).then((headers) => normalizer({ kind, sourceKey, bytes, headers }, own));
}

async function headersOf(parts: readonly SourcePart[]): Promise<PartHeader[]> {
  const { digestPart } = await import('../../core/dicom/part.ts');
  const headers: PartHeader[] = [];
  for (const part of parts) headers.push({ key: part.key, ...(await digestPart(part.open())) });
  return headers;
}
