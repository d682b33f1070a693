import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { BridgeError } from '../errors.ts';

const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** AES-256-GCM: nonce ‖ ciphertext ‖ tag. @param place what the box is bound to */
export function sealBox(key: Uint8Array, place: string, secret: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
  return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
}

/** @throws BridgeError `keystore.format` when the box is of another keystore or place */
export function openBox(key: Uint8Array, place: string, box: Uint8Array | undefined): Uint8Array {
  try {
    if (box === undefined || box.length < NONCE_LENGTH + TAG_LENGTH) throw new RangeError('length');
    const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, NONCE_LENGTH))
      .setAAD(Buffer.from(place))
      .setAuthTag(box.subarray(-TAG_LENGTH));
    return Buffer.concat([decipher.update(box.subarray(NONCE_LENGTH, -TAG_LENGTH)), decipher.final()]);
  } catch (error) {
    throw new BridgeError('keystore.format', 'the table of salts belongs to another keystore or was changed', {
      cause: error,
    });
  }
}
