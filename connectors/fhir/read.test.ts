import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { BridgeError } from '../../core/errors.ts';
import type { RefusedItem, SourceItem } from '../../core/types.ts';
import { startFhirServer } from '../../samples/servers/fhir.ts';
import { fhir } from './connector.ts';
import type { FhirCursor } from './cursor.ts';

process.env.DHC_TEST_BEARER = 'SECRET';

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** A server that does what a test needs; every request is remembered. */
async function serve(handler: Handler) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response, new URL(request.url!, 'http://x'));
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, baseUrl: `${origin}/fhir`, requests };
}

const patient = (id: string, more = '') => `{"resourceType":"Patient","id":"${id}"${more}}`;
const bundle = (resources: readonly string[], next?: string) =>
  `{"resourceType":"Bundle","type":"searchset","link":[${next ? `{"relation":"next","url":${JSON.stringify(next)}}` : ''}],` +
  `"entry":[${resources.map((resource) => `{"resource":${resource}}`)}]}`;

interface Outcome {
  items: SourceItem[];
  refused: RefusedItem[];
  cursor: FhirCursor | null;
  error: BridgeError | null;
}

async function read(
  baseUrl: string,
  more: Record<string, unknown> = {},
  from: FhirCursor | null = null,
): Promise<Outcome> {
  const config = fhir.config.parse({ kind: 'fhir', baseUrl, resourceTypes: ['Patient'], attempts: 2, ...more });
  const source = fhir.open(config);
  const outcome: Outcome = { items: [], refused: [], cursor: from, error: null };
  try {
    const limits = { items: 1000, bytes: 1e8, itemBytes: 1_000_000 };
    for await (const entry of source.read(from, limits, new AbortController().signal)) {
      if (entry.type === 'item') outcome.items.push(entry);
      else if (entry.type === 'refused') outcome.refused.push(entry);
      else outcome.cursor = entry.cursor;
    }
  } catch (error) {
    expect(error).toBeInstanceOf(BridgeError);
    outcome.error = error as BridgeError;
  }
  await source.close();
  return outcome;
}

const keys = ({ items }: Outcome) => items.map(({ sourceKey }) => sourceKey);
const secret = { auth: { bearer: '${env:DHC_TEST_BEARER}' } };

describe('links and credentials', () => {
  it('never follows a link to another host, and sends it nothing', async () => {
    const thief = await serve((_request, response) => response.end(bundle([])));
    const server = await serve((_request, response) =>
      response.end(bundle([patient('1')], `${thief.origin}/fhir?page=2`)),
    );
    const outcome = await read(server.baseUrl, secret);
    expect(outcome.error?.code).toBe('source.unsafe-link');
    expect(server.requests[0]!.headers.authorization).toBe('Bearer SECRET');
    expect(thief.requests).toHaveLength(0);
  });

  it('follows one to an allowed host, without the token', async () => {
    const other = await serve((_request, response) => response.end(bundle([patient('2')])));
    const server = await serve((_request, response) => response.end(bundle([patient('1')], `${other.origin}/pages/2`)));
    const outcome = await read(server.baseUrl, { ...secret, allowedHosts: [new URL(other.origin).host] });
    expect(keys(outcome)).toEqual(['Patient/1', 'Patient/2']);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it.each([
    '/other/Patient',
    '/fhir/../admin',
    '//127.0.0.1:1/fhir',
    'file:///etc/passwd',
    'http://u:p@HOST/fhir',
    '/fhirevil',
  ])('does not follow %s', async (link) => {
    const server = await serve((request, response) =>
      response.end(bundle([], link.replace('HOST', request.headers.host!))),
    );
    const outcome = await read(server.baseUrl, secret);
    expect(outcome.error?.code).toBe('source.unsafe-link');
    expect(server.requests).toHaveLength(1);
  });

  it('does not follow a redirect to another host', async () => {
    const thief = await serve((_request, response) => response.end(bundle([])));
    const server = await serve((_request, response) =>
      response.writeHead(307, { location: `${thief.origin}/fhir` }).end(),
    );
    const outcome = await read(server.baseUrl, secret);
    expect(outcome.error?.code).toBe('source.unsafe-link');
    expect(thief.requests).toHaveLength(0);
  });

  it('keeps every character of a next link', async () => {
    const query = '_getpages=a%2Fb%7C&x=%20+1&_format=json';
    const server = await serve((_request, response, url) =>
      response.end(
        url.search.includes('_getpages')
          ? bundle([patient('2')])
          : bundle([patient('1')], `http://${_request.headers.host}/fhir?${query}`),
      ),
    );
    expect(keys(await read(server.baseUrl))).toEqual(['Patient/1', 'Patient/2']);
    expect(server.requests[1]!.url).toBe(`/fhir?${query}`);
  });
});

describe('paging', () => {
  it('ends a circle of links', async () => {
    const server = await serve((_request, response, url) => {
      const page = Number(url.searchParams.get('page') ?? 0);
      response.end(bundle([patient(String(page))], `/fhir/Patient?page=${(page + 1) % 7}`));
    });
    expect((await read(server.baseUrl)).error?.code).toBe('source.protocol');
    expect(server.requests.length).toBeLessThan(40);
  });

  it('ends a server that repeats a page under new addresses', async () => {
    let page = 0;
    const server = await serve((_request, response) =>
      response.end(bundle([patient('1')], `/fhir/Patient?page=${++page}`)),
    );
    const outcome = await read(server.baseUrl);
    expect([outcome.error?.code, keys(outcome)]).toEqual([
      'source.protocol',
      ['Patient/1', 'Patient/1'].slice(0, keys(outcome).length),
    ]);
    expect(server.requests.length).toBeLessThan(5);
  });

  it('begins the type again when the server has forgotten a page', async () => {
    let gone = false;
    const server = await serve((_request, response, url) => {
      if (!url.searchParams.has('page')) return response.end(bundle([patient('1')], '/fhir/Patient?page=2'));
      if (gone) return response.end(bundle([patient('2')]));
      gone = true;
      response.writeHead(410).end();
    });
    const outcome = await read(server.baseUrl);
    expect(outcome.error).toBeNull();
    expect(new Set(keys(outcome))).toEqual(new Set(['Patient/1', 'Patient/2']));
  });

  it('gives up on a server that always forgets', async () => {
    const server = await serve((_request, response) => response.writeHead(410).end());
    expect((await read(server.baseUrl)).error?.code).toBe('source.protocol');
  });

  it('takes an empty last page, and a server that refuses to sort or filter', async () => {
    const server = await serve((_request, response, url) => {
      if (url.searchParams.has('_sort')) response.writeHead(400).end('{}');
      else response.end(url.searchParams.has('page') ? bundle([]) : bundle([patient('1')], '/fhir/Patient?page=2'));
    });
    expect(keys(await read(server.baseUrl))).toEqual(['Patient/1']);
  });
});

describe('increments', () => {
  const dated = (id: string, at: string) => patient(id, `,"meta":{"lastUpdated":"${at}"}`);

  it('are right where the server ignores _lastUpdated', async () => {
    const resources = [dated('1', '2026-01-01T00:00:00Z'), dated('2', '2026-01-01T00:00:00Z')];
    const server = await serve((_request, response) => response.end(bundle(resources)));
    const first = await read(server.baseUrl);
    expect(keys(await read(server.baseUrl, {}, first.cursor))).toEqual([]);
    resources.push(dated('3', '2026-01-02T00:00:00.5+08:00'));
    expect(keys(await read(server.baseUrl, {}, first.cursor))).toEqual(['Patient/3']);
  });

  it('see what became visible late, and do not repeat the rest', async () => {
    const now = new Date().toISOString();
    const resources = [dated('1', now)];
    const server = await serve((_request, response) => response.end(bundle(resources)));
    const first = await read(server.baseUrl);
    resources.push(dated('late', new Date(Date.parse(now) - 60_000).toISOString()));
    expect(keys(await read(server.baseUrl, {}, first.cursor))).toEqual(['Patient/late']);
  });
});

describe('answers', () => {
  it('waits as long as a server asks, in seconds or as a date, and tries again', async () => {
    let calls = 0;
    const server = await serve((_request, response) => {
      calls++;
      if (calls === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else if (calls === 2)
        response.writeHead(503, { 'retry-after': new Date(Date.now() - 5_000).toUTCString() }).end();
      else response.end(bundle([patient('1')]));
    });
    expect(keys(await read(server.baseUrl, { attempts: 3 }))).toEqual(['Patient/1']);
    expect(calls).toBe(3);
  });

  it('puts the read off when the trouble stays, as a transient error', async () => {
    const server = await serve((_request, response) => response.writeHead(503, { 'retry-after': '0' }).end());
    const { error } = await read(server.baseUrl);
    expect([error?.code, error?.kind]).toEqual(['source.unreachable', 'transient']);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [
      'a cut JSON text',
      (response: ServerResponse) => response.end(bundle([patient('1')]).slice(0, -30)),
      'source.protocol',
    ],
    ['a login page', (response: ServerResponse) => response.end('<html>log in</html>'), 'source.protocol'],
    ['a resource that is no Bundle', (response: ServerResponse) => response.end(patient('1')), 'source.protocol'],
    [
      'bytes that are no UTF-8',
      (response: ServerResponse) => response.end(Buffer.from([0x7b, 0xff, 0x7d])),
      'source.protocol',
    ],
    [
      'a connection that breaks',
      (response: ServerResponse) =>
        response.writeHead(200, { 'content-length': 99 }).write('{', () => response.destroy()),
      'source.unreachable',
    ],
    ['no access', (response: ServerResponse) => response.writeHead(401).end(), 'source.refused'],
    ['no such type', (response: ServerResponse) => response.writeHead(404).end(), 'source.missing'],
  ])('%s', async (_name, answer, code) => {
    const server = await serve((_request, response) => void answer(response));
    const { error } = await read(server.baseUrl);
    expect(error?.code).toBe(code);
    expect(JSON.stringify(error)).not.toContain('log in');
  });

  it('stops taking a page that never ends', async () => {
    let sent = 0;
    const server = await serve((_request, response) => {
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20))) sent += 65_536;
        response.once('drain', write);
      };
      write();
    });
    expect((await read(server.baseUrl, { maxPageBytes: 1_000_000 })).error?.code).toBe('source.too-large');
    expect(sent).toBeLessThan(20_000_000);
  });

  it('does not wait for ever', async () => {
    const server = await serve(() => {});
    expect((await read(server.baseUrl, { requestTimeoutSeconds: 0.2, attempts: 1 })).error?.code).toBe(
      'source.unreachable',
    );
  });

  it('refuses one bad or oversize entry and hands over the rest', async () => {
    const big = patient('big', `,"x":"${'x'.repeat(1_000_001)}"`);
    const server = await serve((_request, response) =>
      response.end(bundle(['{"resourceType":"Patient"}', big, patient('1')])),
    );
    const outcome = await read(server.baseUrl);
    expect(keys(outcome)).toEqual(['Patient/1']);
    expect(outcome.refused.map(({ code, head }) => [code, head.length <= 65_536])).toEqual([
      ['item.format', true],
      ['source.too-large', true],
    ]);
  });
});

describe('with the samples on a Medplum server', () => {
  it('keeps the exact text of every resource, trailing zeros included', async () => {
    const server = await startFhirServer({ token: 'SECRET' });
    const outcome = await read(server.baseUrl, { ...secret, resourceTypes: ['Observation'], pageSize: 4 });
    const texts = outcome.items.map(({ bytes }) => Buffer.from(bytes).toString());
    expect(texts).toHaveLength(15);
    expect(texts.filter((text) => /"value": (?:1\.50|105\.00),/.test(text))).toHaveLength(2);
    const fetched = await fetch(`${server.baseUrl}/Observation/obs-002`, {
      headers: { authorization: 'Bearer SECRET' },
    });
    expect(texts).toContain(await fetched.text());
    expect((await read(server.baseUrl, { resourceTypes: ['Observation'] })).error?.code).toBe('source.refused');
    await server.close();
  });

  it('checks step by step and discovers counts', async () => {
    const server = await startFhirServer();
    const source = fhir.open(fhir.config.parse({ kind: 'fhir', baseUrl: server.baseUrl }));
    const signal = new AbortController().signal;
    const steps = Object.fromEntries((await source.check(signal)).map(({ name, status }) => [name, status]));
    expect(steps).toEqual({
      dns: 'pass',
      tcp: 'pass',
      tls: 'skip',
      metadata: 'pass',
      auth: 'pass',
      'empty query': 'pass',
    });
    const found = await Array.fromAsync(source.discover!(signal));
    expect(found).toContainEqual({ name: 'Observation', count: 15 });
    await source.close();
    await server.close();
  });
});
