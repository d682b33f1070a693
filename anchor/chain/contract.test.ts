import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hexlify } from 'ethers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fundedSigner, startAnvil, type TestChain } from '../testing/anvil.ts';
import { compile } from './compile.ts';
import { admitHospital, deployHealthIndex, healthIndexAddress, suspendHospital } from './deploy.ts';
import { encodeAnchor, findAnchor, hasRole, revertName } from './health-index.ts';
import type { TransactionReceipt } from './rpc.ts';

const signal = AbortSignal.timeout(100_000);
const admin = fundedSigner(0);
const hospital = fundedSigner(1);
let chain: TestChain;
let contract: string;
beforeAll(async () => {
  chain = await startAnvil();
  contract = (await deployHealthIndex(chain.rpc, { signer: admin, admin: admin.address }, signal)).address;
  await admitHospital(chain.rpc, { contract, admin, hospital: hospital.address }, signal);
});
afterAll(() => chain?.stop());

async function anchor(from: string, root: string, tags: Uint8Array): Promise<TransactionReceipt> {
  const data = encodeAnchor({ root, manifest: hexlify(randomBytes(32)), tags: hexlify(tags) });
  await chain.rpc.call(contract, data, from);
  const hash = await chain.rpc.send<string>('eth_sendTransaction', [{ from, to: contract, data }]);
  for (;;) {
    const receipt = await chain.rpc.receipt(hash);
    if (receipt) return receipt;
  }
}

test('the committed artifact is what the compiler makes of the source', async () => {
  for (const artifact of await compile()) {
    const committed = await readFile(new URL(`./generated/${artifact.contract}.json`, import.meta.url), 'utf8');
    expect(JSON.parse(committed)).toEqual(artifact);
  }
});

test('the address follows from code and administrator; deploying again finds it', async () => {
  expect(contract).toBe(healthIndexAddress(admin.address));
  const again = await deployHealthIndex(chain.rpc, { signer: hospital, admin: admin.address }, signal);
  expect(again).toEqual({ address: contract, deployed: false });
  expect(healthIndexAddress(hospital.address)).not.toBe(contract);
});

// 40 gas for each non-zero byte of calldata is what EIP-7623 asks of anyone; the rest is ours.
test.each([
  [100, 1_150],
  [1_000, 670],
  [4_000, 650],
])('%i records cost at most %i gas each', async (count, most) => {
  const receipt = await anchor(hospital.address, hexlify(randomBytes(32)), randomBytes(16 * count));
  expect(receipt.status).toBe('0x1');
  const each = Number(receipt.gasUsed) / count;
  expect(each).toBeLessThan(most);
  expect(each).toBeGreaterThan(600);
});

test('a root is anchored once by each hospital, and by nobody for another', async () => {
  const root = hexlify(randomBytes(32));
  await anchor(hospital.address, root, randomBytes(32));
  const first = await findAnchor(chain.rpc, contract, hospital.address, root);
  expect(first).toMatchObject({ hospital: hospital.address, root, count: 2 });
  const error = await anchor(hospital.address, root, randomBytes(32)).catch((thrown) => thrown);
  expect(revertName(error)).toBe('AlreadyAnchored');
  expect(await findAnchor(chain.rpc, contract, hospital.address, root)).toEqual(first);
  const other = fundedSigner(2);
  await admitHospital(chain.rpc, { contract, admin, hospital: other.address }, signal);
  await anchor(other.address, root, randomBytes(32));
  expect(await findAnchor(chain.rpc, contract, hospital.address, root)).toEqual(first);
});

test.each([0, 1, 15, 17])('%i bytes are no tags', async (length) => {
  const error = await anchor(hospital.address, hexlify(randomBytes(32)), randomBytes(length)).catch((thrown) => thrown);
  expect(revertName(error)).toBe('MalformedTags');
});

test('only admitted hospitals anchor, and only the administrator admits', async () => {
  const stranger = fundedSigner(3);
  const error = await anchor(stranger.address, hexlify(randomBytes(32)), randomBytes(16)).catch((thrown) => thrown);
  expect(revertName(error)).toBe('AccessControlUnauthorizedAccount');
  const own = { contract, admin: stranger, hospital: stranger.address };
  await expect(admitHospital(chain.rpc, own, signal)).rejects.toMatchObject({ code: 'chain.no-role' });
  await admitHospital(chain.rpc, { ...own, admin }, signal);
  await anchor(stranger.address, hexlify(randomBytes(32)), randomBytes(16));
  await suspendHospital(chain.rpc, { ...own, admin }, signal);
  expect(await hasRole(chain.rpc, contract, stranger.address)).toBe(false);
  await expect(anchor(stranger.address, hexlify(randomBytes(32)), randomBytes(16))).rejects.toThrow();
});
