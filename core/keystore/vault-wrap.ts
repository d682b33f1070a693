/** The master secret under a key of Vault's transit engine (HTTP API v1: `<mount>/encrypt/<key>`, `<mount>/decrypt/<key>`). */
import { BridgeError } from '../errors.ts';
import type { MasterWrap } from './master-wrap.ts';

export interface VaultOptions {
  readonly address: string;
  readonly mount: string;
  readonly key: string;
  /** The token itself. */
  readonly token: string;
  /** Default 10 s. */
  readonly timeoutMs?: number;
}

export function vaultWrap(options: VaultOptions): MasterWrap {
  const call = (action: 'encrypt' | 'decrypt', body: object) => post(options, action, body);
  return {
    name: `vault:${options.mount}/${options.key}`,
    async wrap(secret) {
      const { ciphertext } = await call('encrypt', { plaintext: Buffer.from(secret).toString('base64') });
      if (typeof ciphertext !== 'string' || !ciphertext.startsWith('vault:')) throw malformed();
      return Buffer.from(ciphertext, 'utf8');
    },
    async unwrap(wrapped) {
      const { plaintext } = await call('decrypt', { ciphertext: Buffer.from(wrapped).toString('utf8') });
      if (typeof plaintext !== 'string') throw malformed();
      return Buffer.from(plaintext, 'base64');
    },
  };
}

async function post(
  { address, mount, key, token, timeoutMs = 10_000 }: VaultOptions,
  action: string,
  body: object,
): Promise<Record<string, unknown>> {
  const path = [mount, action, key].map(encodeURIComponent).join('/');
  let answer: Response;
  let reply: { data?: Record<string, unknown> } | null;
  try {
    answer = await fetch(new URL(`/v1/${path}`, address), {
      method: 'POST',
      headers: { 'x-vault-token': token, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      // A token must not follow to another host.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    reply = (await answer.json().catch(() => null)) as typeof reply;
  } catch (cause) {
    throw unreachable(cause);
  }
  // 503 is a sealed Vault, 429 and 5xx pass by themselves; the others are decisions.
  if (answer.status >= 500 || answer.status === 429) throw unreachable();
  if (!answer.ok) {
    throw new BridgeError('keystore.locked', `Vault refused the keystore's key with status ${answer.status}`, {
      hint: 'check keystore.vault: the token, its policy (update on encrypt and decrypt of the key) and the name of the key',
    });
  }
  if (!reply?.data) throw malformed();
  return reply.data;
}

function unreachable(cause?: unknown): BridgeError {
  return new BridgeError('service.unreachable', 'Vault does not answer, or is sealed', {
    hint: 'check keystore.vault.address and that Vault is unsealed',
    cause,
  });
}

function malformed(): BridgeError {
  return new BridgeError('keystore.locked', "Vault's answer is not that of a transit engine", {
    hint: 'check keystore.vault.mount and keystore.vault.key',
  });
}
