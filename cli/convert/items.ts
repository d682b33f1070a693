/** Source items out of a file, as the connectors make them, without any service. */
import { wholeFile } from '../../connectors/cda/read.ts';
import { splitFhirFile } from '../../connectors/fhir/split.ts';
import { messageSplitter } from '../../connectors/hl7v2/split.ts';
import {
  entryOf,
  type OpenFile,
  type Piece,
  readRange,
  refusedRange,
  type SplitFile,
  START,
} from '../../connectors/shared/folder-split.ts';
import { tableConfig } from '../../connectors/table/config.ts';
import { recordSplitter } from '../../connectors/table/split.ts';
import { BridgeError } from '../../core/errors.ts';
import type { RefusedItem, SourceItem, SourceKind } from '../../core/types.ts';
import { type TableSaid, tableForm } from './table-form.ts';

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

async function splitter(file: OpenFile, kind: SourceKind, said: TableSaid): Promise<SplitFile> {
  if (kind === 'table') return tableSplitter(file, said);
  if (kind === 'hl7v2') return messageSplitter(said.charset);
  return kind === 'fhir' ? splitFhir : wholeFile;
}

/** @throws BridgeError cli.usage where it is not said which elements of an XML file are records */
async function tableSplitter(file: OpenFile, said: TableSaid): Promise<SplitFile> {
  const { format, record, encoding, delimiter } = await tableForm(file, said);
  if (format === 'xml' && !record)
    throw new BridgeError('cli.usage', 'it is not said which elements of the XML file are records', {
      hint: 'add --record ROWDATA/ROW, with the names of the elements from the root on',
    });
  const folder = { path: '.', format, ...(record ? { record } : {}) };
  const config = tableConfig.parse({ kind: 'table', folder, encoding, delimiter });
  return recordSplitter(config, config.folder!);
}

async function* splitFhir(file: OpenFile): AsyncGenerator<Piece> {
  if (file.size > ITEM_BYTES) {
    const whole = { start: 0, end: file.size };
    yield {
      suffix: '',
      resume: START,
      ...(await refusedRange(file, whole, 'source.too-large', 'larger than a file of resources may be')),
    };
    return;
  }
  const pieces = [...splitFhirFile(await readRange(file, 0, file.size))];
  for (const [index, { bytes, refused }] of pieces.entries()) {
    const suffix = pieces.length === 1 ? '' : `#${index + 1}`;
    if (!refused) yield { suffix, resume: START, bytes };
    else
      yield {
        suffix,
        resume: START,
        refused: refused.code,
        detail: refused.detail,
        size: bytes.length,
        head: bytes.subarray(0, 65_536),
      };
  }
}
