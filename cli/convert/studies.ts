/** Imaging studies below the named paths, grouped by the DICOM connector. */
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { connectors } from '../../connectors/index.ts';
import { BridgeError } from '../../core/errors.ts';
import { createLog } from '../../core/log.ts';
import type { RefusedItem, SourceItem } from '../../core/types.ts';

const LIMITS = { items: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER, itemBytes: 64 * 1024 * 1024 };
const UID = /^[0-9.]{1,64}$/;

export interface StudyItem {
  /** For the output name: the file of a study of one file, else the Study Instance UID. */
  readonly key: string;
  readonly item: SourceItem | RefusedItem;
}

export async function* studyFiles(paths: readonly string[], signal: AbortSignal): AsyncGenerator<StudyItem> {
  for (const path of paths) {
    const folder = await folderOf(path);
    const config = connectors.dicom.config.parse({ kind: 'dicom', folder });
    const source = connectors.dicom.open(config, {
      feed: 'convert',
      timezone: 'UTC',
      log: createLog({ level: 'silent' }),
    });
    try {
      for await (const item of source.read(null, LIMITS, signal)) {
        if (item.type !== 'checkpoint' && isAskedFor(item, folder.include[0])) yield { key: outputKey(item), item };
      }
    } finally {
      await source.close();
    }
  }
}

async function folderOf(path: string): Promise<{ path: string; include: string[]; settleSeconds: 0 }> {
  const found = await stat(path).catch(() => undefined);
  if (!found)
    throw new BridgeError('source.missing', `there is no file or folder ${path}`, {
      hint: 'imaging is read from files and folders',
    });
  if (found.isDirectory()) return { path, include: [], settleSeconds: 0 };
  return { path: dirname(path), include: [basename(path)], settleSeconds: 0 };
}

/** The folder of a named file holds others too; the study of that file is given with all its files. */
function isAskedFor(item: SourceItem | RefusedItem, file: string | undefined): boolean {
  return file === undefined || (item.type === 'item' ? filesOf(item).includes(file) : item.sourceKey === file);
}

/** A manifest names the files of its study. */
function filesOf(item: SourceItem): string[] {
  const { instances } = JSON.parse(Buffer.from(item.bytes).toString()) as { instances: { path?: string }[] };
  return instances.flatMap(({ path }) => path ?? []);
}

function outputKey(item: SourceItem | RefusedItem): string {
  const [only, ...more] = item.type === 'item' ? filesOf(item) : [item.sourceKey];
  if (only !== undefined && more.length === 0) return only;
  const folder = only?.includes('/') ? `${dirname(only)}/` : '';
  return folder + (UID.test(item.sourceKey) ? item.sourceKey : 'study');
}
