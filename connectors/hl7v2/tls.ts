/** TLS settings of the listener from its files. */
import { readFile } from 'node:fs/promises';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { BridgeError } from '../../core/errors.ts';
import type { MllpConfig } from './config.ts';

type TlsConfig = NonNullable<MllpConfig['tls']>;

/** @throws BridgeError `source.missing` for a file that cannot be read, `config.invalid` where they do not fit */
export async function tlsContext({ certFile, keyFile, clientCaFile }: TlsConfig): Promise<TlsOptions> {
  const files = {
    cert: await pem(certFile, 'certFile'),
    key: await pem(keyFile, 'keyFile'),
    ...(clientCaFile === undefined ? {} : { ca: await pem(clientCaFile, 'clientCaFile') }),
  };
  try {
    createSecureContext(files);
  } catch (cause) {
    throw new BridgeError('config.invalid', 'certificate and key are no PEM or do not belong together', { cause });
  }
  const mutual = clientCaFile === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  return { ...files, ...mutual, minVersion: 'TLSv1.2' };
}

async function pem(path: string, name: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new BridgeError('source.missing', `tls.${name} cannot be read`, { cause });
  }
}
