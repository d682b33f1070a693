/** A chain with the contracts of an alliance of two members, two admitted hospitals and what tests of consent ask. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getCreateAddress, hexlify, Interface, randomBytes } from 'ethers';
import { privateKeySigner, type Signer } from '../chain/signer.ts';
import { AllianceSeat, admission, type Decision, type HospitalProfile } from '../consent/alliance.ts';
import { type AllianceAddresses, deployAlliance } from '../consent/deploy.ts';
import { ConsentDesk, type ConsentDeskOptions } from '../consent/desk.ts';
import { type ConsentDomain, purposeId, scopeOf, type Terms } from '../consent/terms.ts';
import { MemoryAnchors } from './anchor-table.ts';
import { CHAIN_ID } from './anchoring.ts';
import { fundedSigner, startAnvil, type TestChain } from './anvil.ts';

export const members = [fundedSigner(0), fundedSigner(3)] as const;
export const requester = fundedSigner(1);
export const holder = fundedSigner(2);
const WAIT = { until: 'included', deadlineMs: 10_000, pollMs: 5 } as const;

export class Consenting {
  readonly chain: TestChain;
  readonly at: AllianceAddresses;
  readonly domain: ConsentDomain;
  /** One journal for each account, as each has its own bridge. */
  readonly #stores = new Map<string, MemoryAnchors>();

  constructor(chain: TestChain, at: AllianceAddresses) {
    this.chain = chain;
    this.at = at;
    this.domain = { chainId: CHAIN_ID, contract: at.consent };
  }

  static async start(signal: AbortSignal): Promise<Consenting> {
    const chain = await startAnvil();
    const founding = { signer: members[0], members: members.map(({ address }) => address), threshold: 2 };
    const on = new Consenting(chain, await deployAlliance(chain.rpc, founding, signal));
    for (const hospital of [requester, holder])
      await on.decide(admission(on.at.registry, hospital.address, madeProfile()));
    return on;
  }

  store(account: string): MemoryAnchors {
    const store = this.#stores.get(account) ?? new MemoryAnchors();
    this.#stores.set(account, store);
    return store;
  }

  #sending(signer: Signer) {
    const store = this.store(signer.address);
    return { rpc: this.chain.rpc, chainId: CHAIN_ID, signer, store, finality: 2, wait: WAIT } as const;
  }

  desk(signer: Signer, options: Partial<ConsentDeskOptions> = {}): ConsentDesk {
    return new ConsentDesk({ ...this.#sending(signer), contract: this.at.consent, ...options });
  }

  seat(signer: Signer): AllianceSeat {
    return new AllianceSeat({ ...this.#sending(signer), registry: this.at.registry });
  }

  /** Both members vote. */
  async decide(decision: Decision): Promise<void> {
    for (const member of members) await this.seat(member).support({ ...decision });
  }

  /** A new patient, or the given subject, and terms that nobody has asked for. */
  async terms(changes: Partial<Terms> = {}): Promise<{ terms: Terms; patient: Signer }> {
    const patient = privateKeySigner(randomBytes(32));
    const now = Number((await this.chain.rpc.block('latest'))!.timestamp);
    const terms: Terms = {
      requester: requester.address,
      holder: holder.address,
      subject: patient.address,
      purpose: purposeId('treatment'),
      scope: scopeOf(hexlify(randomBytes(32)), [hexlify(randomBytes(16)).slice(2)]),
      until: now + 3600,
      sensitive: false,
      salt: hexlify(randomBytes(32)),
      ...changes,
    };
    return { terms, patient };
  }

  /** @returns address of a wallet contract (ERC-1271) of this owner */
  async deployWallet(owner: string): Promise<string> {
    const { abi, bytecode } = compileWallet();
    const data = `${bytecode}${new Interface(abi).encodeDeploy([owner]).slice(2)}`;
    const from = members[0].address;
    const nonce = await this.chain.rpc.nonce(from);
    await this.chain.rpc.send('eth_sendTransaction', [{ from, data }]);
    return getCreateAddress({ from, nonce });
  }
}

export function madeProfile(): HospitalProfile {
  const hash = () => hexlify(randomBytes(32));
  const umbral = `0x02${hash().slice(2)}`;
  return { id: hash(), certificate: hash(), x25519: hash(), umbral, endpoint: 'https://hospital.example/dhc' };
}

function compileWallet(): { abi: []; bytecode: string } {
  const require = createRequire(import.meta.url);
  const content = readFileSync(new URL('../chain/forge/test/Wallet.sol', import.meta.url), 'utf8');
  const settings = { outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } };
  const input = { language: 'Solidity', sources: { Wallet: { content } }, settings };
  const read = (path: string) => ({ contents: readFileSync(require.resolve(path), 'utf8') });
  const output = JSON.parse(require('solc').compile(JSON.stringify(input), { import: read }));
  const { abi, evm } = output.contracts.Wallet.Wallet;
  return { abi, bytecode: `0x${evm.bytecode.object}` };
}
