/** Which splitter reads the files of a folder. */
import type { SplitFile } from '../shared/folder-split.ts';
import type { RecordFolder, TableConfig } from './config.ts';
import { jsonSplitter } from './json.ts';
import { rowSplitter } from './read.ts';
import { xmlSplitter } from './xml.ts';

export function recordSplitter(config: TableConfig, { format, record }: RecordFolder): SplitFile {
  if (format === 'csv') return rowSplitter(config);
  if (format === 'xml') return xmlSplitter(config, record!.split('/'));
  return jsonSplitter(config, format);
}
