import type { Connector } from '../../core/types.ts';
import type { FolderCursor } from '../shared/folder-cursor.ts';
import { folderSource } from '../shared/folder-source.ts';
import { type TableConfig, tableConfig } from './config.ts';
import { rowSplitter } from './read.ts';

export const table = {
  kind: 'table',
  summary: 'Rows of CSV files in a folder',
  config: tableConfig,
  capabilities: { push: false, incremental: true, parts: false },
  open: (config) => folderSource({ kind: 'table', folder: config.folder, split: rowSplitter(config) }),
} satisfies Connector<TableConfig, FolderCursor>;
