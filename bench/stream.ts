/**
 * One part of 3 GB from its source into the node: digest checked, sealed, hashed, uploaded; `node bench/stream.ts [MiB]`.
 * Twice: from a source in memory, and from the spool, which decrypts it. The node is started by one process and each way
 * measured in another of its own, so that the largest resident set is that of sealing and uploading.
 */
import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [mib = '3072', way, url] = process.argv.slice(2);
const MIB = Number(mib);
const block = randomBytes(1 << 20);

if (url) await measure(url, way!);
else {
  const { startKubo } = await import('../anchor/testing/kubo.ts');
  const node = await startKubo('flatfs');
  try {
    for (const one of ['memory', 'spool']) await once(fork(import.meta.filename, [mib, one, node.url]), 'exit');
  } finally {
    await node.stop();
  }
}

async function measure(node: string, from: string): Promise<void> {
  const { sealPart } = await import('../anchor/seal/part.ts');
  const { Kubo } = await import('../anchor/store/kubo.ts');
  const { LargeFiles } = await import('../core/spool/large-files.ts');
  const folder = await mkdtemp(join(tmpdir(), 'dhc-bench-'));
  try {
    const files = new LargeFiles(folder, randomBytes(32));
    const sha256 = from === 'spool' ? Buffer.from((await files.write('part', made())).sha256, 'hex') : await digest();
    const place = { dataKey: randomBytes(32), index: 0, hospital: 'bench', tag: randomBytes(16), sha256 };
    const source = from === 'spool' ? files.read('part', { lend: true }) : made();
    const start = performance.now();
    await new Kubo({ url: node }).addStream(sealPart(place, source, { lend: true }));
    const rate = Math.round((MIB * (1 << 20)) / 1e6 / ((performance.now() - start) / 1000));
    const { maxRSS } = process.resourceUsage();
    const name = `seal and upload ${MIB} MiB from ${from === 'spool' ? 'the spool' : 'memory'}`;
    process.stdout.write(`${name.padEnd(42)} ${rate} MB/s, largest resident set ${maxRSS >> 10} MiB\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function digest(): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of made()) hash.update(chunk);
  return hash.digest();
}

/** The same each time; sealed, no two chunks are. */
async function* made(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < MIB; sent++) yield block;
}
