import { importByteStream } from 'ipfs-unixfs-importer';
import { fixedSize } from 'ipfs-unixfs-importer/chunker';
import { balanced } from 'ipfs-unixfs-importer/layout';
import { expect, test } from 'vitest';
import { MAX_BLOCK } from './cid.ts';
import { unixfs } from './unixfs.ts';

async function* pieces(size: number, piece: number): AsyncGenerator<Uint8Array> {
  const block = Buffer.alloc(piece, 7);
  for (let left = size; left > 0; left -= piece) yield left < piece ? block.subarray(0, left) : block;
}

async function theirs(size: number): Promise<{ root: string; blocks: number }> {
  let blocks = 0;
  const store = {
    async put(cid: unknown) {
      blocks++;
      return cid;
    },
  };
  const { cid } = await importByteStream(pieces(size, MAX_BLOCK), store as never, {
    cidVersion: 1,
    rawLeaves: true,
    reduceSingleLeafToSelf: true,
    chunker: fixedSize({ chunkSize: MAX_BLOCK }),
    layout: balanced({ maxChildrenPerNode: 174 }),
  });
  return { root: cid.toString(), blocks };
}

test.each([
  [1, 1],
  [MAX_BLOCK, 1000],
  [MAX_BLOCK + 1, MAX_BLOCK],
  [10 * MAX_BLOCK + 5, 70_001],
  [174 * MAX_BLOCK, 3 * MAX_BLOCK + 7],
  [174 * MAX_BLOCK + 1, MAX_BLOCK],
  [349 * MAX_BLOCK - 3, MAX_BLOCK / 2],
])('%i bytes in pieces of %i have the root and the blocks of the library', async (size, piece) => {
  let blocks = 0;
  const root = await unixfs(pieces(size, piece), () => {
    blocks++;
  });
  expect({ root: root.toString(), blocks }).toEqual(await theirs(size));
});

test('no bytes are one empty block', async () => {
  expect((await unixfs([], () => {})).toString()).toBe('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku');
});

test('a file beyond 2 GiB has the root that Kubo 0.39 gives', { timeout: 60_000 }, async () => {
  const root = await unixfs(pieces(2049 * MAX_BLOCK, MAX_BLOCK), () => {});
  expect(root.toString()).toBe('bafybeibm6ixtujfuenhhkx7pnnvrhuubysv7c4oieacdgj2lvixydzbs6m');
});
