/** Items through the normaliser, with the headers of their parts where they have any. */
import type { Normalized, RefusedItem, Rejected, SourceItem, SourcePart } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput, PartHeader } from '../../normalizer/context.ts';
import type { Normalizer } from '../../normalizer/one-kind.ts';
import { reject } from '../../normalizer/outcome.ts';

export type Entry = SourceItem | RefusedItem;
type Result = Normalized | Rejected;

/** Items that are normalised side by side: what more of them would hold in memory at once costs what they save. */
const MOST = { items: 32, bytes: 64 * 1024 };
/** A larger one goes through its loops often enough to be quick by itself. */
const SMALL = 16 * 1024;

/** Neighbours that are quicker together; what is not small comes alone. */
export async function* grouped(entries: AsyncIterable<Entry> | Iterable<Entry>): AsyncGenerator<readonly Entry[]> {
  let group: SourceItem[] = [];
  let bytes = 0;
  for await (const entry of entries) {
    const isSmall = entry.type === 'item' && !entry.parts && entry.bytes.length <= SMALL;
    const fits =
      isSmall &&
      group.length < MOST.items &&
      bytes + entry.bytes.length <= MOST.bytes &&
      group[0]?.charset === entry.charset;
    if (!fits && group.length > 0) {
      yield group;
      group = [];
      bytes = 0;
    }
    if (isSmall) {
      group.push(entry);
      bytes += entry.bytes.length;
    } else yield [entry];
  }
  if (group.length > 0) yield group;
}

/** A promise only where there are parts to be read. @param group as `grouped` gives them */
export function normalizeItems(
  group: readonly Entry[],
  context: NormalizeContext,
  normalizer: Normalizer,
): readonly Result[] | Promise<readonly Result[]> {
  const charset = group[0]?.type === 'item' ? (group[0].charset ?? context.charset) : undefined;
  const own = charset === context.charset ? context : { ...context, charset };
  const inputs: NormalizeInput[] = [];
  for (const item of group) {
    if (item.type === 'refused') return [reject(item.code, item.detail)];
    const { kind, sourceKey, bytes, parts } = item;
    if (parts) return headersOf(parts).then((headers) => normalizer([{ kind, sourceKey, bytes, headers }], own));
    inputs.push({ kind, sourceKey, bytes });
  }
  return normalizer(inputs, own);
}

async function headersOf(parts: readonly SourcePart[]): Promise<PartHeader[]> {
  const { digestPart } = await import('../../core/dicom/part.ts');
  const headers: PartHeader[] = [];
  for (const part of parts) headers.push({ key: part.key, ...(await digestPart(part.open())) });
  return headers;
}
