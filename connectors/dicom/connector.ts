/** Imaging studies from a folder or by DICOMweb. */
import { BridgeError } from '../../core/errors.ts';
import type { Connector, Source } from '../../core/types.ts';
import { checkFolder } from '../shared/folder-check.ts';
import type { FolderConfig } from '../shared/folder-config.ts';
import { openHttp } from '../shared/http.ts';
import { checkDicomweb, discoverDicomweb } from './check.ts';
import { type DicomConfig, type DicomwebConfig, dicomConfig } from './config.ts';
import { indexFolder } from './folder-index.ts';
import { type DicomFolderCursor, FolderReader } from './folder-read.ts';
import { type DicomwebCursor, readDicomweb } from './web-read.ts';

export type DicomCursor = DicomFolderCursor | DicomwebCursor;

export const dicom = {
  kind: 'dicom',
  summary: 'Imaging studies from a folder of DICOM files or from an archive by DICOMweb, pixels streamed untouched',
  config: dicomConfig,
  capabilities: { push: false, incremental: true, parts: true },
  open(config, context) {
    if (config.folder) return openFolder(config.folder);
    if (config.dicomweb) return openDicomweb(config.dicomweb, context.timezone);
    throw new BridgeError('config.invalid', 'an imaging feed names neither a folder nor an archive');
  },
} satisfies Connector<DicomConfig, DicomCursor>;

function openFolder(folder: FolderConfig): Source<DicomCursor> {
  const reader = new FolderReader(folder);
  return {
    check: () => checkFolder(folder),
    async *discover(signal) {
      const findings = await indexFolder(folder, signal);
      yield { name: 'studies', count: findings.filter((finding) => 'study' in finding).length };
    },
    read: (cursor, limits, signal) => reader.read(cursor as DicomFolderCursor | null, limits, signal),
    close: async () => {},
  };
}

function openDicomweb(config: DicomwebConfig, timezone: string): Source<DicomCursor> {
  const http = openHttp(config);
  return {
    check: (signal) => checkDicomweb(http, config, signal),
    discover: (signal) => discoverDicomweb(http, config, signal),
    read: (cursor, limits, signal) =>
      readDicomweb(http, config, timezone, cursor as DicomwebCursor | null, limits, signal),
    close: () => http.close(),
  };
}
