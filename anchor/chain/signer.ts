/** Who signs. The key may live elsewhere (a PKCS#11 token): only a digest goes out and a signature comes back. */
import { computeAddress, SigningKey } from 'ethers';
import { BridgeError } from '../../core/errors.ts';

export interface Signer {
  /** Checksummed. */
  readonly address: string;
  /**
   * @param digest 32 bytes
   * @returns r and s as 0x-hex of 32 bytes, s in the lower half (EIP-2)
   */
  sign(digest: Uint8Array): Promise<{ r: string; s: string; yParity: 0 | 1 }>;
}

/**
 * @param privateKey 32 bytes, or 0x-hex of them
 * @throws BridgeError `config.invalid`
 */
export function privateKeySigner(privateKey: string | Uint8Array): Signer {
  const key = readKey(privateKey);
  return {
    address: computeAddress(key.publicKey),
    async sign(digest) {
      const { r, s, yParity } = key.sign(digest);
      return { r, s, yParity };
    },
  };
}

function readKey(privateKey: string | Uint8Array): SigningKey {
  try {
    const key = new SigningKey(privateKey);
    // Only now is it seen whether the number lies on the curve's order.
    computeAddress(key.publicKey);
    return key;
  } catch {
    throw new BridgeError('config.invalid', "the signer's key is no private key of 32 bytes in 0x-hex");
  }
}
