/** What the contracts `Consent` and `HospitalRegistry` say and hear, and their refusals as errors of the table. */
import { concat, Interface, type Result } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import consentArtifact from '../chain/generated/Consent.json' with { type: 'json' };
import indexArtifact from '../chain/generated/HealthIndex.json' with { type: 'json' };
import registryArtifact from '../chain/generated/HospitalRegistry.json' with { type: 'json' };
import { type ChainRpc, RpcError } from '../chain/rpc.ts';

export const consentAbi = new Interface(consentArtifact.abi);
export const registryAbi = new Interface(registryArtifact.abi);
export const indexAbi = new Interface(indexArtifact.abi);

export function consentCreation(registry: string): string {
  return concat([consentArtifact.bytecode, consentAbi.encodeDeploy([registry])]);
}

export function registryCreation(index: string, members: readonly string[], threshold: number): string {
  return concat([registryArtifact.bytecode, registryAbi.encodeDeploy([index, members, threshold])]);
}

/**
 * Asks a contract.
 * @throws BridgeError `chain.no-contract` where there is no such code, or another's: ours refuse no question
 */
export async function ask(
  rpc: ChainRpc,
  abi: Interface,
  contract: string,
  name: string,
  values: readonly unknown[],
  signal?: AbortSignal,
): Promise<Result> {
  let reply: string;
  try {
    reply = await rpc.call(contract, abi.encodeFunctionData(name, values), undefined, signal);
  } catch (error) {
    if (error instanceof RpcError && /revert|invalid opcode/i.test(error.message)) throw noContract();
    throw error;
  }
  try {
    return abi.decodeFunctionResult(name, reply);
  } catch {
    throw noContract();
  }
}

function noContract(): BridgeError {
  return new BridgeError('chain.no-contract', 'there is no such contract at the configured address', {
    hint: 'check the address, or deploy the contracts of the alliance',
  });
}

/** The registry that a Consent contract asks. @throws BridgeError `chain.no-contract` */
export async function registryOf(rpc: ChainRpc, consent: string, signal?: AbortSignal): Promise<string> {
  return (await ask(rpc, consentAbi, consent, 'registry', [], signal))[0] as string;
}

/** Name of the contracts' error in a refused call, whichever of them gave it. */
export function refusalName(error: unknown): string | undefined {
  if (!(error instanceof RpcError) || error.data === undefined) return undefined;
  for (const abi of [consentAbi, registryAbi, indexAbi])
    try {
      const name = abi.parseError(error.data)?.name;
      if (name) return name;
    } catch {}
  return undefined;
}

const REFUSALS: Readonly<Record<string, () => BridgeError>> = {
  NotRequested: () => new BridgeError('consent.missing', 'the consent was not asked for'),
  NotGranted: () => new BridgeError('consent.missing', 'the patient has not granted it'),
  IsExpired: () => new BridgeError('consent.expired', 'the consent has ended'),
  IsRevoked: () => new BridgeError('consent.revoked', 'the patient has taken the consent back'),
  ApprovalsMissing: () => new BridgeError('consent.approvals', 'the scope is sensitive and not approved'),
  InvalidSignature: () => new BridgeError('consent.signature', "the signature is not the patient's"),
  MalformedTerms: () => new BridgeError('consent.terms', 'the terms of the consent are malformed'),
  NotSensitive: () => new BridgeError('consent.terms', 'the scope needs no approval'),
  NotHospital: () => new BridgeError('chain.no-role', 'a hospital of these terms is not admitted, or suspended'),
  NotActive: () => new BridgeError('chain.no-role', 'the account is no admitted hospital, or a suspended one'),
  NotRequester: () => new BridgeError('chain.no-role', 'the signer is not the hospital that asks'),
  NotHolder: () => new BridgeError('chain.no-role', 'the signer is not the hospital that holds the records'),
  NotOnBoard: () =>
    new BridgeError('chain.no-role', 'the signer has no seat on the board', {
      hint: "sign with the account of a member of the holder's board",
    }),
  NotMember: () =>
    new BridgeError('chain.no-role', 'the signer is no member of the alliance', {
      hint: "sign with a member's account",
    }),
};

/** Errors that say that the goal is reached: the next look finds it. */
const REACHED = new Set([
  'AlreadyRequested',
  'AlreadyGranted',
  'AlreadyApproved',
  'AlreadyDelivered',
  'AlreadyProposed',
  'AlreadyVoted',
]);

/** A refused call as an error of the table; the node's words are not kept. */
export function consentRefusal(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  const name = refusalName(error);
  if (name && REACHED.has(name)) return new BridgeError('chain.pending', 'it happened at this very moment');
  const known = name && REFUSALS[name];
  if (known) return known();
  if (/insufficient funds/i.test(error.message))
    return new BridgeError('chain.no-funds', "the signer's account cannot pay for the transaction");
  return new BridgeError('chain.reverted', `the contract refused the call: ${name ?? 'no reason given'}`);
}
