/** Configuration of an imaging feed: a folder of instances, or an archive that speaks DICOMweb. */
import { z } from 'zod';
import { secret } from '../../core/config/fields.ts';
import { folderConfig } from '../shared/folder-config.ts';

const day = (description: string) =>
  z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/)
    .describe(description);

export const dicomwebConfig = z
  .strictObject({
    baseUrl: z.url({ protocol: /^https?$/ }).describe('DICOMweb root, e.g. `https://pacs.example/dicom-web`'),
    auth: z
      .strictObject({ bearer: secret('Bearer token; sent to the origin of `baseUrl` only') })
      .optional()
      .describe('Credentials, where the archive asks for them'),
    from: day('First study date that is read; without it the archive is asked for its oldest').optional(),
    until: day('Last study date that is read; without it up to today').optional(),
    recheckDays: z
      .number()
      .int()
      .min(1)
      .max(3_650)
      .default(14)
      .describe('Studies of the last days are looked at again at each poll: images and reports arrive late'),
    fullRoundDays: z
      .number()
      .int()
      .min(1)
      .max(3_650)
      .default(7)
      .describe('All dates are gone through again after so many days: old studies may be imported, or have no date'),
    pageSize: z.number().int().min(1).max(10_000).default(200).describe('Studies or instances asked for in one query'),
    requestTimeoutSeconds: z
      .number()
      .min(0.1)
      .max(3_600)
      .default(120)
      .describe('Longest wait for an answer to begin and between two chunks of it; archives recall from tape'),
    attempts: z.number().int().min(1).max(10).default(4).describe('Requests for one answer before the read is put off'),
    allowedHosts: z
      .array(z.string().regex(/^[^/@\s]+$/))
      .default([])
      .describe('Other `host:port` that redirects may name; they get no credentials'),
  })
  .describe('An archive that speaks DICOMweb (QIDO-RS, WADO-RS)');

export type DicomwebConfig = z.infer<typeof dicomwebConfig>;

export const dicomConfig = z
  .strictObject({
    kind: z.literal('dicom').describe('Imaging studies from a folder or from an archive by DICOMweb'),
    folder: folderConfig.optional().describe('A folder of DICOM files in any layout; give this or `dicomweb`'),
    dicomweb: dicomwebConfig.optional(),
  })
  .refine((config) => (config.folder === undefined) !== (config.dicomweb === undefined), {
    error: 'give either `folder` or `dicomweb`',
  })
  .refine((config) => config.folder?.afterRead !== 'archive', {
    path: ['folder', 'afterRead'],
    error: 'studies are left where they are: one study may be spread over many files that are still to come',
  })
  .describe('Imaging studies');

export type DicomConfig = z.infer<typeof dicomConfig>;
