/** Records of files, or rows of a database's view. */
import { BridgeError } from '../../core/errors.ts';
import type { Connector, Source } from '../../core/types.ts';
import type { FolderCursor } from '../shared/folder-cursor.ts';
import { folderSource } from '../shared/folder-source.ts';
import { type TableConfig, tableConfig } from './config.ts';
import { recordSplitter } from './split.ts';
import type { SqlCursor } from './sql/cursor.ts';
import { sqlSource } from './sql/source.ts';

export type TableCursor = FolderCursor | SqlCursor;

export const table = {
  kind: 'table',
  summary: 'Rows of CSV, JSON or XML files in a folder, or of a view of a database',
  config: tableConfig,
  capabilities: { push: false, incremental: true, parts: false },
  open(config, context) {
    if (config.folder) {
      return folderSource({
        kind: 'table',
        folder: config.folder,
        split: recordSplitter(config, config.folder),
      }) as Source<TableCursor>;
    }
    if (config.sql) return sqlSource(config.sql, context.timezone) as Source<TableCursor>;
    throw new BridgeError('config.invalid', 'a table feed names neither a folder nor a database');
  },
} satisfies Connector<TableConfig, TableCursor>;
