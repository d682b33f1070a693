/** Configuration of a FHIR feed. */
import { z } from 'zod';
import { secret } from '../../core/config/fields.ts';

/** What a patient's record in an older FHIR server consists of. */
const DEFAULT_TYPES = [
  'Patient',
  'Practitioner',
  'Organization',
  'Encounter',
  'Condition',
  'AllergyIntolerance',
  'Immunization',
  'MedicationRequest',
  'Observation',
  'DiagnosticReport',
  'Procedure',
];

export const fhirConfig = z
  .strictObject({
    kind: z.literal('fhir').describe('A FHIR R4 server that is read by REST search'),
    baseUrl: z.url({ protocol: /^https?$/ }).describe('Base address, e.g. `https://his.example/fhir`'),
    resourceTypes: z
      .array(z.string().regex(/^[A-Z][A-Za-z]{1,63}$/))
      .min(1)
      .default(DEFAULT_TYPES)
      .describe('Types that are read, in this order; name what others refer to first'),
    pageSize: z.number().int().min(1).max(5_000).default(200).describe('Resources asked for in one page (`_count`)'),
    auth: z
      .strictObject({ bearer: secret('Bearer token; sent to the origin of `baseUrl` only') })
      .optional()
      .describe('Credentials, where the server asks for them'),
    allowedHosts: z
      .array(z.string().regex(/^[^/@\s]+$/))
      .default([])
      .describe('Other `host:port` that page links may name, e.g. behind a proxy; they get no credentials'),
    overlapSeconds: z
      .number()
      .int()
      .min(0)
      .max(86_400)
      .default(120)
      .describe('Resources may become visible this long after their `lastUpdated`; the next poll looks back so far'),
    requestTimeoutSeconds: z.number().min(0.1).max(3_600).default(60).describe('Longest wait for one page'),
    attempts: z.number().int().min(1).max(10).default(4).describe('Requests for one page before the read is put off'),
    maxPageBytes: z
      .number()
      .int()
      .min(1_024)
      .default(64 * 1024 * 1024)
      .describe('Largest page that is taken; lower `pageSize` if a server exceeds it'),
  })
  .describe('A FHIR R4 server');

export type FhirConfig = z.infer<typeof fhirConfig>;
