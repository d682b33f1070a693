import { readSecret } from '../config/fields.ts';
import type { BridgeConfig } from '../config/schema.ts';
import type { MasterWrap } from './master-wrap.ts';
import { pkcs11Wrap } from './pkcs11-wrap.ts';
import { vaultWrap } from './vault-wrap.ts';

/** The second lock that the config names, if any. @throws BridgeError `config.secret` */
export function configuredWrap({ pkcs11, vault }: BridgeConfig['keystore']): MasterWrap | undefined {
  if (pkcs11) return pkcs11Wrap({ ...pkcs11, pin: readSecret(pkcs11.pin) });
  if (vault) return vaultWrap({ ...vault, token: readSecret(vault.token) });
  return undefined;
}
