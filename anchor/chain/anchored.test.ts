import { hexlify, Interface, zeroPadValue } from 'ethers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ANCHORED_TOPIC, decodeAnchored, type Log } from './anchored.ts';
import artifact from './generated/HealthIndex.json' with { type: 'json' };

const abi = new Interface(artifact.abi);
const contract = '0x15B9dFBF2F29e165abd26a9A0F8DFdFD5B3Ec72A';
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((some) => hexlify(some));

function log(hospital: string, root: string, values: readonly unknown[], changes: Partial<Log> = {}): Log {
  const { data, topics } = abi.encodeEventLog('Anchored', [hospital, root, ...values]);
  const place = { blockNumber: '0x1f', blockHash: zeroPadValue('0x01', 32), transactionHash: zeroPadValue('0x02', 32) };
  return { address: contract.toLowerCase(), topics, data, ...place, ...changes };
}

test('reads what the ABI of the contract writes', () => {
  expect(ANCHORED_TOPIC).toBe(abi.getEvent('Anchored')!.topicHash);
  fc.assert(
    fc.property(
      bytes(20),
      bytes(32),
      bytes(32),
      fc.array(bytes(16), { maxLength: 50 }),
      (account, root, manifest, tags) => {
        const packed = `0x${tags.map((tag) => tag.slice(2)).join('')}`;
        const event = decodeAnchored(log(account, root, [manifest, tags.length, packed]), contract);
        const theirs = abi.decodeEventLog('Anchored', log(account, root, [manifest, tags.length, packed]).data, [
          ANCHORED_TOPIC,
          zeroPadValue(account, 32),
          root,
        ]);
        expect(event).toMatchObject({
          contract,
          hospital: theirs.hospital,
          root: theirs.root,
          manifest: theirs.manifest,
          count: Number(theirs.count),
          tags: tags.map((tag) => tag.slice(2)),
          block: { number: 31 },
        });
      },
    ),
    { numRuns: 200 },
  );
});

test('is null for other logs, and for data that the contract cannot have written', () => {
  const [account, root, manifest] = [`0x${'11'.repeat(20)}`, zeroPadValue('0x03', 32), zeroPadValue('0x04', 32)];
  const good = log(account, root, [manifest, 1, `0x${'ab'.repeat(16)}`]);
  expect(decodeAnchored(good, contract)).not.toBeNull();
  for (const changes of [
    { removed: true },
    { address: account },
    { topics: [root, ...good.topics.slice(1)] },
    { topics: good.topics.slice(0, 2) },
    { data: good.data.slice(0, -64) },
    { data: '0x' },
    { data: good.data.replace('60', '80') },
  ])
    expect(decodeAnchored({ ...good, ...changes }, contract), JSON.stringify(changes)).toBeNull();
  expect(decodeAnchored(log(account, root, [manifest, 1, `0x${'ab'.repeat(15)}`]), contract)).toBeNull();
});
