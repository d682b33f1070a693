/** A folder in the system's temporary folder, filled for the conformance tests. */
import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fixture } from '../conformance.ts';

export interface FolderFixture {
  /** The rest of the config. */
  readonly config: Record<string, unknown>;
  /** More of the config of the folder. */
  readonly folder?: Record<string, unknown>;
  readonly suffix: string;
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  readonly keys: readonly string[];
  /** A file that holds one item. */
  readonly more: Uint8Array | string;
  /** Of the one item in `more`, behind the name. */
  readonly moreKey?: string;
}

export async function folderFixture({
  config,
  folder = {},
  suffix,
  files,
  keys,
  more,
  moreKey = '',
}: FolderFixture): Promise<Fixture> {
  const path = await mkdtemp(join(tmpdir(), 'dhc-conformance-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return {
    config: { ...config, folder: { ...folder, path, settleSeconds: 0 } },
    unreachable: { ...config, folder: { ...folder, path: join(path, 'nowhere') } },
    keys,
    async grow() {
      // In the same tick of the file system's clock it would stand among the files that were read.
      await sleep(20);
      await writeFile(join(path, `more${suffix}`), more);
      return `more${suffix}${moreKey}`;
    },
    async offer(name, chunks) {
      const file = await open(join(path, `${name}${suffix}`), 'w');
      for (const chunk of chunks) await file.write(chunk);
      await file.close();
    },
    async state() {
      const names = (await readdir(path, { recursive: true })).sort();
      return Promise.all(names.map(async (name) => [name, (await stat(join(path, name))).ctimeMs]));
    },
    close: () => rm(path, { recursive: true }),
  };
}
