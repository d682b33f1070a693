/** Source items out of a file, as the connectors make them, without any service. */
import { entryOf, type OpenFile, type SplitFile, START } from '../../connectors/shared/folder-split.ts';
import type { RefusedItem, SourceItem, SourceKind } from '../../core/types.ts';
import type { TableSaid } from './table-form.ts';

/** Largest item that is read whole. */
const ITEM_BYTES = 64 * 1024 * 1024;

/** @param said declared on the command line for content that does not declare its own */
export async function* itemsOf(
  file: OpenFile,
  kind: SourceKind,
  said: TableSaid = {},
): AsyncGenerator<SourceItem | RefusedItem> {
  const { charset } = said;
  const receivedAt = new Date(0).toISOString();
  if (file.size === 0) {
    yield {
      type: 'refused',
      sourceKey: file.key,
      kind,
      receivedAt,
      size: 0,
      head: new Uint8Array(),
      code: 'source.empty',
      detail: 'the file holds nothing',
    };
    return;
  }
  for await (const piece of (await splitter(file, kind, said))(file, START, ITEM_BYTES))
    yield entryOf(piece, { key: file.key, kind, receivedAt }, charset);
}

/** Only that of the kind is loaded. */
async function splitter(file: OpenFile, kind: SourceKind, said: TableSaid): Promise<SplitFile> {
  switch (kind) {
    case 'hl7v2':
      return (await import('../../connectors/hl7v2/split.ts')).messageSplitter(said.charset);
    case 'table':
      return (await import('./table-split.ts')).tableSplitter(file, said);
    case 'fhir':
      return (await import('./fhir-split.ts')).splitFhir;
    default:
      return (await import('../../connectors/cda/read.ts')).wholeFile;
  }
}
