/**
 * Deploys `HealthIndex` at an address that follows from its code and its administrator (CREATE2, EIP-1014), through
 * the deployment proxy that most EVM chains carry. Doing it again finds what is there.
 */
import { getCreate2Address, keccak256, ZeroHash } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import { estimateGas, requireFunds, suggestFees } from './fees.ts';
import { creationCode, encodeAdmit, encodeSuspend, hasRole, refusal } from './health-index.ts';
import { pause } from './pause.ts';
import type { ChainRpc } from './rpc.ts';
import type { Signer } from './signer.ts';
import { signTransaction } from './transaction.ts';

/** Deterministic deployment proxy: takes salt ‖ creation code. */
const FACTORY = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
export const CEILING = 1_000_000_000_000n;
const POLL_MS = 50;

/** Where the contract of this administrator is or will be, on any chain. */
export function healthIndexAddress(admin: string): string {
  return addressOf(creationCode(admin));
}

/**
 * @param signer pays; needs no role
 * @returns `deployed` false when the code was there already
 * @throws BridgeError `chain.no-contract` where the chain has no deployment proxy
 */
export async function deployHealthIndex(
  rpc: ChainRpc,
  options: { signer: Signer; admin: string },
  signal: AbortSignal,
): Promise<{ address: string; deployed: boolean }> {
  return await deployOnce(rpc, options.signer, creationCode(options.admin), signal);
}

/** Where code with its constructor's arguments is or will be, on any chain. */
export function addressOf(creation: string): string {
  return getCreate2Address(FACTORY, ZeroHash, keccak256(creation));
}

/**
 * @param creation creation code with the constructor's arguments, 0x-hex
 * @throws BridgeError `chain.no-contract` where the chain has no deployment proxy
 */
export async function deployOnce(
  rpc: ChainRpc,
  signer: Signer,
  creation: string,
  signal: AbortSignal,
): Promise<{ address: string; deployed: boolean }> {
  const address = addressOf(creation);
  if ((await rpc.code(address, signal)) !== '0x') return { address, deployed: false };
  await requireFactory(rpc, signal);
  const { to, data } = creationCall(creation);
  await sendAndWait(rpc, signer, to, data, signal);
  if ((await rpc.code(address, signal)) === '0x')
    throw new BridgeError('chain.no-contract', 'the deployment left no code behind');
  return { address, deployed: true };
}

/** The transaction that puts code at `addressOf` it. */
export function creationCall(creation: string): { readonly to: string; readonly data: string } {
  return { to: FACTORY, data: `${ZeroHash}${creation.slice(2)}` };
}

/** @throws BridgeError `chain.no-contract` where the chain has no deployment proxy */
export async function requireFactory(rpc: ChainRpc, signal: AbortSignal): Promise<void> {
  if ((await rpc.code(FACTORY, signal)) === '0x')
    throw new BridgeError('chain.no-contract', 'the chain has no deployment proxy', {
      hint: `deploy the contracts by hand and configure their addresses, or put the proxy at ${FACTORY}`,
    });
}

/** Lets a hospital anchor; no transaction when it already may. @throws BridgeError `chain.no-role` */
export async function admitHospital(
  rpc: ChainRpc,
  options: { contract: string; admin: Signer; hospital: string },
  signal: AbortSignal,
): Promise<void> {
  if (await hasRole(rpc, options.contract, options.hospital, signal)) return;
  await sendAndWait(rpc, options.admin, options.contract, encodeAdmit(options.hospital), signal);
}

/** @throws BridgeError `chain.no-role` */
export async function suspendHospital(
  rpc: ChainRpc,
  options: { contract: string; admin: Signer; hospital: string },
  signal: AbortSignal,
): Promise<void> {
  if (!(await hasRole(rpc, options.contract, options.hospital, signal))) return;
  await sendAndWait(rpc, options.admin, options.contract, encodeSuspend(options.hospital), signal);
}

/** For acts of an administrator at a console: one transaction, watched until it is in a block. */
export async function sendAndWait(
  rpc: ChainRpc,
  signer: Signer,
  to: string,
  data: string,
  signal: AbortSignal,
): Promise<void> {
  let hash: string;
  try {
    const fees = await suggestFees(rpc, CEILING, signal);
    const gasLimit = await estimateGas(rpc, { from: signer.address, to, data }, signal);
    await requireFunds(rpc, signer.address, gasLimit, fees, signal);
    const [chainId, nonce] = [await rpc.chainId(signal), await rpc.nonce(signer.address, signal)];
    const tx = await signTransaction(signer, { chainId, nonce, to, data, gasLimit, ...fees });
    hash = await rpc.send<string>('eth_sendRawTransaction', [tx.raw], signal);
  } catch (error) {
    throw refusal(error);
  }
  for (;;) {
    const receipt = await rpc.receipt(hash, signal);
    if (receipt?.status === '0x1') return;
    if (receipt) throw new BridgeError('chain.reverted', 'the contract refused the transaction');
    await pause(POLL_MS, signal);
  }
}
