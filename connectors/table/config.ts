/** Configuration of a table feed: CSV files whose rows are the items. */
import { z } from 'zod';
import { folderConfig } from '../shared/folder-config.ts';

export const tableConfig = z.strictObject({
  kind: z.literal('table').describe('Rows of CSV files'),
  folder: folderConfig,
  encoding: z
    .string()
    .refine(isDecoderLabel, { error: 'not a character set that this machine can decode' })
    .default('utf-8')
    .describe('Character set of the files, as a WHATWG label: `utf-8`, `gb18030`, `utf-16le`, `windows-1252`'),
  delimiter: z
    .string()
    .regex(/^[\t\x20-\x21\x23-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]$/, { error: 'one ASCII sign such as , ; | or a tab' })
    .default(',')
    .describe('Sign between fields'),
  columns: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Names of the columns in order, for files without a header line; else the first line names them'),
  key: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Columns that together identify a row within its file; without them the row number does'),
});

export type TableConfig = z.infer<typeof tableConfig>;

function isDecoderLabel(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}
