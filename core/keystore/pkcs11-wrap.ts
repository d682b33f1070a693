/**
 * The master secret under an AES-256 key that does not leave a PKCS#11 token (CKM_AES_GCM; PKCS #11 v2.40). The package
 * `pkcs11js` is optional and loaded only here.
 */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as Pkcs11 from 'pkcs11js';
import { BridgeError } from '../errors.ts';
import type { MasterWrap } from './master-wrap.ts';

export interface Pkcs11Options {
  /** Path of the token's library. */
  readonly library: string;
  /** Label of the token. */
  readonly token: string;
  /** Label of the AES key; made in the token at the first wrapping. */
  readonly key: string;
  readonly pin: string;
}

type Package = typeof Pkcs11;

interface Session {
  readonly lib: Package;
  readonly module: Pkcs11.PKCS11;
  readonly handle: Pkcs11.Handle;
}

const NONCE_LENGTH = 12;
const TAG_BITS = 128;
/** Room for what is wrapped: 32 bytes, nonce and tag. */
const OUTPUT = 256;

export function pkcs11Wrap(options: Pkcs11Options): MasterWrap {
  const name = `pkcs11:${options.key}`;
  return {
    name,
    async wrap(secret) {
      return withSession(options, (session) => {
        const nonce = randomBytes(NONCE_LENGTH);
        const key = findKey(session, options.key) ?? makeKey(session, options.key);
        session.module.C_EncryptInit(session.handle, mechanism(session, name, nonce), key);
        const sealed = session.module.C_Encrypt(session.handle, Buffer.from(secret), Buffer.alloc(OUTPUT));
        return Buffer.concat([nonce, sealed]);
      });
    },
    async unwrap(wrapped) {
      return withSession(options, (session) => {
        const key = findKey(session, options.key);
        if (!key) throw locked('the token does not have the key of the keystore');
        session.module.C_DecryptInit(
          session.handle,
          mechanism(session, name, Buffer.from(wrapped.subarray(0, NONCE_LENGTH))),
          key,
        );
        return session.module.C_Decrypt(
          session.handle,
          Buffer.from(wrapped.subarray(NONCE_LENGTH)),
          Buffer.alloc(OUTPUT),
        );
      });
    },
  };
}

function withSession<T>(options: Pkcs11Options, use: (session: Session) => T): T {
  const lib = loadPackage();
  const module = new lib.PKCS11();
  try {
    module.load(options.library);
    module.C_Initialize();
  } catch (cause) {
    module.close();
    throw new BridgeError('service.unreachable', 'the PKCS#11 library cannot be used', {
      hint: 'check keystore.pkcs11.library and that the token is attached',
      cause,
    });
  }
  try {
    const slot = module.C_GetSlotList(true).find((one) => module.C_GetTokenInfo(one).label.trim() === options.token);
    if (!slot) throw locked('there is no token of that label');
    const handle = module.C_OpenSession(slot, lib.CKF_SERIAL_SESSION | lib.CKF_RW_SESSION);
    module.C_Login(handle, lib.CKU_USER, options.pin);
    return use({ lib, module, handle });
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw locked('the token refused the keystore', error);
  } finally {
    module.C_Finalize();
    module.close();
  }
}

function loadPackage(): Package {
  try {
    return createRequire(import.meta.url)('pkcs11js') as Package;
  } catch (cause) {
    throw new BridgeError('service.missing', 'the package pkcs11js is not installed', {
      hint: 'npm install pkcs11js; it is built with a C++ compiler',
      cause,
    });
  }
}

/** The name is authenticated: what was wrapped for another place is refused. */
function mechanism({ lib }: Session, name: string, iv: Buffer): Pkcs11.Mechanism {
  const parameter = {
    type: lib.CK_PARAMS_AES_GCM,
    iv,
    ivBits: iv.length * 8,
    aad: Buffer.from(name),
    tagBits: TAG_BITS,
  };
  return { mechanism: lib.CKM_AES_GCM, parameter: parameter as unknown as Pkcs11.AesGCM };
}

function findKey({ lib, module, handle }: Session, label: string): Pkcs11.Handle | undefined {
  module.C_FindObjectsInit(handle, [
    { type: lib.CKA_CLASS, value: lib.CKO_SECRET_KEY },
    { type: lib.CKA_LABEL, value: label },
  ]);
  try {
    return module.C_FindObjects(handle, 1)[0];
  } finally {
    module.C_FindObjectsFinal(handle);
  }
}

function makeKey({ lib, module, handle }: Session, label: string): Pkcs11.Handle {
  return module.C_GenerateKey(handle, { mechanism: lib.CKM_AES_KEY_GEN }, [
    { type: lib.CKA_LABEL, value: label },
    { type: lib.CKA_VALUE_LEN, value: 32 },
    { type: lib.CKA_TOKEN, value: true },
    { type: lib.CKA_PRIVATE, value: true },
    { type: lib.CKA_SENSITIVE, value: true },
    { type: lib.CKA_EXTRACTABLE, value: false },
    { type: lib.CKA_ENCRYPT, value: true },
    { type: lib.CKA_DECRYPT, value: true },
  ]);
}

function locked(what: string, cause?: unknown): BridgeError {
  return new BridgeError('keystore.locked', what, {
    hint: 'check keystore.pkcs11: label and PIN of the token, label of the key',
    cause,
  });
}
