/**
 * Puts the contracts of an alliance on a chain: index, registry, consent, each at an address that follows from its code
 * and arguments. An index that is there already is taken over with all that was anchored in it.
 */
import { BridgeError } from '../../core/errors.ts';
import { addressOf, deployHealthIndex, deployOnce, healthIndexAddress, sendAndWait } from '../chain/deploy.ts';
import type { ChainRpc } from '../chain/rpc.ts';
import type { Signer } from '../chain/signer.ts';
import { ask, consentCreation, indexAbi, registryCreation } from './contracts.ts';

export interface AllianceAddresses {
  /** `HealthIndex`. */
  readonly index: string;
  /** `HospitalRegistry`. */
  readonly registry: string;
  /** `Consent`. */
  readonly consent: string;
}

export interface AllianceFounding {
  /** First members, in order. */
  readonly members: readonly string[];
  /** Votes that a decision needs. */
  readonly threshold: number;
}

/** Where the contracts are or will be. @param founder first administrator of the index */
export function allianceAddresses(founder: string, founding: AllianceFounding): AllianceAddresses {
  const index = healthIndexAddress(founder);
  const registry = addressOf(registryCreation(index, founding.members, founding.threshold));
  return { index, registry, consent: addressOf(consentCreation(registry)) };
}

/**
 * Deploys what is missing and hands the index over to the registry; the signer keeps no right. Doing it again, or after
 * a kill, goes on where it was. The signer sends nothing else meanwhile.
 * @throws BridgeError `chain.*`
 */
export async function deployAlliance(
  rpc: ChainRpc,
  options: AllianceFounding & { readonly signer: Signer },
  signal: AbortSignal,
): Promise<AllianceAddresses> {
  const { signer, members, threshold } = options;
  const { address: index } = await deployHealthIndex(rpc, { signer, admin: signer.address }, signal);
  const { address: registry } = await deployOnce(rpc, signer, registryCreation(index, members, threshold), signal);
  const { address: consent } = await deployOnce(rpc, signer, consentCreation(registry), signal);
  const [role] = await ask(rpc, indexAbi, index, 'DEFAULT_ADMIN_ROLE', [], signal);
  const administers = async (account: string) =>
    (await ask(rpc, indexAbi, index, 'hasRole', [role, account], signal))[0] as boolean;
  if (await administers(signer.address)) {
    // First the successor, so that the index always has an administrator.
    const act = (name: string, account: string) =>
      sendAndWait(rpc, signer, index, indexAbi.encodeFunctionData(name, [role, account]), signal);
    if (!(await administers(registry))) await act('grantRole', registry);
    await act('renounceRole', signer.address);
  }
  if (!(await administers(registry)))
    throw new BridgeError('chain.no-role', 'the index is administered by another registry', {
      hint: 'use that registry, or let its alliance hand the index over by a vote',
    });
  return { index, registry, consent };
}
