/**
 * The keystore file: JSON, mode 0600, written once. Version 1, or version 2 where a token or server is a second lock.
 *
 * | field | content |
 * | --- | --- |
 * | `version` | 1 or 2 |
 * | `kdf` | `{name: "scrypt", N, r, p, salt}` (RFC 7914), salt 32 bytes |
 * | `cipher` | `{name: "aes-256-gcm", nonce}`, nonce 12 bytes; the JSON of `[version, kdf, cipher]` is its AAD |
 * | `sealed` | master secret (32 bytes), in version 2 what the wrap made of it, and tag (16 bytes) |
 * | `wrap` | version 2: name of the wrap; part of the AAD after `cipher` |
 *
 * Bytes are base64. The passphrase is taken as UTF-8 after Unicode NFC.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { BridgeError } from '../errors.ts';
import { createDurably } from './durable-file.ts';
import type { MasterWrap } from './master-wrap.ts';

const MASTER_LENGTH = 32;
const TAG_LENGTH = 16;
/** Base64 digits; Vault's answer for 32 bytes has about 100 bytes. */
const MAX_SEALED = 8192;
/** 128 MiB and some tenths of a second for each guess. */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;

const bytes = (length: number) =>
  z.base64().refine((text) => Buffer.from(text, 'base64').length === length, { message: 'length' });

const common = {
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    // Bounded, so that a file cannot ask for all memory.
    N: z.union([z.literal(2 ** 15), z.literal(2 ** 16), z.literal(2 ** 17), z.literal(2 ** 18), z.literal(2 ** 19)]),
    r: z.literal(8),
    p: z.literal(1),
    salt: bytes(32),
  }),
  cipher: z.strictObject({ name: z.literal('aes-256-gcm'), nonce: bytes(12) }),
};
const MasterFile = z.discriminatedUnion('version', [
  z.strictObject({ version: z.literal(1), ...common, sealed: bytes(MASTER_LENGTH + TAG_LENGTH) }),
  z.strictObject({
    version: z.literal(2),
    ...common,
    sealed: z.base64().max(MAX_SEALED),
    wrap: z.string().min(1).max(200),
  }),
]);
type MasterFile = z.infer<typeof MasterFile>;

export function drawMaster(): Uint8Array {
  return randomBytes(MASTER_LENGTH);
}

/** @throws BridgeError `keystore.exists`; what the wrap throws */
export async function writeMaster(
  path: string,
  passphrase: string,
  master: Uint8Array,
  wrap?: MasterWrap,
): Promise<void> {
  const kdf = { name: 'scrypt' as const, ...COST, salt: randomBytes(32).toString('base64') };
  const cipher_ = { name: 'aes-256-gcm' as const, nonce: randomBytes(12).toString('base64') };
  const open = wrap
    ? { version: 2 as const, kdf, cipher: cipher_, wrap: wrap.name }
    : { version: 1 as const, kdf, cipher: cipher_ };
  const secret = wrap ? await wrap.wrap(master) : master;
  const key = await derive(passphrase, kdf);
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.from(cipher_.nonce, 'base64')).setAAD(aad(open));
  const sealed = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]).toString('base64');
  await createDurably(path, `${JSON.stringify({ ...open, sealed }, null, 2)}\n`);
}

/**
 * @param wrap the one that the file was written with
 * @throws BridgeError `keystore.missing`, `keystore.format`, `keystore.locked`; what the wrap throws
 */
export async function readMaster(path: string, passphrase: string, wrap?: MasterWrap): Promise<Uint8Array> {
  const file = await readMasterFile(path);
  const wrapped = file.version === 2 ? file.wrap : undefined;
  if (wrapped !== wrap?.name) {
    throw new BridgeError('keystore.locked', 'the keystore was made with another second lock than the config names', {
      hint: wrapped ? `configure keystore for ${wrapped}` : 'take keystore.pkcs11 and keystore.vault out of the config',
    });
  }
  const key = await derive(passphrase, file.kdf);
  const sealed = Buffer.from(file.sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(file.cipher.nonce, 'base64'))
    .setAAD(aad(file))
    .setAuthTag(sealed.subarray(-TAG_LENGTH));
  const secret = decipher.update(sealed.subarray(0, -TAG_LENGTH));
  try {
    decipher.final();
  } catch {
    throw new BridgeError('keystore.locked', 'the passphrase does not open the keystore');
  }
  const master = wrap ? new Uint8Array(await wrap.unwrap(secret)) : secret;
  if (master.length !== MASTER_LENGTH) throw new BridgeError('keystore.locked', 'the second lock gave another secret');
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
    throw new BridgeError('keystore.format', `${path} is not a keystore of a known version`, { cause: error });
  }
}

function aad(file: Pick<MasterFile, 'version' | 'kdf' | 'cipher'> & { readonly wrap?: string }): Uint8Array {
  const { name, N, r, p, salt } = file.kdf;
  const fields = [file.version, { name, N, r, p, salt }, { name: file.cipher.name, nonce: file.cipher.nonce }];
  return Buffer.from(JSON.stringify(file.wrap === undefined ? fields : [...fields, file.wrap]));
}

function derive(passphrase: string, { N, r, p, salt }: MasterFile['kdf']): Promise<Buffer> {
  const maxmem = 256 * N * r;
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), Buffer.from(salt, 'base64'), 32, { N, r, p, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
