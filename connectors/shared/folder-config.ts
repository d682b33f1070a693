/** The part of a feed's configuration that names a folder of files. */
import { relative } from 'node:path';
import { z } from 'zod';
import { filePath } from '../../core/config/fields.ts';

export const folderConfig = z
  .strictObject({
    path: filePath('Folder that is read, with everything below it; symbolic links below it are not followed'),
    include: z
      .array(z.string().min(1))
      .default([])
      .describe('Read only files whose name ends so (case does not matter), e.g. `.hl7`; empty reads all'),
    exclude: z.array(z.string().min(1)).default([]).describe('Never read files whose name ends so'),
    settleSeconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(1)
      .describe('A file is read when nothing has changed it for so long; 0 where files are moved in complete'),
    afterRead: z
      .enum(['leave', 'archive'])
      .default('leave')
      .describe('`archive` moves a file to `archiveTo` when all that it held is stored or anchored'),
    archiveTo: filePath('Folder for archived files; not below `path`').optional(),
  })
  .refine((folder) => (folder.afterRead === 'archive') === (folder.archiveTo !== undefined), {
    path: ['archiveTo'],
    error: '`archiveTo` belongs to `afterRead: archive`: give both or neither',
  })
  .refine(({ path, archiveTo }) => archiveTo === undefined || relative(path, archiveTo).startsWith('..'), {
    path: ['archiveTo'],
    error: '`archiveTo` may not be below `path`: archived files would be read again',
  })
  .describe('A folder of files');

export type FolderConfig = z.infer<typeof folderConfig>;
