/** One part of 3 GB from its source into the node: digest checked, sealed, hashed, uploaded; `node bench/stream.ts [MiB]`. */
import { createHash, randomBytes } from 'node:crypto';
import { sealPart } from '../anchor/seal/part.ts';
import { openStreet } from './street.ts';

const MIB = Number(process.argv[2] ?? 3 * 1024);
const block = randomBytes(1 << 20);

async function* source(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < MIB; sent++) yield block;
}

const digest = createHash('sha256');
for await (const chunk of source()) digest.update(chunk);
const place = { dataKey: randomBytes(32), index: 0, hospital: 'bench', tag: randomBytes(16), sha256: digest.digest() };
const parts = await openStreet('flatfs');
try {
  const start = performance.now();
  await parts.kubo.addStream(sealPart(place, source()));
  const rate = (MIB * (1 << 20)) / 1e6 / ((performance.now() - start) / 1000);
  const { maxRSS } = process.resourceUsage();
  process.stdout.write(
    `seal and upload ${MIB} MiB     ${Math.round(rate)} MB/s, largest resident set ${maxRSS >> 10} MiB\n`,
  );
} finally {
  await parts.close();
}
