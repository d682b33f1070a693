import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StudyManifest } from '../../core/dicom/manifest.ts';
import type { RefusedItem, SourceItem } from '../../core/types.ts';
import { writeDataset } from '../../samples/dicom/writer.ts';
import { folderConfig } from '../shared/folder-config.ts';
import { image, ROOT } from './fixture.ts';
import { type DicomFolderCursor, FolderReader } from './folder-read.ts';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'dhc-dicom-'));
});
afterEach(() => rm(path, { recursive: true }));

const put = (name: string, bytes: Uint8Array) => writeFile(join(path, name), bytes);

async function read(cursor: DicomFolderCursor | null = null) {
  const reader = new FolderReader(folderConfig.parse({ path, settleSeconds: 0 }));
  const items: SourceItem[] = [];
  const refused: RefusedItem[] = [];
  let last = cursor;
  for await (const entry of reader.read(
    cursor,
    { items: 100, bytes: 1e8, itemBytes: 1e6 },
    new AbortController().signal,
  )) {
    if (entry.type === 'item') items.push(entry);
    else if (entry.type === 'refused') refused.push(entry);
    else last = entry.cursor;
  }
  return { items, refused, cursor: last };
}

const manifestOf = (item: SourceItem) => JSON.parse(Buffer.from(item.bytes).toString()) as StudyManifest;
const codes = (refused: readonly RefusedItem[]) => Object.fromEntries(refused.map((one) => [one.sourceKey, one.code]));

describe('a folder of studies', () => {
  it('puts together studies whose files lie mixed, whatever the files are called', async () => {
    await mkdir(join(path, 'x'));
    for (const [name, study, instance] of [
      ['x/1', 1, 2],
      ['2.dcm', 1, 1],
      ['3', 2, 1],
    ] as const) {
      await put(name, image(study, instance));
    }
    const { items } = await read();
    const found = items.map((item) => [item.sourceKey, manifestOf(item).instances.map(({ path: at }) => at)]);
    expect(found.sort()).toEqual([
      [`${ROOT}.1`, ['2.dcm', 'x/1']],
      [`${ROOT}.2`, ['3']],
    ]);
  });

  it('reads files without preamble and without meta group', async () => {
    const whole = image(1, 1);
    await put('no-preamble', whole.subarray(132));
    await put('no-meta', datasetOf(image(1, 2)));
    const { items, refused } = await read();
    expect(refused).toEqual([]);
    expect(manifestOf(items[0]!).instances.map(({ sopInstanceUid }) => sopInstanceUid)).toEqual([
      `${ROOT}.1.1.1`,
      `${ROOT}.1.1.2`,
    ]);
  });

  it('refuses what is cut off, at every length', async () => {
    const whole = image(1, 1);
    for (let length = 150; length < whole.length; length += 37) {
      await put('cut', whole.subarray(0, length));
      const { items, refused } = await read();
      expect(items.length, `${length} of ${whole.length} bytes`).toBe(0);
      expect(['item.truncated', 'item.format', 'item.unsupported']).toContain(refused[0]!.code);
    }
    await put('cut', whole.subarray(0, whole.length - 4));
    expect(codes((await read()).refused)).toEqual({ cut: 'item.truncated' });
  });

  it('refuses hostile files by name of the fault and reads the rest', async () => {
    await put('good', image(1, 1));
    await put('text', Buffer.from('no DICOM at all, but long enough to be looked at. '.repeat(9)));
    await put('empty', Buffer.alloc(0));
    await put('evil-uid', image(2, 1, [[0x0020000d, 'UI', '../../../../etc/evil']]));
    await put('no-study', image(3, 1, [[0x0020000d, 'UI', '']]));
    await put('bomb', deflated(Buffer.concat([writeDataset([[0x00080016, 'UI', '1.2']], true), huge()])));
    await put('nested', deeplyNested(20_000));
    await symlink(join(path, 'good'), join(path, 'link'));
    const { items, refused } = await read();
    expect(items.map(({ sourceKey }) => sourceKey)).toEqual([`${ROOT}.1`]);
    expect(codes(refused)).toMatchObject({
      text: 'item.format',
      empty: 'source.empty',
      'evil-uid': 'item.format',
      'no-study': 'item.format',
      bomb: 'source.too-large',
    });
    expect(Object.keys(codes(refused)).sort()).toEqual(['bomb', 'empty', 'evil-uid', 'nested', 'no-study', 'text']);
  });

  it('takes one of two equal files, and refuses a second one with other content', async () => {
    await put('a', image(1, 1));
    await put('b', image(1, 1));
    const equal = await read();
    expect(equal.refused).toEqual([]);
    expect(manifestOf(equal.items[0]!).instances.map((one) => one.path)).toEqual(['a']);
    await put('b', image(1, 1, [[0x00100020, 'LO', 'CG100002']]));
    const other = await read();
    expect(codes(other.refused)).toEqual({ b: 'item.format' });
    expect(manifestOf(other.items[0]!).instances.map((one) => one.path)).toEqual(['a']);
  });

  it('hands a study over again when an instance comes late, and stays quiet otherwise', async () => {
    await put('a', image(1, 1));
    await put('b', image(2, 1));
    const first = await read();
    expect((await read(first.cursor)).items).toEqual([]);
    await put('c', image(1, 2));
    const second = await read(first.cursor);
    expect(second.items.map((item) => [item.sourceKey, item.parts!.length])).toEqual([[`${ROOT}.1`, 2]]);
  });

  it('gives the same bytes wherever the folder lies', async () => {
    await put('a', image(1, 1));
    const before = (await read()).items[0]!.bytes;
    const elsewhere = await mkdtemp(join(tmpdir(), 'dhc-dicom-'));
    await cp(path, elsewhere, { recursive: true });
    const kept = path;
    path = elsewhere;
    expect((await read()).items[0]!.bytes).toEqual(before);
    await rm(elsewhere, { recursive: true });
    path = kept;
  });

  it('says so when a file was changed between listing and streaming', async () => {
    await put('a', image(1, 1));
    const [part] = (await read()).items[0]!.parts!;
    await put('a', image(1, 1).subarray(0, 300));
    await expect(Array.fromAsync(part!.open())).rejects.toMatchObject({ code: 'source.unreadable' });
    await rm(join(path, 'a'));
    await expect(Array.fromAsync(part!.open())).rejects.toMatchObject({ code: 'source.unreadable' });
  });
});

/** Without preamble and meta group. */
function datasetOf(file: Buffer): Buffer {
  return file.subarray(132 + 12 + file.readUInt32LE(140));
}

function deflated(dataset: Buffer): Buffer {
  const meta = writeDataset([[0x00020010, 'UI', '1.2.840.10008.1.2.1.99']], true);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), meta, deflateRawSync(dataset)]);
}

/** 80 MB of one private element, a few KB when deflated. */
function huge(): Buffer {
  return writeDataset([[0x00091010, 'OB', Buffer.alloc(80_000_000)]], true);
}

/** Sequences of undefined length within one another. */
function deeplyNested(depth: number): Buffer {
  const open = Buffer.from('0800 5110 5351 0000 ffffffff feff 00e0 ffffffff'.replaceAll(' ', ''), 'hex');
  const meta = writeDataset([[0x00020010, 'UI', '1.2.840.10008.1.2.1']], true);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), meta, ...Array.from({ length: depth }, () => open)]);
}
