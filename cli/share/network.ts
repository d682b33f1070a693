/** What a further hospital or a patient has to know of the network: addresses, nothing secret. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BridgeError } from '../../core/errors.ts';

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

const Network = z.strictObject({
  format: z.literal('dhc-network/1'),
  chainId: z.int().positive(),
  /** JSON-RPC. */
  rpc: z.url(),
  /** `HealthIndex`. */
  contract: address,
  /** `Consent`. */
  consent: address,
  /** RPC of an IPFS node that has the records. */
  kubo: z.url(),
});
export type Network = z.infer<typeof Network>;

/** @throws BridgeError `cli.usage` */
export function readNetwork(path: string): Network {
  try {
    return Network.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new BridgeError('cli.usage', 'the network file cannot be read', {
      hint: 'a hospital of the network makes it: `dhc alliance show --out network.json`',
    });
  }
}
