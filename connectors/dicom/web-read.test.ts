import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { BridgeError } from '../../core/errors.ts';
import type { RefusedItem, SourceItem } from '../../core/types.ts';
import { testContext } from '../testing/context.ts';
import { dicom } from './connector.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

interface Archive {
  /** Studies of the one day that is asked for, as `limit` and `offset` make them. */
  studies(limit: number, offset: number): readonly string[];
  instance?(response: ServerResponse): void;
}

/** An archive with faults of our choice; each study has one instance. */
async function serve(archive: Archive): Promise<string> {
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x');
    const [, , , study, kind, , , instance] = url.pathname.split('/');
    const number = (name: string) => Number(url.searchParams.get(name));
    if (instance) return void archive.instance?.(response);
    const uids = kind ? (number('offset') ? [] : [`${study}.1.1`]) : archive.studies(number('limit'), number('offset'));
    response.end(JSON.stringify(uids.map((uid) => match(kind ? study! : uid, kind ? uid : undefined))));
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/dicom-web`;
}

function match(study: string, instance?: string): object {
  const value = (text: string) => ({ vr: 'UI', Value: [text] });
  if (instance === undefined) return { '0020000D': value(study), '00080020': { vr: 'DA', Value: ['20260301'] } };
  return {
    '0020000E': value(`${study}.1`),
    '00080018': value(instance),
    '00080016': value('1.2.840.10008.5.1.4.1.1.7'),
  };
}

async function read(archive: Archive) {
  const day = { from: '2026-03-01', until: '2026-03-01', pageSize: 10, attempts: 1 };
  const source = dicom.open(
    dicom.config.parse({ kind: 'dicom', dicomweb: { baseUrl: await serve(archive), ...day } }),
    testContext(),
  );
  const items: SourceItem[] = [];
  const refused: RefusedItem[] = [];
  let error: BridgeError | null = null;
  try {
    for await (const entry of source.read(
      null,
      { items: 1000, bytes: 1e8, itemBytes: 1e6 },
      new AbortController().signal,
    )) {
      if (entry.type === 'item') items.push(entry);
      if (entry.type === 'refused') refused.push(entry);
    }
  } catch (thrown) {
    error = thrown as BridgeError;
  }
  return { keys: items.map(({ sourceKey }) => sourceKey).sort(), items, refused, error, source };
}

const uids = (count: number) => Array.from({ length: count }, (_, n) => `1.2.${100 + n}`);

describe('paging an archive', () => {
  it.each([
    ['pages as asked', (all: string[]) => (limit: number, offset: number) => all.slice(offset, offset + limit)],
    ['cuts pages shorter than asked', (all: string[]) => (_: number, offset: number) => all.slice(offset, offset + 3)],
    ['ignores limit and offset', (all: string[]) => () => all],
    [
      'repeats studies on the next page',
      (all: string[]) => (limit: number, offset: number) => all.slice(Math.max(0, offset - 2), offset + limit),
    ],
  ])('finds every study where it %s', async (_name, make) => {
    const all = uids(23);
    const { keys, error } = await read({ studies: make(all) });
    expect([error, keys]).toEqual([null, all]);
  });

  it('loses no study in silence where the archive ignores offset', async () => {
    const { error } = await read({ studies: (limit) => uids(23).slice(0, limit) });
    expect(error?.code).toBe('source.protocol');
  });

  it('refuses a study whose UID would lead elsewhere, and reads the others', async () => {
    const all = ['1.2.3', '..', '../../admin', '1.2.4'];
    const { keys, refused } = await read({ studies: (_, offset) => all.slice(offset) });
    expect(keys).toEqual(['1.2.3', '1.2.4']);
    expect(refused.map(({ code }) => code)).toEqual(['item.format', 'item.format']);
  });
});

describe('fetching an instance', () => {
  const type = { 'content-type': 'multipart/related; type="application/dicom"; boundary=b' };
  const fetchOne = async (instance: (response: ServerResponse) => void) => {
    const { items } = await read({ studies: (_, offset) => (offset ? [] : ['1.2.3']), instance });
    return Buffer.concat(await Array.fromAsync(items[0]!.parts![0]!.open()));
  };

  it('gives the bytes of its one part', async () => {
    const bytes = await fetchOne((response) =>
      response.writeHead(200, type).end('--b\r\nA: 1\r\n\r\nDICM\r\n\r\n--b--'),
    );
    expect(bytes.toString()).toBe('DICM\r\n');
  });

  it('closes the connection when its reader has enough', async () => {
    let closed: Promise<unknown> = Promise.resolve('not asked');
    const instance = (response: ServerResponse) => {
      closed = new Promise((done) => response.once('close', () => done('closed')));
      response.writeHead(200, type).write('--b\r\n\r\n');
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        response.once('drain', write);
      };
      write();
    };
    const { items } = await read({ studies: (_, offset) => (offset ? [] : ['1.2.3']), instance });
    for await (const _ of items[0]!.parts![0]!.open()) break;
    expect(await closed).toBe('closed');
  });

  it.each([
    [
      'is cut off',
      (response: ServerResponse) => response.writeHead(200, type).end('--b\r\n\r\nDICM'),
      'source.unreachable',
    ],
    [
      'breaks off',
      (response: ServerResponse) => response.writeHead(200, type).write('--b\r\n\r\nD', () => response.destroy()),
      'source.unreachable',
    ],
    [
      'holds two parts',
      (response: ServerResponse) => response.writeHead(200, type).end('--b\r\n\r\nA\r\n--b\r\n\r\nB\r\n--b--'),
      'source.protocol',
    ],
    ['holds no part', (response: ServerResponse) => response.writeHead(200, type).end('--b--'), 'source.protocol'],
    [
      'is a page',
      (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      'source.protocol',
    ],
    ['is gone', (response: ServerResponse) => response.writeHead(404).end(), 'source.missing'],
    ['is refused', (response: ServerResponse) => response.writeHead(403).end(), 'source.refused'],
  ])('says so when the answer %s', async (_name, instance, code) => {
    await expect(fetchOne((response) => void instance(response))).rejects.toMatchObject({ code });
  });
});
