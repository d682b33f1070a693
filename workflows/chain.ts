/** The chain of a bridge: configured, or one of its own on which it founds an alliance of one. */
import { ChainRpc } from '../anchor/chain/rpc.ts';
import { privateKeySigner, type Signer } from '../anchor/chain/signer.ts';
import { foundAlliance, profileOf } from '../anchor/consent/found.ts';
import { BridgeError } from '../core/errors.ts';
import { type CustodyKeys, HOSPITAL_REF, type Keystore } from '../core/keystore/keystore.ts';

export interface ChainOptions {
  readonly rpc: string;
  /** Refused when the RPC serves another one. */
  readonly chainId?: number;
  /** `HealthIndex`. Where left out, an alliance of this hospital alone is founded: for a chain of one's own only. */
  readonly contract?: string;
  /** `Consent` of the alliance. */
  readonly consent?: string;
  /** Private key, 0x-hex. */
  readonly signer: string;
  readonly confirmations: number;
}

export interface BridgeChain {
  readonly rpc: ChainRpc;
  readonly chainId: string;
  /** `HealthIndex`. */
  readonly contract: string;
  /** `Consent`, where it is configured or was founded. */
  readonly consent: string | undefined;
  /** Account of the hospital. */
  readonly signer: string;
  readonly confirmations: number;
}

const FOUNDING_MS = 60_000;

/**
 * Connects to the chain; on a chain of one's own the contracts are deployed and the signer admitted.
 * @throws BridgeError `chain.*`
 */
export async function openChain(
  options: ChainOptions,
  hospital: string,
  keystore: Keystore,
): Promise<BridgeChain & { readonly wallet: Signer }> {
  const rpc = new ChainRpc(options.rpc);
  const wallet = privateKeySigner(options.signer);
  const chainId = await rpc.chainId();
  if (options.chainId !== undefined && String(options.chainId) !== chainId) {
    throw new BridgeError('chain.wrong-chain', 'the RPC serves another chain than the config names');
  }
  const { contract, consent } = options.contract
    ? { contract: options.contract, consent: options.consent }
    : await ownContracts(rpc, wallet, hospital, keystore);
  const { confirmations } = options;
  return { rpc, chainId, contract, consent: options.consent ?? consent, signer: wallet.address, wallet, confirmations };
}

async function ownContracts(rpc: ChainRpc, signer: Signer, hospital: string, keystore: Keystore) {
  // The hospital's own keys are never a patient's to claim: both halves are there.
  const profile = profileOf(hospital, keystore.patientKeys(HOSPITAL_REF) as CustodyKeys);
  const { index, consent } = await foundAlliance(rpc, { signer, profile }, AbortSignal.timeout(FOUNDING_MS));
  return { contract: index, consent };
}
