/** Two verifiers that share no code say the same of the same receipt, check by check, also of what is wrong. */
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blockCid } from '../../anchor/store/cid.ts';
import { type Change, change, changed } from '../../anchor/testing/mutation.ts';
import { verifyReceipt } from '../../anchor/verify/verify.ts';
import type { Receipt } from '../../core/types.ts';
import { replay } from './recorded-chain.ts';
import { holding, loadSample, RecordedChain, type Sample } from './sample.ts';

const TOOLS = join(import.meta.dirname, '..', '..', 'tools');
const DRIVER = `
import json, sys, types
sys.path.insert(0, sys.argv[1])
from verify_receipt import read_key, verify
for line in sys.stdin:
    job = json.loads(line)
    checks = verify(job["text"], types.SimpleNamespace(**job["options"]), job["key"] and read_key(job["key"]))
    print(json.dumps([f"{name}: {status}" for name, status, _ in checks]))
`;
const CHANGES = 150;
const KEYED = ['key packet', 'decryption', 'commitment', 'bundle', 'part contents', 'tag'];
const signal = AbortSignal.timeout(170_000);
const RAW = 0x55;

interface Case {
  readonly text: string;
  /** Name whose key is used; undefined: none. */
  readonly key: string | undefined;
  readonly changes?: ReadonlyMap<string, Uint8Array | null>;
}

const python = (() => {
  try {
    execFileSync('python3', ['-c', `import sys; sys.path.insert(0, '${TOOLS}'); import verify_receipt, coincurve`]);
    return true;
  } catch {
    return false;
  }
})();

const FRAGMENTS = `
import io, json, sys
sys.path.insert(0, sys.argv[1])
from verifier import messages, packets, store
given = {name: value if isinstance(value, list) else bytes.fromhex(value) for name, value in json.load(sys.stdin).items()}
fragments = [bytes.fromhex(one) for one in given["fragments"]]
_, binder = messages.header_of(io.BytesIO(given["content"]))
def open_with(some, reader):
    key, parties = {"umbralSecret": reader.hex()}, {"delegating": given["delegating"].hex()}
    try:
        return packets.open_packet(store.dag_cbor(given["capsule"]), binder, key, (parties, some))[:32].hex()
    except store.Refuted:
        return "refused"
first, second = fragments
cases = [[first, second], [second, first], [first], [second, second], [second[:40] + first[40:], first]]
print(json.dumps([*(open_with(case, given["readerSecret"]) for case in cases), open_with(fragments, b"\\x45" * 32)]))
`;

test.skipIf(!python)(
  'fragments of two proxies give the reader the key in Python, and those of one give nothing',
  () => {
    const vector = readFileSync(join(TOOLS, '..', 'anchor', 'seal', 'umbral', 'umbral-1.vector.json'), 'utf8');
    const said = execFileSync('python3', ['-c', FRAGMENTS, TOOLS], { input: vector, encoding: 'utf8' });
    const { dataKey } = JSON.parse(vector) as { dataKey: string };
    expect(JSON.parse(said)).toEqual([dataKey, dataKey, 'refused', 'refused', 'refused', 'refused']);
  },
);

describe.skipIf(!python).each(['format-1', 'format-1-umbral'])('%s', { timeout: 170_000 }, (folder) => {
  let sample: Sample;
  let chain: Awaited<ReturnType<typeof replay>>;
  let gateway: Awaited<ReturnType<typeof startGateway>>;

  beforeAll(async () => {
    sample = await loadSample(folder);
    chain = await replay(sample.recorded);
    gateway = await startGateway(sample.blocks);
  });
  afterAll(() => {
    chain.close();
    gateway.close();
  });

  async function ours({ text, key, changes = new Map() }: Case) {
    const options = { rpc: new RecordedChain(sample.recorded), trusted: sample.trusted };
    const keyed = key === undefined ? {} : { key: sample.key(key) };
    const { checks } = await verifyReceipt(
      text,
      { ...options, ...keyed, kubo: holding(sample.blocks, changes) },
      signal,
    );
    return checks.map(({ name, status }) => `${name}: ${status}`);
  }

  function theirs(cases: readonly Case[]): Promise<string[][]> {
    const lines = cases.map(({ text, key, changes }) =>
      JSON.stringify({
        text,
        key: key === undefined ? null : sample.keyFile(key),
        options: {
          rpc: chain.url,
          gateway: gateway.url(changes),
          kubo: null,
          contract: sample.trusted.contract,
          chain_id: sample.trusted.chainId,
          confirmations: 2,
          capsule: null,
        },
      }),
    );
    return new Promise((resolve, reject) => {
      const child = execFile('python3', ['-c', DRIVER, TOOLS], { maxBuffer: 1 << 26 }, (error, stdout) =>
        error
          ? reject(error)
          : resolve(
              stdout
                .trimEnd()
                .split('\n')
                .map((line) => JSON.parse(line)),
            ),
      );
      child.stdin!.end(lines.join('\n'));
    });
  }

  async function agree(cases: readonly Case[]): Promise<string[][]> {
    const said = await theirs(cases);
    for (const [index, one] of cases.entries()) expect(said[index], JSON.stringify(one.text)).toEqual(await ours(one));
    return said;
  }

  const failed = (checks: string[]) => checks.some((check) => check.endsWith(': fail'));

  test('what holds passes, and without a key what can be checked', async () => {
    const keyed = await agree(sample.names.map((name) => ({ text: sample.receipt(name), key: name })));
    expect(keyed.flat().filter((check) => !check.endsWith(': pass'))).toEqual([]);
    const bare = await agree(sample.names.map((name) => ({ text: sample.receipt(name), key: undefined })));
    expect(new Set(bare.flat().filter((check) => !check.endsWith(': pass')))).toEqual(
      new Set(KEYED.map((name) => `${name}: unknown`)),
    );
  });

  test('every random change of a block or a receipt, and every lost block, is refused by the same checks', async () => {
    const texts = sample.names.map((name) => sample.receipt(name));
    const lost = sample.names.flatMap((name) =>
      cidsOf(sample, name).map((cid) => ({ text: sample.receipt(name), key: name, changes: new Map([[cid, null]]) })),
    );
    const made = fc
      .sample(fc.tuple(fc.nat(), fc.nat(), change), { numRuns: CHANGES, seed: 6 })
      .flatMap(([n, which, by]): Case[] => {
        const name = sample.names[n % sample.names.length]!;
        const text = sample.receipt(name);
        const targets = cidsOf(sample, name);
        const target = targets[which % (targets.length + 1)];
        if (target === undefined) {
          const mutated = Buffer.from(changed(Buffer.from(text), by)).toString();
          return texts.some((one) => sameJson(one, mutated)) ? [] : [{ text: mutated, key: name }];
        }
        const block = sample.blocks.get(target)!;
        const bytes = changed(block, by);
        return Buffer.compare(bytes, block) ? [{ text, key: name, changes: new Map([[target, bytes]]) }] : [];
      });
    const said = await agree([...lost, ...made]);
    expect(said.filter((checks) => !failed(checks))).toEqual([]);
  });

  test('a changed content or key packet that has its own right CID is refused by the same checks', async () => {
    const made = fc
      .sample(fc.tuple(fc.nat(), fc.boolean(), change), { numRuns: CHANGES, seed: 7 })
      .flatMap(([n, content, by]) => readdressed(sample, sample.names[n % sample.names.length]!, content, by));
    const said = await agree(made);
    expect(said.filter((checks) => checks.includes('decryption: pass'))).toEqual([]);
  });

  test("another's key, and a receipt with the record of another, are refused by the same checks", async () => {
    const [first, second] = [sample.names[0]!, sample.names[1]!];
    const [a, b] = [first, second].map((name) => JSON.parse(sample.receipt(name)) as Receipt) as [Receipt, Receipt];
    const said = await agree([
      { text: sample.receipt(first), key: second },
      { text: JSON.stringify({ ...a, record: b.record }), key: second },
      { text: JSON.stringify({ ...a, proof: b.proof }), key: first },
      { text: JSON.stringify({ ...a, record: { ...a.record, capsuleCid: b.record.capsuleCid } }), key: second },
      { text: JSON.stringify({ ...a, record: { ...a.record, contentCid: b.record.contentCid } }), key: first },
    ]);
    expect(said.every(failed)).toBe(true);
  });
});

/** Manifest, content, key packet, parts index and parts: each block that a receipt hangs on. */
function cidsOf({ blocks, receipt }: Sample, name: string): string[] {
  const { batch, record } = JSON.parse(receipt(name)) as Receipt;
  const own = [batch.manifest, record.contentCid, record.capsuleCid];
  return [...own, ...(record.partsCid ? [record.partsCid] : [])].filter((cid) => blocks.has(cid));
}

function readdressed(sample: Sample, name: string, content: boolean, by: Change): Case[] {
  const receipt = JSON.parse(sample.receipt(name)) as Receipt;
  const field = content ? 'contentCid' : 'capsuleCid';
  const before = receipt.record[field];
  const block = sample.blocks.get(before)!;
  const bytes = changed(block, by);
  // A file of several blocks would take its tree along; those are read in the other tests.
  if (Buffer.compare(bytes, block) === 0 || (content && block.length < 300)) return [];
  const cid = blockCid(content ? RAW : 0x71, bytes).toString();
  const record = { ...receipt.record, [field]: cid };
  return [{ text: JSON.stringify({ ...receipt, record }), key: name, changes: new Map([[cid, bytes]]) }];
}

/** A gateway of raw blocks whose address says what it gives changed. */
async function startGateway(blocks: ReadonlyMap<string, Uint8Array>) {
  const stores: ReadonlyMap<string, Uint8Array | null>[] = [];
  const server = createServer((request, response) => {
    const [, store, cid] = /^\/(\d+)\/ipfs\/(\w+)\?format=raw$/.exec(request.url!)!;
    const changes = stores[Number(store)]!;
    const bytes = changes.has(cid!) ? changes.get(cid!) : blocks.get(cid!);
    if (bytes) response.end(bytes);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (changes: ReadonlyMap<string, Uint8Array | null> = new Map()) =>
      `http://127.0.0.1:${port}/${stores.push(changes) - 1}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function sameJson(a: string, b: string): boolean {
  try {
    return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
  } catch {
    return false;
  }
}
