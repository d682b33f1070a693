/** A real EVM chain for one test file. */
import { spawn } from 'node:child_process';
import { findBinary } from '../../services/index.ts';
import { ChainRpc } from '../chain/rpc.ts';
import { privateKeySigner, type Signer } from '../chain/signer.ts';

export interface TestChain {
  readonly url: string;
  readonly rpc: ChainRpc;
  stop(): Promise<void>;
}

/** @param options further arguments of anvil */
export async function startAnvil(...options: string[]): Promise<TestChain> {
  const binary = await findBinary('anvil');
  const anvil = spawn(binary, ['--port', '0', '--host', '127.0.0.1', ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  let url: string | undefined;
  for await (const chunk of anvil.stdout) {
    text += chunk;
    const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (port) {
      url = `http://127.0.0.1:${port}`;
      break;
    }
  }
  if (url === undefined) throw new Error('anvil did not start');
  return {
    url,
    rpc: new ChainRpc(url),
    async stop() {
      const ended = new Promise((resolve) => anvil.once('exit', resolve));
      anvil.kill('SIGTERM');
      await ended;
    },
  };
}

/** Keys of the test mnemonic "test test … junk", whose accounts anvil funds. */
const KEYS = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
];

export function fundedSigner(index: 0 | 1 | 2 | 3): Signer {
  return privateKeySigner(KEYS[index]!);
}
