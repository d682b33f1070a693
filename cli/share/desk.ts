/** A hospital at the alliance's Consent contract: opened for one command. */
import { privateKeySigner, type Signer } from '../../anchor/chain/signer.ts';
import { ConsentDesk } from '../../anchor/consent/desk.ts';
import { readSecret } from '../../core/config/fields.ts';
import type { BridgeConfig } from '../../core/config/schema.ts';
import { BridgeError } from '../../core/errors.ts';
import { type CustodyKeys, HOSPITAL_REF } from '../../core/keystore/keystore.ts';
import { embeddedSigner } from '../../services/index.ts';
import type { BridgeChain } from '../../workflows/chain.ts';
import type { Context } from '../context.ts';
import { type Opened, open } from '../open.ts';
import type { ExitCode } from '../output.ts';

export interface Desk {
  readonly bridge: Opened['bridge'];
  readonly chain: BridgeChain;
  /** RPC of the hospital's own IPFS node. */
  readonly kuboApi: string;
  /** A development chain of this machine, where money is made. */
  readonly embedded: boolean;
  readonly desk: ConsentDesk;
  /** The Consent contract. */
  readonly consent: string;
  readonly signer: Signer;
  /** The hospital's own, of the ref `hospital`. */
  readonly keys: CustodyKeys;
  readonly signal: AbortSignal;
}

/** @throws BridgeError `config.invalid` where the chain is another's and the contract is not configured */
export async function atDesk(context: Context, use: (desk: Desk) => Promise<ExitCode>): Promise<ExitCode> {
  const config = await context.config();
  const opened = await open(config, 'services', (line) => context.out.progress(line, line));
  try {
    const { bridge } = opened;
    const chain = await bridge.chain();
    const { rpc, chainId, consent, confirmations: finality } = chain;
    if (!consent)
      throw new BridgeError('config.invalid', 'services.chain.consent is not set', {
        hint: "give the address of the alliance's Consent contract",
      });
    const signer = accountOf(config);
    const desk = new ConsentDesk({ rpc, chainId, contract: consent, signer, store: bridge.journal, finality });
    const keys = bridge.keystore.patientKeys(HOSPITAL_REF) as CustodyKeys;
    const {
      chain: { embedded },
      kubo,
    } = opened.services!;
    return await use({
      bridge,
      chain,
      embedded,
      kuboApi: kubo.api,
      desk,
      consent,
      signer,
      keys,
      signal: context.signal,
    });
  } finally {
    await opened.close();
  }
}

/** The hospital's account; on the embedded chain its public one. */
export function accountOf({ services }: BridgeConfig): Signer {
  const { signer } = services.chain;
  return privateKeySigner(signer ? readSecret(signer) : embeddedSigner.privateKey);
}
