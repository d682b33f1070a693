import { importByteStream } from 'ipfs-unixfs-importer';
import { fixedSize } from 'ipfs-unixfs-importer/chunker';
import { balanced } from 'ipfs-unixfs-importer/layout';
import { expect, test } from 'vitest';
import { MAX_BLOCK, matches } from './cid.ts';
import { UnixfsHash, unixfsBlocks } from './unixfs.ts';

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

function passed(size: number, piece: number): string {
  const block = Buffer.alloc(piece, 7);
  const hash = new UnixfsHash();
  for (let left = size; left > 0; left -= piece) hash.update(left < piece ? block.subarray(0, left) : block);
  return hash.root().toString();
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
  const { root, blocks } = await theirs(size);
  const steps = unixfsBlocks(Buffer.alloc(size, 7));
  let made = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) {
    expect(matches(step.value.cid, step.value.bytes)).toBe(true);
    made++;
  }
  expect({ root: step.value.toString(), blocks: made }).toEqual({ root, blocks });
  expect(passed(size, piece)).toBe(root);
});

test('no bytes are one empty block', () => {
  const empty = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
  expect(new UnixfsHash().root().toString()).toBe(empty);
  const [block, ...others] = unixfsBlocks(new Uint8Array());
  expect([block!.cid.toString(), others]).toEqual([empty, []]);
});

test('a file beyond 2 GiB has the root that Kubo 0.39 gives', { timeout: 60_000 }, () => {
  expect(passed(2049 * MAX_BLOCK, MAX_BLOCK)).toBe('bafybeibm6ixtujfuenhhkx7pnnvrhuubysv7c4oieacdgj2lvixydzbs6m');
});
