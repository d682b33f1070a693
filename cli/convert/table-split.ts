/** Rows and records of tables as pieces. Loaded where tables are read: their config schemas take long to load. */
import type { OpenFile, SplitFile } from '../../connectors/shared/folder-split.ts';
import { tableConfig } from '../../connectors/table/config.ts';
import { recordSplitter } from '../../connectors/table/split.ts';
import { BridgeError } from '../../core/errors.ts';
import { type TableSaid, tableForm } from './table-form.ts';

/** @throws BridgeError cli.usage where it is not said which elements of an XML file are records */
export async function tableSplitter(file: OpenFile, said: TableSaid): Promise<SplitFile> {
  const { format, record, encoding, delimiter } = await tableForm(file, said);
  if (format === 'xml' && !record)
    throw new BridgeError('cli.usage', 'it is not said which elements of the XML file are records', {
      hint: 'add --record ROWDATA/ROW, with the names of the elements from the root on',
    });
  const folder = { path: '.', format, ...(record ? { record } : {}) };
  const config = tableConfig.parse({ kind: 'table', folder, encoding, delimiter });
  return recordSplitter(config, config.folder!);
}
