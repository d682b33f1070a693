/** Configuration of a table feed that reads a view of a database. */
import { z } from 'zod';
import { filePath, secret } from '../../../core/config/fields.ts';
import { isDecoderLabel } from '../encoding.ts';

const column = z.string().min(1).max(128);

const tls = z
  .strictObject({
    mode: z
      .enum(['verify', 'encrypt', 'off'])
      .default('verify')
      .describe('`verify` checks the certificate; `encrypt` takes any; `off` sends password and rows in clear'),
    ca: filePath('Certificate (PEM) of the authority that signed that of the server').optional(),
  })
  .prefault({})
  .describe('Transport security');

const connection = z
  .strictObject({
    host: z.string().min(1).describe('Name or address of the database server'),
    port: z.int().min(1).max(65535).optional().describe('Port; default: that of the product'),
    database: z.string().min(1).describe('Name of the database; for Oracle the service name'),
    user: z.string().min(1).describe('Account with SELECT on the view and nothing else'),
    password: secret('Password of the account'),
    tls,
    connectTimeoutSeconds: z.number().min(0.1).max(600).default(10).describe('Longest wait for a connection'),
  })
  .describe('Where the database is');

export const sqlConfig = z
  .strictObject({
    driver: z
      .enum(['postgres', 'mysql', 'sqlserver', 'oracle', 'dm'])
      .describe('Product: `mysql` also reads MariaDB, `postgres` also KingbaseES, `dm` is 达梦'),
    connection,
    view: z
      .string()
      .regex(/^[\p{L}_][\p{L}\p{N}_$#]{0,127}(\.[\p{L}_][\p{L}\p{N}_$#]{0,127}){0,2}$/u, {
        error: 'a name such as schema.view; a query belongs into a view',
      })
      .describe('View or table as `schema.name`, spelt as the catalogue of the database spells it'),
    columns: z.array(column).min(1).optional().describe('Columns that make the item; default: all'),
    key: z.array(column).min(1).max(16).describe('Columns that together identify a row; none of them may be NULL'),
    watermark: column
      .optional()
      .describe(
        'Column that grows whenever a row is inserted or changed (time or whole number); without it the whole view is read at each poll',
      ),
    overlapSeconds: z
      .int()
      .min(0)
      .max(2_592_000)
      .default(300)
      .describe('Rows become visible at most this long after their watermark; each poll looks back so far'),
    overlapNumbers: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(1000)
      .describe('The same for a watermark that is a whole number'),
    pageRows: z.int().min(1).max(10_000).default(500).describe('Rows asked for in one query'),
    statementTimeoutSeconds: z.int().min(1).max(3600).default(60).describe('Longest run of one query at the server'),
    rowsPerSecond: z.int().min(1).max(1_000_000).default(2000).describe('Most rows taken from the server a second'),
    charset: z
      .string()
      .refine(isDecoderLabel, { error: 'not a character set that this machine can decode' })
      .optional()
      .describe('True character set of text where the database declares another, e.g. `gb18030` in a latin1 database'),
  })
  .describe('A view of a database');

export type SqlConfig = z.infer<typeof sqlConfig>;
