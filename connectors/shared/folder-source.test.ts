import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint, RefusedItem, Source, SourceItem } from '../../core/types.ts';
import { wholeFile } from '../cda/read.ts';
import { messageSplitter } from '../hl7v2/split.ts';
import { type FolderConfig, folderConfig } from './folder-config.ts';
import { type FolderCursor, place } from './folder-cursor.ts';
import { folderSource } from './folder-source.ts';
import type { SplitFile } from './folder-split.ts';
import { openFile } from './open-file.ts';

const LIMITS = { items: 100, bytes: 1e8, itemBytes: 1e6 };
const signal = new AbortController().signal;
let root: string;
let inbox: string;

/** Nothing is locked for root, so it steps down for the time of a call. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  for (const folder of [root, inbox]) chmodSync(folder, 0o755);
  process.seteuid!(65_534);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
  }
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dhc-folder-'));
  inbox = join(root, 'inbox');
  mkdirSync(inbox);
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const put = (name: string, content: string | Uint8Array = name) => writeFileSync(join(inbox, name), content);

function open(config: Partial<FolderConfig> = {}, split: SplitFile = wholeFile): Source<FolderCursor> {
  return folderSource({ kind: 'cda', folder: folderConfig.parse({ path: inbox, settleSeconds: 0, ...config }), split });
}

async function read(
  source: Source<FolderCursor>,
  cursor: FolderCursor | null = null,
  limits: Partial<typeof LIMITS> = {},
) {
  const all = await Array.fromAsync(source.read(cursor, { ...LIMITS, ...limits }, signal));
  const last = all.at(-1) as Checkpoint<FolderCursor>;
  expect(last.type).toBe('checkpoint');
  const entries = all.slice(0, -1) as (SourceItem | RefusedItem)[];
  const keys = entries.map((entry) => (entry.type === 'item' ? entry.sourceKey : `${entry.sourceKey} ${entry.code}`));
  return { entries, keys, cursor: JSON.parse(JSON.stringify(last.cursor)) as FolderCursor };
}

describe('folder source', () => {
  it('reads all below the folder once, and nothing when nothing changed', async () => {
    mkdirSync(join(inbox, 'a/b'), { recursive: true });
    put('two.xml');
    put('a/b/张伟.xml');
    const first = await read(open());
    expect(first.keys.sort()).toEqual(['a/b/张伟.xml', 'two.xml']);
    expect((await read(open(), first.cursor)).keys).toEqual([]);
  });

  it('passes over links, hidden and unfinished files, and what is not included', async () => {
    writeFileSync(join(root, 'secret.xml'), 'x');
    symlinkSync(join(root, 'secret.xml'), join(inbox, 'link.xml'));
    symlinkSync(root, join(inbox, 'loop'));
    mkdirSync(join(inbox, '.hidden'));
    for (const name of [
      '.x.xml',
      '.hidden/y.xml',
      'a.xml.tmp',
      'b.part',
      'c.filepart',
      'd.txt',
      'no.skip.xml',
      'E.XML',
    ])
      put(name);
    expect((await read(open({ include: ['.xml'], exclude: ['.skip.xml'] }))).keys).toEqual(['E.XML']);
  });

  it('waits until a file has settled', async () => {
    put('a.xml');
    const source = open({ settleSeconds: 0.3 });
    const first = await read(source);
    expect(first.keys).toEqual([]);
    await sleep(350);
    expect((await read(source, first.cursor)).keys).toEqual(['a.xml']);
  });

  it('finds files that come late with older times and names, and those changed in place', async () => {
    mkdirSync(join(root, 'elsewhere'));
    writeFileSync(join(root, 'elsewhere/0-old.xml'), 'old');
    await sleep(20);
    put('m.xml', 'one');
    const first = await read(open());
    put('a.xml');
    utimesSync(join(inbox, 'a.xml'), 1, 1);
    renameSync(join(root, 'elsewhere'), join(inbox, 'moved'));
    const second = await read(open(), first.cursor);
    expect(second.keys).toEqual(expect.arrayContaining(['moved/0-old.xml', 'a.xml']));
    await sleep(20);
    put('m.xml', 'two');
    utimesSync(join(inbox, 'm.xml'), 1, 1);
    const third = await read(open(), second.cursor);
    expect(third.entries.find(({ sourceKey }) => sourceKey === 'm.xml')).toMatchObject({
      bytes: Uint8Array.from(Buffer.from('two')),
    });
  });

  it('refuses the empty, the too large and the unreadable, each by its code, and reads on', async () => {
    put('empty.xml', '');
    put('large.xml', Buffer.alloc(100_000, 'x'));
    put('good.xml');
    const { keys, entries } = await read(open(), null, { itemBytes: 70_000 });
    expect(keys.sort()).toEqual(['empty.xml source.empty', 'good.xml', 'large.xml source.too-large']);
    expect(entries.find(({ sourceKey }) => sourceKey === 'large.xml')).toMatchObject({
      size: 100_000,
      head: { length: 65_536 },
    });
  });

  it('refuses what it may not read, once, and reads it when it may', async () => {
    put('locked.xml');
    chmodSync(join(inbox, 'locked.xml'), 0);
    const first = await asOrdinaryUser(() => read(open()));
    expect(first.keys).toEqual(['locked.xml source.unreadable']);
    expect((await asOrdinaryUser(() => read(open(), first.cursor))).keys).toEqual([]);
    chmodSync(join(inbox, 'locked.xml'), 0o644);
    expect((await asOrdinaryUser(() => read(open(), first.cursor))).keys).toEqual(['locked.xml']);
  });

  it('keeps names in other encodings apart and opens them', async () => {
    const gbk = Buffer.concat([Buffer.from(`${inbox}/`), Buffer.from('d5c5ceb0', 'hex')]);
    writeFileSync(gbk, 'GBK');
    put('//d5c5ceb0'.replaceAll('/', ''), 'ASCII');
    const { entries } = await read(open());
    expect(entries.map(({ sourceKey }) => sourceKey).sort()).toEqual(['/d5c5ceb0', 'd5c5ceb0']);
  });

  it('goes on in the middle of a large file, even in another process', async () => {
    put('many.hl7', Array.from({ length: 25 }, (_, index) => `MSH|${index}\r`).join(''));
    put('one.hl7', 'MSH|x\r');
    const keys: string[] = [];
    let cursor: FolderCursor | null = null;
    for (let round = 0; round < 9; round++) {
      const done = await read(open({}, messageSplitter(undefined)), cursor, { items: 4 });
      expect(done.keys.length).toBeLessThanOrEqual(4);
      keys.push(...done.keys);
      cursor = done.cursor;
    }
    expect(keys).toEqual([...Array.from({ length: 25 }, (_, index) => `many.hl7#${index + 1}`), 'one.hl7']);
  });

  it('says what is wrong with the folder', async () => {
    put('file.xml');
    for (const path of [join(root, 'nowhere'), join(inbox, 'file.xml')]) {
      await expect(read(open({ path }))).rejects.toMatchObject({ code: 'source.missing' });
      expect(await open({ path }).check(signal)).toMatchObject([{ status: 'fail' }]);
    }
  });

  it('takes no other file for the one that was listed', async () => {
    put('a.xml', '');
    const { size, mtimeNs, ctimeNs } = statSync(join(inbox, 'a.xml'), { bigint: true });
    const listed = place({ path: Buffer.from('a.xml'), size: Number(size), mtimeNs, ctimeNs });
    put('a.xml', 'written meanwhile');
    expect(await openFile(Buffer.from(inbox), listed, 'a.xml')).toBe('gone');
    symlinkSync('a.xml', join(inbox, 'link.xml'));
    expect(
      await openFile(Buffer.from(inbox), { ...listed, entry: { ...listed.entry, path: Buffer.from('link.xml') } }, 'l'),
    ).toBe('gone');
  });

  it('leaves a file that changes while it is read for the next time', async () => {
    put('many.hl7', 'MSH|1\rMSH|2\rMSH|3\r');
    const keys: string[] = [];
    for await (const entry of open({}, messageSplitter(undefined)).read(null, LIMITS, signal)) {
      if (entry.type === 'checkpoint') {
        expect((await read(open({}, messageSplitter(undefined)), entry.cursor)).keys).toEqual([
          'many.hl7#1',
          'many.hl7#2',
        ]);
      } else {
        keys.push(entry.sourceKey);
        put('many.hl7', 'MSH|A\rMSH|B\r');
      }
    }
    expect(keys).toEqual(['many.hl7#1']);
  });
});

describe('archive', () => {
  const archiving = (split: SplitFile = wholeFile) =>
    open({ afterRead: 'archive', archiveTo: join(root, 'archive') }, split);
  const names = (folder: string) => readdirSync(join(root, folder), { recursive: true }).sort();

  beforeEach(() => mkdirSync(join(root, 'archive')));

  it('moves a file when all that it held is stored, and never over another', async () => {
    const source = archiving(messageSplitter(undefined));
    put('two.hl7', 'MSH|1\rMSH|2\r');
    const first = await read(source);
    await source.settle!(['two.hl7#1'], 'stored');
    await source.settle!(['two.hl7#2'], 'dead-letter');
    expect(names('inbox')).toEqual(['two.hl7']);
    await source.settle!(['two.hl7#2'], 'anchored');
    expect(names('inbox')).toEqual([]);
    put('two.hl7', 'MSH|3\r');
    await read(source, first.cursor);
    await source.settle!(['two.hl7'], 'anchored');
    expect(names('archive')).toEqual(['two.hl7', 'two.hl7.1']);
  });

  it('leaves a file of which a part was refused, one that was changed since, and one that it has not read', async () => {
    const source = archiving(messageSplitter(undefined));
    put('part.hl7', 'noise\rMSH|1\r');
    put('changed.hl7', 'MSH|1\r');
    await read(source);
    put('changed.hl7', 'MSH|2\r');
    put('later.hl7', 'MSH|3\r');
    await source.settle!(['part.hl7', 'changed.hl7', 'later.hl7'], 'anchored');
    expect(names('inbox')).toEqual(['changed.hl7', 'later.hl7', 'part.hl7']);
  });

  it('is refused below the folder that is read', () => {
    expect(() => open({ afterRead: 'archive', archiveTo: join(inbox, 'done') })).toThrow(/below/);
  });
});
