/** A chain with the contract, an admitted hospital and what tests of anchoring ask of both. */
import { randomBytes } from 'node:crypto';
import { hexlify } from 'ethers';
import { Anchorer, type AnchorerOptions, type BatchToAnchor } from '../chain/anchorer.ts';
import { admitHospital, deployHealthIndex } from '../chain/deploy.ts';
import { ChainRpc, type Log } from '../chain/rpc.ts';
import { blockCid, DAG_CBOR } from '../store/cid.ts';
import { MemoryAnchors } from './anchor-table.ts';
import { fundedSigner, startAnvil, type TestChain } from './anvil.ts';
import { type Fault, type RpcProxy, startRpcProxy } from './rpc-proxy.ts';

export const CHAIN_ID = '31337';
export const GWEI = 1_000_000_000n;
export const admin = fundedSigner(0);
export const hospital = fundedSigner(1);

/** For `Anchorer.settle`. */
export const soon = { until: 'included', deadlineMs: 15_000, pollMs: 10 } as const;

export class Anchoring {
  readonly chain: TestChain;
  readonly contract: string;
  /** Of the next anchorers; `reset` gives a new one. */
  store = new MemoryAnchors();
  readonly #proxies: RpcProxy[] = [];

  constructor(chain: TestChain, contract: string) {
    this.chain = chain;
    this.contract = contract;
  }

  static async start(signal: AbortSignal): Promise<Anchoring> {
    const chain = await startAnvil();
    const { address } = await deployHealthIndex(chain.rpc, { signer: admin, admin: admin.address }, signal);
    await admitHospital(chain.rpc, { contract: address, admin, hospital: hospital.address }, signal);
    return new Anchoring(chain, address);
  }

  anchorer(options: Partial<AnchorerOptions> = {}): Anchorer {
    const { chain, contract, store } = this;
    return new Anchorer({
      rpc: chain.rpc,
      chainId: CHAIN_ID,
      contract,
      signer: hospital,
      store,
      finality: 2,
      ...options,
    });
  }

  /** The chain behind a network that loses the first so many calls of a method. */
  async losing(method: string, fault: Fault, times = 1): Promise<ChainRpc> {
    let left = times;
    const proxy = await startRpcProxy(this.chain.url, (called) => (called === method && left-- > 0 ? fault : 'none'));
    this.#proxies.push(proxy);
    return new ChainRpc(proxy.url);
  }

  /** Events on the chain with this root. */
  async anchors(root: string): Promise<number> {
    const filter = { fromBlock: '0x0', toBlock: 'latest', address: this.contract, topics: [null, null, root] };
    return (await this.chain.rpc.send<Log[]>('eth_getLogs', [filter])).length;
  }

  async row(batch: BatchToAnchor) {
    return (await this.store.anchor(batch.id))!;
  }

  nonce(): Promise<number> {
    return this.chain.rpc.nonce(hospital.address);
  }

  async automine(on: boolean): Promise<void> {
    await this.chain.rpc.send('evm_setAutomine', [on]);
  }

  async mine(blocks = 1): Promise<void> {
    await this.chain.rpc.send('anvil_mine', [`0x${blocks.toString(16)}`]);
  }

  /** After each test. */
  async reset(): Promise<void> {
    for (const proxy of this.#proxies.splice(0)) proxy.close();
    this.store = new MemoryAnchors();
    await this.automine(true);
    await this.mine();
  }
}

export function madeBatch(count = 3): BatchToAnchor {
  return {
    id: randomBytes(8).toString('hex'),
    manifestCid: blockCid(DAG_CBOR, randomBytes(8)).toString(),
    root: hexlify(randomBytes(32)),
    tags: Array.from({ length: count }, () => randomBytes(16).toString('hex')),
  };
}
