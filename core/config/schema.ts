/** The one config file, `version: 1`. Validation, `dhc config schema` and the docs all come from here. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { filePath, secret } from './fields.ts';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'lower-case letters, digits and hyphens, beginning with a letter' });
const port = z.int().min(1).max(65535);
const timezone = z.string().refine(isTimezone, { error: 'an IANA time zone such as Asia/Shanghai' });

const hospital = z.strictObject({
  id: name.describe('Short stable id of the hospital; part of every record id, never changed afterwards'),
  name: z.string().min(1).describe('Name for people'),
  timezone: timezone.describe('Zone of times that carry no offset, e.g. Asia/Shanghai'),
  patientSystem: z
    .string()
    .min(1)
    .optional()
    .describe("Identifier system (URI) of the hospital's own patient numbers; records are owned by it where present"),
  assigners: z
    .record(z.string(), z.string())
    .default({})
    .describe('Assigning authority as it stands in messages → identifier system (URI)'),
});

const services = z.strictObject({
  temporal: z
    .strictObject({
      address: z
        .string()
        .optional()
        .describe('host:port of a running Temporal frontend; without it an embedded dev server is started'),
      namespace: z.string().default('default').describe('Temporal namespace'),
      port: port.optional().describe('Port of the embedded server; default: a free one'),
    })
    .prefault({})
    .describe('Orchestration: Temporal'),
  kubo: z
    .strictObject({
      api: z
        .url()
        .optional()
        .describe('RPC address of a running Kubo node; without it an embedded private one is started'),
      port: port.optional().describe('RPC port of the embedded node; default: a free one'),
      replicas: z
        .array(z.url())
        .default([])
        .describe('RPC addresses of further Kubo nodes; each gets a copy of every batch'),
      pinning: z
        .array(
          z.strictObject({
            endpoint: z.url().describe('Base address of the service'),
            token: secret('Bearer token of the service'),
          }),
        )
        .default([])
        .describe('Services that speak the IPFS Pinning Service API; each is told to pin every batch'),
      required: z
        .int()
        .min(1)
        .default(1)
        .describe('Places, the first node among them, that must have a batch before it is anchored'),
      archiveDays: z
        .int()
        .min(0)
        .optional()
        .describe('Days after an anchor became final that the CAR file of a batch is kept; default: for ever'),
    })
    .refine(({ replicas, pinning, required }) => required <= 1 + replicas.length + pinning.length, {
      error: 'more copies are required than there are places',
      path: ['required'],
    })
    .prefault({})
    .describe('Content: IPFS by Kubo'),
  chain: z
    .strictObject({
      rpc: z
        .url()
        .optional()
        .describe('JSON-RPC address of an EVM chain; without it an embedded development chain is started'),
      chainId: z.int().positive().optional().describe('Chain id that the RPC must serve; refused otherwise'),
      contract: z
        .string()
        .regex(/^0x[0-9a-fA-F]{40}$/)
        .optional()
        .describe(
          'Address of the deployed HealthIndex; on the embedded chain the contracts of an alliance are deployed',
        ),
      consent: z
        .string()
        .regex(/^0x[0-9a-fA-F]{40}$/)
        .optional()
        .describe(
          'Address of the deployed Consent contract, for `dhc share`; known where the contracts were deployed by the bridge',
        ),
      signer: secret("Private key of the hospital's account (0x-hex)").optional(),
      confirmations: z
        .int()
        .min(1)
        .max(1000)
        .default(2)
        .describe('Blocks on top of the including one before an anchor counts as final'),
      port: port.optional().describe('Port of the embedded chain; default: a free one'),
    })
    .prefault({})
    .describe('Anchors: an EVM chain'),
});

const limits = z.strictObject({
  batchItems: z.int().min(1).max(4000).default(250).describe('Items a batch'),
  batchBytes: z.int().min(1024).default(33_554_432).describe('Bytes of items a batch, parts not counted'),
  itemBytes: z
    .int()
    .min(1024)
    .default(16_777_216)
    .describe('Largest item that is read whole; larger ones become dead letters'),
});

const schedule = z.strictObject({
  every: z
    .string()
    .regex(/^\d+(s|m|h|d)$/)
    .optional()
    .describe('Interval such as 15m'),
  cron: z.string().optional().describe('Cron expression in the hospital\'s zone, e.g. "0 22 * * *"'),
});

const keystore = z
  .strictObject({
    passphrase: secret('Passphrase of the keystore file; with pkcs11 or vault a second lock beside theirs'),
    pkcs11: z
      .strictObject({
        library: filePath("The token's PKCS#11 library, e.g. /usr/lib/softhsm/libsofthsm2.so"),
        token: z.string().min(1).describe('Label of the token'),
        key: z
          .string()
          .min(1)
          .default('dhc-master')
          .describe('Label of the AES-256 key in the token; made at first use'),
        pin: secret('User PIN of the token'),
      })
      .optional()
      .describe('The master secret is wrapped by a key that does not leave a hardware token (PKCS#11)'),
    vault: z
      .strictObject({
        address: z.url().describe('Base URL of HashiCorp Vault or OpenBao'),
        mount: z.string().min(1).default('transit').describe('Where the transit engine is mounted'),
        key: z.string().min(1).default('dhc-master').describe('Name of the transit key'),
        token: secret('Vault token with encrypt and decrypt on that key'),
      })
      .optional()
      .describe("The master secret is wrapped by Vault's transit engine"),
  })
  .refine(({ pkcs11, vault }) => !(pkcs11 && vault), { error: 'pkcs11 or vault, not both' });

const sealing = z.strictObject({
  keyPacket: z
    .enum(['hpke', 'umbral'])
    .default('hpke')
    .describe(
      'Key packets of new records: hpke (RFC 9180), or umbral, which a proxy can re-encrypt; both are always opened',
    ),
});

/** What the loader returns; feeds carry the config of their connector. */
export interface BridgeConfig {
  readonly version: 1;
  readonly hospital: z.infer<typeof hospital>;
  /** Absolute path. */
  readonly data: string;
  readonly keystore: z.infer<typeof keystore>;
  readonly sealing: z.infer<typeof sealing>;
  readonly services: z.infer<typeof services>;
  readonly limits: z.infer<typeof limits>;
  readonly http?: { readonly host: string; readonly port: number };
  readonly feeds: Readonly<Record<string, FeedConfig>>;
}

export interface FeedConfig {
  readonly kind: string;
  readonly enabled: boolean;
  readonly schedule?: z.infer<typeof schedule>;
  /** Absolute path. */
  readonly map?: string;
  readonly [key: string]: unknown;
}

/** @param kinds config schemas of the registered connectors, each a strict object with a literal `kind` */
export function configSchema(kinds: readonly z.ZodObject[]) {
  const feeds = kinds.map((kind) =>
    kind.safeExtend({
      enabled: z.boolean().default(true).describe('false keeps the feed in the config without running it'),
      map: filePath(
        'Map of this feed (docs/mapping-language.md), relative to this file; without it the shipped maps',
      ).optional(),
      schedule: schedule.optional().describe('When the bridge reads this feed by itself'),
    }),
  );
  return z.strictObject({
    version: z.literal(1).describe("Version of this file's form"),
    hospital: hospital.describe('Who we are'),
    data: filePath('Folder for journal, spool, keystore and the embedded services; relative to this file').default(
      'data',
    ),
    keystore: keystore.describe("The hospital's keys"),
    sealing: sealing.prefault({}).describe('How records are sealed'),
    services: services
      .prefault({})
      .describe('Where the real parts are; whatever is left out is started on this machine'),
    limits: limits.prefault({}).describe('Bounds of memory and batches'),
    http: z
      .strictObject({
        host: z.string().default('127.0.0.1').describe('Address to listen on'),
        port: port.default(9480).describe('Port of /metrics and /health'),
      })
      .optional()
      .describe('Metrics and health over HTTP; off where left out'),
    feeds: z
      .record(name, z.discriminatedUnion('kind', feeds as unknown as [z.ZodObject]))
      .describe('The sources, by name'),
  });
}

function isTimezone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return !isAbsolute(value);
  } catch {
    return false;
  }
}
