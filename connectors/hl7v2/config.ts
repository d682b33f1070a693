/** Configuration of an HL7 v2 feed: files in a folder, or messages pushed over MLLP. */
import { z } from 'zod';
import { filePath } from '../../core/config/fields.ts';
import { folderConfig } from '../shared/folder-config.ts';

const tlsConfig = z
  .strictObject({
    certFile: filePath('PEM file with the certificate of the bridge and its chain'),
    keyFile: filePath('PEM file with the private key of the bridge'),
    clientCaFile: filePath(
      'PEM file with the authorities of sender certificates; where given, a sender must show one (mutual TLS)',
    ).optional(),
  })
  .describe('TLS for the listener');

const mllpConfig = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on'),
    port: z.number().int().min(0).max(65_535).default(2575).describe('TCP port; 0 takes a free one'),
    tls: tlsConfig.optional(),
    idleSeconds: z
      .number()
      .min(0.05)
      .max(86_400)
      .default(300)
      .describe('A connection that sends nothing for so long is closed; half a message is then refused'),
    maxConnections: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(100)
      .describe('More connections than this are turned away'),
    messageBytes: z
      .number()
      .int()
      .min(1_024)
      .max(1_073_741_824)
      .default(67_108_864)
      .describe('Largest message that is accepted; a larger one is refused and the connection closed'),
  })
  .describe('Listen for messages (MLLP)');

export const hl7v2Config = z
  .strictObject({
    kind: z.literal('hl7v2').describe('HL7 v2 messages'),
    folder: folderConfig.optional().describe('Read messages from files; give this or `mllp`'),
    mllp: mllpConfig.optional().describe('Listen for messages; give this or `folder`'),
    charset: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Character set of all messages, whatever MSH-18 declares, e.g. `gb18030`, `8859/1`, `windows-1252`, `ISO IR87`',
      ),
  })
  .refine((feed) => (feed.folder === undefined) !== (feed.mllp === undefined), {
    error: 'an hl7v2 feed has exactly one of `folder` and `mllp`',
  });

export type Hl7v2Config = z.infer<typeof hl7v2Config>;
export type MllpConfig = z.infer<typeof mllpConfig>;
