/** Can this folder be read? Moves nothing. */
import { constants } from 'node:fs';
import { access, opendir } from 'node:fs/promises';
import type { CheckStep } from '../../core/types.ts';
import type { FolderConfig } from './folder-config.ts';
import { rootError } from './folder-walk.ts';

export async function checkFolder(folder: FolderConfig): Promise<CheckStep[]> {
  const steps = [await canList(folder.path)];
  if (folder.archiveTo !== undefined) steps.push(await canWrite(folder.archiveTo));
  return steps;
}

async function canList(path: string): Promise<CheckStep> {
  const name = 'folder readable';
  try {
    const dir = await opendir(path);
    await dir.close();
    await access(path, constants.R_OK | constants.X_OK);
    return { name, status: 'pass', detail: 'the folder can be listed' };
  } catch (error) {
    return { name, status: 'fail', detail: rootError(error).message };
  }
}

async function canWrite(path: string): Promise<CheckStep> {
  const name = 'archive writable';
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return { name, status: 'pass', detail: 'files can be moved there' };
  } catch {
    return { name, status: 'fail', detail: 'the archive folder is missing or may not be written' };
  }
}
