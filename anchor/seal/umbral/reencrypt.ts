/** Proxy re-encryption of Umbral packets: from one person to another, by proxies that read nothing. */

import { cannotOpen } from '../../../core/crypto/refusal.ts';
import type { PacketFields } from '../key-packet.ts';
import { withUmbral } from './library.ts';
import { boundSecret, refusing } from './packet.ts';

/** Compressed points, 33 bytes each. */
export interface Parties {
  /** Whose packets are re-encrypted. */
  readonly delegating: Uint8Array;
  /** Of the key that signs the fragments, the patient's. */
  readonly verifying: Uint8Array;
  /** Who is to read. */
  readonly receiving: Uint8Array;
}

/**
 * Fragments of the key from one person to another; `threshold` of them re-encrypt every packet of the first one.
 * @param secrets of the patient: the packets' key and the one that signs, 32 bytes each
 */
export function makeKeyFragments(
  secrets: { readonly delegating: Uint8Array; readonly signing: Uint8Array },
  receiving: Uint8Array,
  { threshold, shares }: { readonly threshold: number; readonly shares: number },
): Uint8Array[] {
  return withUmbral(({ PublicKey, SecretKey, Signer, generateKFrags }, keep) => {
    const to = keep(PublicKey.fromCompressedBytes(receiving));
    const from = keep(SecretKey.fromBEBytes(secrets.delegating));
    const signer = keep(new Signer(keep(SecretKey.fromBEBytes(secrets.signing))));
    return generateKFrags(from, to, signer, threshold, shares, true, true).map((fragment) => keep(fragment).toBytes());
  });
}

/**
 * What one proxy does with one packet.
 * @returns the capsule fragment
 * @throws BridgeError `seal.open` for a fragment that the patient did not sign for these parties
 */
export function reencrypt(packet: PacketFields, keyFragment: Uint8Array, parties: Parties): Uint8Array {
  return refusing(() =>
    withUmbral(({ Capsule, KeyFrag, PublicKey, reencrypt: work }, keep) => {
      const [verifying, delegating, receiving] = points(parties).map((one) => keep(PublicKey.fromCompressedBytes(one)));
      // `verify` frees what it is called on.
      const fragment = keep(KeyFrag.fromBytes(keyFragment).verify(verifying!, delegating!, receiving!));
      return keep(work(keep(Capsule.fromBytes(packet.capsule!)), fragment)).toBytes();
    }),
  );
}

/**
 * @param fragments of the same packet, at least the threshold
 * @param secret of the receiving person, 32 bytes
 * @returns the packet's secret
 * @throws BridgeError `seal.open` when a fragment was not made of this packet, or there are too few
 */
export function openReencrypted(
  { capsule: capsuleBytes, ct }: PacketFields,
  binder: Uint8Array,
  fragments: readonly Uint8Array[],
  secret: Uint8Array,
  parties: Parties,
): Uint8Array {
  if (!capsuleBytes || !ct) throw cannotOpen();
  const plaintext = refusing(() =>
    withUmbral(({ Capsule, CapsuleFrag, PublicKey, SecretKey, decryptReencrypted }, keep) => {
      const capsule = keep(Capsule.fromBytes(capsuleBytes));
      const [verifying, delegating, receiving] = points(parties).map((one) => keep(PublicKey.fromCompressedBytes(one)));
      const verified = fragments.map((bytes) =>
        keep(CapsuleFrag.fromBytes(bytes).verify(capsule, verifying!, delegating!, receiving!)),
      );
      return decryptReencrypted(keep(SecretKey.fromBEBytes(secret)), delegating!, capsule, verified, ct);
    }),
  );
  return boundSecret(plaintext, binder);
}

function points({ verifying, delegating, receiving }: Parties): Uint8Array[] {
  return [verifying, delegating, receiving];
}
