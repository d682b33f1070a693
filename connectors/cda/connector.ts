import type { Connector } from '../../core/types.ts';
import type { FolderCursor } from '../shared/folder-cursor.ts';
import { folderSource } from '../shared/folder-source.ts';
import { type CdaConfig, cdaConfig } from './config.ts';
import { wholeFile } from './read.ts';

export const cda = {
  kind: 'cda',
  summary: 'CDA documents (C-CDA, WS/T 500) in a folder, one XML file each',
  config: cdaConfig,
  capabilities: { push: false, incremental: true, parts: false },
  open: (config) => folderSource({ kind: 'cda', folder: config.folder, split: wholeFile }),
} satisfies Connector<CdaConfig, FolderCursor>;
