/** Encrypts everything that Temporal stores for us, and refuses what is too large to be a reference. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { BridgeError } from '../core/errors.ts';

/** Temporal itself warns from here on. */
export const MAX_PAYLOAD = 256 * 1024;

const ENCODING = Buffer.from('binary/dhc-aes-256-gcm');
const NONCE = 12;
const TAG = 16;

/** @param key 32 bytes, from the keystore */
export function dataConverter(key: Uint8Array): DataConverter {
  return {
    payloadCodecs: [payloadCodec(key)],
    failureConverterPath: fileURLToPath(new URL('./flows/failure-converter.ts', import.meta.url)),
  };
}

export function payloadCodec(key: Uint8Array): PayloadCodec {
  return {
    async encode(payloads) {
      return payloads.map((payload) => encrypt(key, payload));
    },
    async decode(payloads) {
      return payloads.map((payload) => decrypt(key, payload));
    },
  };
}

/** nonce (12) ‖ tag (16) ‖ AES-256-GCM of the payload's protobuf */
function encrypt(key: Uint8Array, payload: Payload): Payload {
  const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
  if (plain.length > MAX_PAYLOAD) {
    throw new BridgeError('item.internal', 'a workflow payload is larger than 256 KiB: it may only carry references');
  }
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(ENCODING);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { metadata: { encoding: ENCODING }, data: Buffer.concat([nonce, cipher.getAuthTag(), body]) };
}

function decrypt(key: Uint8Array, payload: Payload): Payload {
  const { metadata, data } = payload;
  if (!metadata?.encoding || !data || !ENCODING.equals(metadata.encoding)) return payload;
  const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, NONCE))
    .setAAD(ENCODING)
    .setAuthTag(data.subarray(NONCE, NONCE + TAG));
  const plain = Buffer.concat([decipher.update(data.subarray(NONCE + TAG)), decipher.final()]);
  return proto.temporal.api.common.v1.Payload.decode(plain);
}
