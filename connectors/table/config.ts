/** Configuration of a table feed: files of records, or a view of a database. */
import { z } from 'zod';
import { folderConfig } from '../shared/folder-config.ts';
import { isDecoderLabel } from './encoding.ts';
import { sqlConfig } from './sql/config.ts';

const recordFolder = folderConfig.safeExtend({
  format: z.enum(['csv', 'json', 'ndjson', 'xml']).default('csv').describe('`json` is one array of records a file'),
  record: z
    .string()
    .regex(/^[^/\s]+(\/[^/\s]+)*$/, { error: 'names of elements from the root on, e.g. ROWDATA/ROW' })
    .optional()
    .describe('For `xml`: the elements that are records, by their names from the root on, e.g. `ROWDATA/ROW`'),
});

export const tableConfig = z
  .strictObject({
    kind: z.literal('table').describe('Rows of files or of a database'),
    folder: recordFolder.optional().describe('A folder of files with records; give this or `sql`'),
    sql: sqlConfig.optional(),
    encoding: z
      .string()
      .refine(isDecoderLabel, { error: 'not a character set that this machine can decode' })
      .default('utf-8')
      .describe('Character set of the files, as a WHATWG label: `utf-8`, `gb18030`, `utf-16le`, `windows-1252`'),
    delimiter: z
      .string()
      .regex(/^[\t\x20-\x21\x23-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]$/, { error: 'one ASCII sign such as , ; | or a tab' })
      .default(',')
      .describe('Sign between fields of a CSV file'),
    columns: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Names of the columns in order, for CSV files without a header line; else the first line names them'),
    key: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Columns that together identify a row within its file; without them the row number does'),
  })
  .refine((config) => (config.folder === undefined) !== (config.sql === undefined), {
    error: 'give either `folder` or `sql`',
  })
  .refine(({ folder }) => (folder?.format === 'xml') === (folder?.record !== undefined), {
    path: ['folder', 'record'],
    error: '`record` belongs to `format: xml`: give both or neither',
  });

export type TableConfig = z.infer<typeof tableConfig>;
export type RecordFolder = NonNullable<TableConfig['folder']>;
