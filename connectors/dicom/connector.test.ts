import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RefusedItem, Source, SourceItem } from '../../core/types.ts';
import { findOrthanc, type Orthanc, startOrthanc, uploadFolder } from '../../samples/servers/orthanc.ts';
import { conformance } from '../conformance.ts';
import { testContext } from '../testing/context.ts';
import { type DicomCursor, dicom } from './connector.ts';
import { dicomArchive, dicomFolder, image, ROOT } from './fixture.ts';

const SAMPLES = join(import.meta.dirname, '../../samples/dicom/studies');
const LIMITS = { items: 100, bytes: 1e8, itemBytes: 1e6 };

conformance('dicom folder', dicom, dicomFolder, { offers: true });

describe.skipIf(!findOrthanc())('with Orthanc', () => {
  let dir: string;
  let orthanc: Orthanc;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dhc-orthanc-'));
    orthanc = (await startOrthanc({ dir }))!;
  });
  afterEach(() => orthanc.wipe());
  afterAll(async () => {
    await orthanc.stop();
    await rm(dir, { recursive: true });
  });

  conformance('dicomweb', dicom, () => dicomArchive(orthanc));

  const open = (dicomweb: Record<string, unknown>) =>
    dicom.open(
      dicom.config.parse({ kind: 'dicom', dicomweb: { baseUrl: orthanc.dicomweb, ...dicomweb } }),
      testContext(),
    );

  it('streams every instance byte for byte as the files that were stored', async () => {
    await uploadFolder(orthanc, SAMPLES);
    const source = open({});
    const { items } = await readAll(source, null);
    const streamed = await Promise.all(items.flatMap((item) => (item.parts ?? []).map((part) => digest(part.open()))));
    await source.close();
    const names = await readdir(SAMPLES);
    const stored = await Promise.all(names.map(async (name) => digest([await readFile(join(SAMPLES, name))])));
    expect(streamed.sort()).toEqual(stored.sort());
  });

  it('hands a study over again, and only that one, when an instance arrives late', async () => {
    for (const study of [1, 2, 3]) await orthanc.upload(image(study, 1));
    const source = open({ recheckDays: 3_650 });
    const { cursor } = await readAll(source, null);
    await orthanc.upload(image(2, 7));
    const { items } = await readAll(source, cursor);
    await source.close();
    expect(items.map((item) => [item.sourceKey, item.parts?.length])).toEqual([[`${ROOT}.2`, 2]]);
  });

  it('finds studies of old dates and studies without a date', async () => {
    await orthanc.upload(image(1, 1, [[0x00080020, 'DA', '19991231']]));
    await orthanc.upload(image(2, 1, [[0x00080020, 'DA', '']]));
    const source = open({});
    const { items } = await readAll(source, null);
    await source.close();
    expect(items.map(({ sourceKey }) => sourceKey).sort()).toEqual([`${ROOT}.1`, `${ROOT}.2`]);
  });

  it('tells an instance that is gone from a broken line', async () => {
    await orthanc.upload(image(1, 1));
    const source = open({});
    const { items } = await readAll(source, null);
    await orthanc.wipe();
    await expect(digest(items[0]!.parts![0]!.open())).rejects.toMatchObject({ code: 'source.missing' });
    await source.close();
  });
});

async function readAll(
  source: Source<DicomCursor>,
  from: unknown,
): Promise<{ items: SourceItem[]; refused: RefusedItem[]; cursor: unknown }> {
  const items: SourceItem[] = [];
  const refused: RefusedItem[] = [];
  let cursor = from;
  for (let fresh = true; fresh; ) {
    fresh = false;
    for await (const entry of source.read(cursor as DicomCursor | null, LIMITS, new AbortController().signal)) {
      if (entry.type === 'checkpoint') cursor = entry.cursor;
      else fresh = true;
      if (entry.type === 'item') items.push(entry);
      if (entry.type === 'refused') refused.push(entry);
    }
  }
  return { items, refused, cursor };
}

async function digest(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
