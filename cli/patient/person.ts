/** A patient at the command line: a key file, a chain and an IPFS node; no hospital and no bridge. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { umbralLibrary } from '../../anchor/seal/umbral/library.ts';
import {
  allKeys,
  type BlockSource,
  type Chain,
  type FoundRecord,
  findRecords,
  fromHex,
  gateway,
  httpChain,
  type KeyFile,
  type KnownHospital,
  laterCapsules,
  type OpenOptions,
  readKeyFile,
  type UmbralLibrary,
  umbralOpener,
} from '../../client/index.ts';
import { BridgeError } from '../../core/errors.ts';
import { type Network, readNetwork } from '../share/network.ts';

export interface Person {
  readonly file: KeyFile;
  readonly secret: Uint8Array;
  readonly chain: Chain;
  readonly rpc: string;
  readonly store: BlockSource;
}

/** One record with what opens it. */
export interface OwnRecord extends FoundRecord {
  readonly hospital: KnownHospital;
  readonly open: OpenOptions;
}

type Options = Record<string, unknown>;

/** The options that every command of the patient takes. */
export function personOptions(command: Command): Command {
  return command
    .requiredOption('--keys <file>', 'your key file')
    .option('--network <file>', "the network's addresses in one file, from a hospital; in place of the next ones")
    .option('--rpc <url>', 'JSON-RPC of any node of the chain')
    .option('--gateway <url>', 'any IPFS gateway that gives raw blocks')
    .option('--kubo <url>', 'RPC of an IPFS node, in place of a gateway');
}

/** @throws BridgeError `cli.usage` */
export function personOf(options: Options): Person {
  const file = loadKeyFile(String(options.keys));
  const kubo = options.kubo ?? (options.gateway ? undefined : networkOf(options)?.kubo);
  const [address, kind] = kubo ? [kubo, 'kubo' as const] : [options.gateway, 'gateway' as const];
  if (!address) throw new BridgeError('cli.usage', 'name an IPFS node with --gateway, --kubo or --network');
  const rpc = rpcOf(options);
  const secret = fromHex(file.secrets[0]!);
  return { file, secret, chain: httpChain(rpc), rpc, store: gateway(String(address), kind) };
}

/** @throws BridgeError `cli.usage` */
export function rpcOf(options: Options): string {
  const rpc = options.rpc ?? networkOf(options)?.rpc;
  if (!rpc) throw new BridgeError('cli.usage', 'name a node of the chain with --rpc or --network');
  return String(rpc);
}

function networkOf({ network }: Options): Network | undefined {
  return network === undefined ? undefined : readNetwork(String(network));
}

/** All records at all hospitals of the key file, oldest first. */
export async function ownRecords({ file, chain, store }: Person, signal: AbortSignal): Promise<OwnRecord[]> {
  const keys = allKeys(file);
  const openers = umbralIfThere();
  const records: OwnRecord[] = [];
  for (const hospital of file.hospitals) {
    const { contract, indexKey } = hospital;
    const found = await findRecords({ chain, store, contract, indexKey: fromHex(indexKey), signal });
    const capsules = await laterCapsules(found, { store, keys, openers, signal });
    for (const one of found) records.push({ ...one, hospital, open: { store, keys, openers, capsules, signal } });
  }
  return records;
}

function umbralIfThere() {
  try {
    return [umbralOpener(umbralLibrary() as unknown as UmbralLibrary)];
  } catch {
    return [];
  }
}

/** @throws BridgeError `cli.usage` */
export function loadKeyFile(path: string): KeyFile {
  try {
    return readKeyFile(readFileSync(path, 'utf8'));
  } catch {
    throw new BridgeError('cli.usage', 'the key file cannot be read', { hint: 'make one with `dhc patient init`' });
  }
}

/** Whole or not at all: nobody else has a copy. */
export function saveKeyFile(path: string, file: KeyFile): void {
  writeFileSync(`${path}.part`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.part`, path);
}

export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new BridgeError('cli.usage', `the ${what} cannot be read`);
  }
}

export function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
}

/** @param numbers of records; none: all. @throws BridgeError `cli.not-found` */
export function chosen(records: readonly OwnRecord[], numbers: readonly string[]): readonly OwnRecord[] {
  if (numbers.length === 0) return records;
  const wanted = new Set(numbers.map(Number));
  const found = records.filter(({ counter }) => wanted.has(counter));
  if (found.length === 0)
    throw new BridgeError('cli.not-found', 'there are no such records', { hint: 'see `dhc patient find`' });
  return found;
}
