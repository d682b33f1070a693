/**
 * An alliance of one hospital on a chain of its own: index, registry, consent, and the hospital admitted. What is missing is
 * sent at once, so that a new chain is ready after one block. An index from before the registry is taken over with
 * all that was anchored in it.
 */
import { id, ZeroHash } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import type { CustodyKeys } from '../../core/keystore/keystore.ts';
import { CEILING, creationCall, requireFactory } from '../chain/deploy.ts';
import { requireFunds, suggestFees } from '../chain/fees.ts';
import { creationCode, hasRole, refusal } from '../chain/health-index.ts';
import { pause } from '../chain/pause.ts';
import { type ChainRpc, RpcError, refusedCall } from '../chain/rpc.ts';
import type { Signer } from '../chain/signer.ts';
import { signTransaction } from '../chain/transaction.ts';
import { umbralPublicOf } from '../seal/umbral/packet.ts';
import { admission, type HospitalProfile, hospitalOf } from './alliance.ts';
import { ask, consentCreation, indexAbi, registryAbi, registryCreation } from './contracts.ts';
import { type AllianceAddresses, allianceAddresses } from './deploy.ts';

/** What has no code yet cannot be estimated. */
const CREATION_GAS = 6_000_000n;
const CALL_GAS = 600_000n;
const POLL_MS = 100;
/** Another process of the same account may be at it too: its transactions count as well. */
const ROUNDS = 5;
const TAKEN = /nonce|known|already|replacement|underpriced/i;
/** `DEFAULT_ADMIN_ROLE` of OpenZeppelin's AccessControl. */
const ADMIN = ZeroHash;

interface Step {
  readonly to: string;
  readonly data: string;
  readonly gas: bigint;
  done(): Promise<boolean>;
}

/** What the registry says of a hospital, from its own keys. @param hospital its id */
export function profileOf(hospital: string, keys: Pick<CustodyKeys, 'x25519Public' | 'umbralSecret'>): HospitalProfile {
  const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
  return {
    id: id(hospital),
    certificate: ZeroHash,
    x25519: hex(keys.x25519Public),
    umbral: hex(umbralPublicOf(keys.umbralSecret)),
    endpoint: '',
  };
}

/**
 * May be repeated, also after a kill at any line and by several processes at once; sends nothing when all is there.
 * @returns undefined for registry and consent where the index was handed to another alliance
 * @throws BridgeError `chain.*`
 */
export async function foundAlliance(
  rpc: ChainRpc,
  { signer, profile }: { readonly signer: Signer; readonly profile: HospitalProfile },
  signal: AbortSignal,
): Promise<Pick<AllianceAddresses, 'index'> & Partial<AllianceAddresses>> {
  const founding = { members: [signer.address], threshold: 1 };
  const at = allianceAddresses(signer.address, founding);
  const steps = stepsOf(rpc, at, signer, profile, signal);
  await requireFactory(rpc, signal);
  for (let round = 0; round < ROUNDS; round++)
    try {
      if (await isOthers(rpc, at, signer.address, signal)) return { index: at.index };
      const missing = await undone(steps);
      if (missing.length === 0) return at;
      await sendAll(rpc, signer, missing, signal);
    } catch (error) {
      // Nothing else can be at an address that follows from the code: a node shows it between two blocks.
      if (!(error instanceof BridgeError && error.code === 'chain.no-contract')) throw refusedCall(error);
      await pause(POLL_MS, signal);
    }
  throw new BridgeError('chain.reverted', "the alliance's contracts could not be put on the chain");
}

function stepsOf(
  rpc: ChainRpc,
  { index, registry, consent }: AllianceAddresses,
  signer: Signer,
  profile: HospitalProfile,
  signal: AbortSignal,
): Step[] {
  const there = async (address: string) => (await rpc.code(address, signal)) !== '0x';
  const create = (address: string, creation: string): Step => ({
    ...creationCall(creation),
    gas: CREATION_GAS,
    done: () => there(address),
  });
  const role = (name: string, account: string, done: () => Promise<boolean>): Step => ({
    to: index,
    data: indexAbi.encodeFunctionData(name, [ADMIN, account]),
    gas: CALL_GAS,
    done: async () => (await there(index)) && (await done()),
  });
  const { target, data, salt } = admission(registry, signer.address, profile);
  return [
    create(index, creationCode(signer.address)),
    create(registry, registryCreation(index, [signer.address], 1)),
    create(consent, consentCreation(registry)),
    // First the successor, so that the index always has an administrator.
    role('grantRole', registry, () => administers(rpc, index, registry, signal)),
    role('renounceRole', signer.address, async () => !(await administers(rpc, index, signer.address, signal))),
    {
      to: registry,
      data: registryAbi.encodeFunctionData('propose', [target, data, salt]),
      gas: CALL_GAS,
      done: async () =>
        (await there(registry)) && (await hospitalOf(rpc, registry, signer.address, signal)).status !== 'unknown',
    },
  ];
}

async function undone(steps: readonly Step[]): Promise<Step[]> {
  const missing: Step[] = [];
  for (const step of steps) if (!(await step.done())) missing.push(step);
  return missing;
}

/** One after another in the pool, together in a block. Returns when the last nonce is used up, by whomever. */
async function sendAll(rpc: ChainRpc, signer: Signer, steps: readonly Step[], signal: AbortSignal): Promise<void> {
  const [chainId, first, fees] = [
    await rpc.chainId(signal),
    await rpc.nonce(signer.address, signal),
    await suggestFees(rpc, CEILING, signal),
  ];
  const gas = steps.reduce((sum, step) => sum + step.gas, 0n);
  await requireFunds(rpc, signer.address, gas, fees, signal);
  for (const [at, { to, data, gas: gasLimit }] of steps.entries()) {
    const tx = await signTransaction(signer, { chainId, nonce: first + at, to, data, gasLimit, ...fees });
    try {
      await rpc.send('eth_sendRawTransaction', [tx.raw], signal);
    } catch (error) {
      // The nonce is taken: the next round looks at what came of it.
      if (!(error instanceof RpcError && TAKEN.test(error.message))) throw refusal(error);
    }
  }
  while ((await rpc.nonce(signer.address, signal)) < first + steps.length) await pause(POLL_MS, signal);
}

/** An index that its founder has handed to an alliance of other members. */
async function isOthers(
  rpc: ChainRpc,
  { index, registry }: AllianceAddresses,
  founder: string,
  signal: AbortSignal,
): Promise<boolean> {
  if ((await rpc.code(index, signal)) === '0x') return false;
  if (await administers(rpc, index, founder, signal)) return false;
  if (await administers(rpc, index, registry, signal)) return false;
  if (await hasRole(rpc, index, founder, signal)) return true;
  throw new BridgeError(
    'chain.no-role',
    'the index is administered by an alliance that has not admitted this hospital',
  );
}

async function administers(rpc: ChainRpc, index: string, account: string, signal: AbortSignal): Promise<boolean> {
  return (await ask(rpc, indexAbi, index, 'hasRole', [ADMIN, account], signal))[0] as boolean;
}
