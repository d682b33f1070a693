/** The real connectors on the whole street. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPart } from '../anchor/seal/part.ts';
import { openRecord } from '../anchor/seal/record.ts';
import { decodeParts } from '../anchor/store/manifest.ts';
import { sendMllp } from '../connectors/hl7v2/client.ts';
import { connectors } from '../connectors/index.ts';
import type { Connector } from '../core/types.ts';
import type { Bridge } from './bridge.ts';
import { startHospital, type TestHospital } from './testing/hospital.ts';

const samples = join(import.meta.dirname, '..', 'samples');
const studies = join(samples, 'dicom', 'studies');
let hospital: TestHospital;
let bridge: Bridge;

function feed(name: string, config: { kind: keyof typeof connectors } & Record<string, unknown>) {
  const connector = connectors[config.kind] as unknown as Connector;
  return { name, connector, config: connector.config.parse(config) };
}

beforeAll(async () => {
  hospital = await startHospital();
  const feeds = [
    feed('imaging', { kind: 'dicom', folder: { path: studies, settleSeconds: 0 } }),
    feed('messages', { kind: 'hl7v2', mllp: { port: 0 } }),
  ];
  bridge = await hospital.open('feeds', feeds, { items: 100, itemBytes: 1 << 24 });
  await bridge.startWorker();
});

afterAll(async () => {
  await bridge?.close();
  await hospital?.stop();
});

it('seals each instance of a study as a part of its record, byte for byte', async () => {
  const progress = await bridge.runFeed('imaging');
  expect(progress.normalized).toBeGreaterThan(0);
  expect(await bridge.waitAnchored({ timeoutMs: 60_000 })).toBe(true);
  const items = await bridge.journal.items({ feed: 'imaging', anchor: 'final' });
  const item = items.find((row) => row.patientRef !== 'hospital')!;
  const { record } = (await bridge.journal.receipt(item.id))!;
  const privateKey = bridge.keystore.patientKeys(item.patientRef!);
  const content = await bridge.kubo.blockGet(record.contentCid);
  const opened = openRecord({ content, capsule: await bridge.kubo.blockGet(record.capsuleCid), privateKey });
  const originals = new Set(
    filesBelow(studies).map((file) => createHash('sha256').update(readFileSync(file)).digest('hex')),
  );
  const parts = decodeParts(await bridge.kubo.blockGet(record.partsCid!));
  expect(Buffer.from(opened.bundle).includes('urn:dhc:part:0')).toBe(true);
  for (const [index, part] of parts.entries()) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of openPart({ ...opened, index }, bridge.kubo.cat(part.cid))) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    expect(originals.has(createHash('sha256').update(bytes).digest('hex'))).toBe(true);
    expect(await bridge.kubo.isPinned(part.cid)).toBe(false);
  }
  expect(parts.length).toBeGreaterThan(0);
  expect(bridge.spool.usage().items).toBe(0);
});

it('acknowledges a pushed message, reads it at once and anchors it', async () => {
  const [{ listener }] = (await bridge.startListeners()) as [Awaited<ReturnType<Bridge['startListeners']>>[0]];
  const { port } = new URL(listener.address);
  const message = readFileSync(join(samples, 'hl7v2', 'mllp', 'adt-a01-zhangwei.hl7'));
  const [ack] = await sendMllp('127.0.0.1', Number(port), [message]);
  expect(ack!.code).toBe('AA');
  const found = () => bridge.journal.items({ feed: 'messages' });
  await expect.poll(found, { timeout: 30_000 }).toMatchObject([{ anchor: 'final' }]);
  expect(await bridge.journal.inboxDepth('messages')).toBe(0);
});

function filesBelow(path: string): string[] {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
