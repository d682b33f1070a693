/**
 * A second lock on the master secret, beside the passphrase: a key that does not leave a token (PKCS#11) or a server
 * (Vault). The keystore file holds what `wrap` gave; a stolen file and passphrase are of no use without it.
 */
export interface MasterWrap {
  /** Written in the keystore file, e.g. `pkcs11:dhc-master`; another one is refused. */
  readonly name: string;
  /** @throws BridgeError `keystore.locked`, `service.unreachable`, `service.missing` */
  wrap(secret: Uint8Array): Promise<Uint8Array>;
  /** @throws BridgeError `keystore.locked`, `service.unreachable`, `service.missing` */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}
