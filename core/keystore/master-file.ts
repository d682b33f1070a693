/**
 * The keystore file, version 1: JSON, mode 0600, written once.
 *
 * | field | content |
 * | --- | --- |
 * | `version` | 1 |
 * | `kdf` | `{name: "scrypt", N, r, p, salt}` (RFC 7914), salt 32 bytes |
 * | `cipher` | `{name: "aes-256-gcm", nonce}`, nonce 12 bytes; the JSON of `[version, kdf, cipher]` is its AAD |
 * | `sealed` | master secret (32 bytes) and tag (16 bytes) |
 *
 * Bytes are base64. The passphrase is taken as UTF-8 after Unicode NFC.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { BridgeError } from '../errors.ts';
import { createDurably } from './durable-file.ts';

const MASTER_LENGTH = 32;
const TAG_LENGTH = 16;
/** 128 MiB and some tenths of a second for each guess. */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;

const bytes = (length: number) =>
  z.base64().refine((text) => Buffer.from(text, 'base64').length === length, { message: 'length' });

const MasterFile = z.strictObject({
  version: z.literal(1),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    // Bounded, so that a file cannot ask for all memory.
    N: z.union([z.literal(2 ** 15), z.literal(2 ** 16), z.literal(2 ** 17), z.literal(2 ** 18), z.literal(2 ** 19)]),
    r: z.literal(8),
    p: z.literal(1),
    salt: bytes(32),
  }),
  cipher: z.strictObject({ name: z.literal('aes-256-gcm'), nonce: bytes(12) }),
  sealed: bytes(MASTER_LENGTH + TAG_LENGTH),
});
type MasterFile = z.infer<typeof MasterFile>;

export function drawMaster(): Uint8Array {
  return randomBytes(MASTER_LENGTH);
}

/** @throws BridgeError `keystore.exists` */
export async function writeMaster(path: string, passphrase: string, master: Uint8Array): Promise<void> {
  const open = {
    version: 1 as const,
    kdf: { name: 'scrypt' as const, ...COST, salt: randomBytes(32).toString('base64') },
    cipher: { name: 'aes-256-gcm' as const, nonce: randomBytes(12).toString('base64') },
  };
  const key = await derive(passphrase, open.kdf);
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.from(open.cipher.nonce, 'base64')).setAAD(aad(open));
  const sealed = Buffer.concat([cipher.update(master), cipher.final(), cipher.getAuthTag()]).toString('base64');
  await createDurably(path, `${JSON.stringify({ ...open, sealed }, null, 2)}\n`);
}

/** @throws BridgeError `keystore.missing`, `keystore.format`, `keystore.locked` */
export async function readMaster(path: string, passphrase: string): Promise<Uint8Array> {
  const file = await readMasterFile(path);
  const key = await derive(passphrase, file.kdf);
  const sealed = Buffer.from(file.sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(file.cipher.nonce, 'base64'))
    .setAAD(aad(file))
    .setAuthTag(sealed.subarray(MASTER_LENGTH));
  const master = decipher.update(sealed.subarray(0, MASTER_LENGTH));
  try {
    decipher.final();
  } catch {
    throw new BridgeError('keystore.locked', 'the passphrase does not open the keystore');
  }
  return master;
}

async function readMasterFile(path: string): Promise<MasterFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new BridgeError('keystore.missing', `there is no keystore at ${path}`);
    }
    throw new BridgeError('keystore.format', `the keystore at ${path} cannot be read`, { cause: error });
  }
  try {
    return MasterFile.parse(JSON.parse(text));
  } catch (error) {
    throw new BridgeError('keystore.format', `${path} is not a keystore of version 1`, { cause: error });
  }
}

function aad({ version, kdf, cipher }: Pick<MasterFile, 'version' | 'kdf' | 'cipher'>): Uint8Array {
  const { name, N, r, p, salt } = kdf;
  return Buffer.from(JSON.stringify([version, { name, N, r, p, salt }, { name: cipher.name, nonce: cipher.nonce }]));
}

function derive(passphrase: string, { N, r, p, salt }: MasterFile['kdf']): Promise<Buffer> {
  const maxmem = 256 * N * r;
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), Buffer.from(salt, 'base64'), 32, { N, r, p, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
