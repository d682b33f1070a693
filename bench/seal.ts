/** How many records and bytes one core seals and opens: `node bench/seal.ts`. */
import { createHash, randomBytes } from 'node:crypto';
import { openPart, sealPart } from '../anchor/seal/part.ts';
import { openRecord, sealRecord } from '../anchor/seal/record.ts';
import { tagFor } from '../anchor/seal/tag.ts';
import { derivePatientKeys } from '../core/keystore/patient-keys.ts';

const RECORDS = 10_000;
const RECORD_BYTES = 2048;
const PART_MIB = 512;

const patient = derivePatientKeys(randomBytes(32), randomBytes(32));
const place = { hospital: 'bench', tag: tagFor(patient.indexKey, 0n) };
const bundle = randomBytes(RECORD_BYTES);
const block = randomBytes(1 << 20);

async function perSecond(name: string, unit: string, amount: number, work: () => unknown): Promise<void> {
  const start = performance.now();
  await work();
  const rate = amount / ((performance.now() - start) / 1000);
  process.stdout.write(`${name.padEnd(28)} ${Math.round(rate).toLocaleString('en')} ${unit}/s\n`);
}

async function* part(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < PART_MIB; sent++) yield block;
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of source);
}

const seal = (n: number) => sealRecord({ ...place, itemId: String(n), patient, bundle });
const sealed = Array.from({ length: RECORDS }, (_, n) => seal(n));

await perSecond('seal 2 KB records', 'records', RECORDS, () => {
  for (let n = 0; n < RECORDS; n++) seal(n);
});
await perSecond('open 2 KB records', 'records', RECORDS, () => {
  for (const { content, capsule } of sealed) openRecord({ content, capsule, privateKey: patient.x25519Private });
});

const digest = createHash('sha256');
for await (const chunk of part()) digest.update(chunk);
const partPlace = { ...place, dataKey: sealed[0]!.dataKey, index: 0 };
const sealedPart = () => sealPart({ ...partPlace, sha256 }, part());
const sha256 = digest.digest();
const megabytes = (PART_MIB * (1 << 20)) / 1e6;
await perSecond('seal a part, digest checked', 'MB', megabytes, () => drain(sealedPart()));
await perSecond('seal and open a part', 'MB', megabytes, () => drain(openPart(partPlace, sealedPart())));
process.stdout.write(`largest resident set          ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB\n`);
