/** Where a consent stands, asked of the contract. */
import { hexlify, randomBytes } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import { type Finality, isFinal } from '../chain/finality.ts';
import { type ChainRpc, refusedCall } from '../chain/rpc.ts';
import { ask, consentAbi, consentRefusal } from './contracts.ts';
import { checkTerms, consentId, type Terms } from './terms.ts';

export interface ConsentState {
  readonly id: string;
  /** `revoked` before `expired`; `expired` also where it was never granted or asked for. */
  readonly status: 'unknown' | 'requested' | 'granted' | 'expired' | 'revoked';
  /** Blocks in which it happened; null where it did not. */
  readonly requested: number | null;
  readonly granted: number | null;
  readonly revoked: number | null;
  readonly deliveries: number;
  readonly records: number;
  /** By the board as it is now; `needed` 0 where there is no board; null where the scope is not sensitive. */
  readonly approvals: { readonly have: number; readonly needed: number } | null;
}

/** @throws BridgeError `chain.no-contract`, `chain.unreachable`, `consent.terms` */
export async function consentState(
  rpc: ChainRpc,
  contract: string,
  terms: Terms,
  signal?: AbortSignal,
): Promise<ConsentState> {
  const checked = checkTerms(terms);
  const id = consentId(checked);
  const view = (name: string, value: unknown) => ask(rpc, consentAbi, contract, name, [value], signal);
  try {
    const [requested, granted, revoked, deliveries, records] = (await view('states', id)).map(Number);
    const [sensitive] = await view('needsApproval', checked);
    const [have, needed] = (await view('approvalsOf', checked)).map(Number);
    const now = Number((await rpc.block('latest', signal))?.timestamp ?? 0);
    let status: ConsentState['status'] = 'unknown';
    if (revoked) status = 'revoked';
    else if (now >= checked.until) status = 'expired';
    else if (granted) status = 'granted';
    else if (requested) status = 'requested';
    return {
      id,
      status,
      requested: requested || null,
      granted: granted || null,
      revoked: revoked || null,
      deliveries: deliveries!,
      records: records!,
      approvals: sensitive ? { have: have!, needed: needed! } : null,
    };
  } catch (error) {
    throw refusedCall(error);
  }
}

/**
 * To be asked before anything is handed over: whether the contract would let the holder write a delivery down now. It
 * is the contract's own rule that is tried, not a copy of it.
 * @param finality how deep the grant has to lie; 0 where being in a block is enough
 * @throws BridgeError `consent.*`, `chain.no-role` for a suspended hospital, `chain.pending` while not deep enough
 */
export async function requireConsent(
  rpc: ChainRpc,
  contract: string,
  terms: Terms,
  finality: Finality,
  signal?: AbortSignal,
): Promise<ConsentState> {
  const checked = checkTerms(terms);
  const state = await consentState(rpc, contract, checked, signal);
  const data = consentAbi.encodeFunctionData('deliver', [checked, hexlify(randomBytes(32)), 1]);
  try {
    await rpc.call(contract, data, checked.holder, signal);
  } catch (error) {
    throw consentRefusal(error);
  }
  if (state.granted === null || !(await isFinal(rpc, state.granted, finality, signal)))
    throw new BridgeError('chain.pending', 'the grant does not yet lie as deep as asked');
  return state;
}
