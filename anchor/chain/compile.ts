/**
 * Compiles the contracts with solc (npm, WASM) into `generated/`: `node anchor/chain/compile.ts`.
 * A test repeats it and compares.
 */
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

export interface Artifact {
  readonly contract: string;
  readonly compiler: string;
  readonly settings: unknown;
  readonly abi: readonly unknown[];
  /** Creation code, 0x-hex. */
  readonly bytecode: string;
}

interface Output {
  readonly errors?: readonly { severity: string; formattedMessage: string }[];
  readonly contracts: Record<string, Record<string, { abi: unknown[]; evm: { bytecode: { object: string } } }>>;
}

interface Solc {
  version(): string;
  compile(input: string, callbacks: { import(path: string): { contents: string } | { error: string } }): string;
}

const CONTRACTS = new URL('./contracts/', import.meta.url);
const GENERATED = new URL('./generated/', import.meta.url);
const SETTINGS = {
  optimizer: { enabled: true, runs: 10_000 },
  // Understood by every chain since April 2024, permissioned ones included.
  evmVersion: 'cancun',
  metadata: { bytecodeHash: 'none', appendCBOR: false },
};

/** @throws Error with the compiler's words when a contract does not compile or warns */
export async function compile(): Promise<Artifact[]> {
  const require = createRequire(import.meta.url);
  const solc = require('solc') as Solc;
  const names = (await readdir(CONTRACTS)).filter((name) => name.endsWith('.sol')).sort();
  const sources: Record<string, { content: string }> = {};
  for (const name of names) sources[name] = { content: await readFile(new URL(name, CONTRACTS), 'utf8') };
  const outputSelection = { '*': { '*': ['abi', 'evm.bytecode.object'] } };
  const input = { language: 'Solidity', sources, settings: { ...SETTINGS, outputSelection } };
  const imports = (path: string) => ({ contents: readFileSync(require.resolve(path), 'utf8') });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: imports })) as Output;
  if (output.errors?.length) throw new Error(output.errors.map((error) => error.formattedMessage).join('\n'));
  return names.map((name) => {
    const contract = name.slice(0, -'.sol'.length);
    const { abi, evm } = output.contracts[name]![contract]!;
    return { contract, compiler: solc.version(), settings: SETTINGS, abi, bytecode: `0x${evm.bytecode.object}` };
  });
}

if (import.meta.main) {
  await mkdir(GENERATED, { recursive: true });
  for (const artifact of await compile())
    await writeFile(new URL(`${artifact.contract}.json`, GENERATED), `${JSON.stringify(artifact, null, 2)}\n`);
}
