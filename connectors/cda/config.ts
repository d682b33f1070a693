/** Configuration of a CDA feed: a folder of XML documents. */
import { z } from 'zod';
import { folderConfig } from '../shared/folder-config.ts';

export const cdaConfig = z.strictObject({
  kind: z.literal('cda').describe('CDA documents (C-CDA, WS/T 500), one XML file each'),
  folder: folderConfig,
});

export type CdaConfig = z.infer<typeof cdaConfig>;
