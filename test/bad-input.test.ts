/**
 * What a hospital's systems send when they are broken, to every kind of source of one running bridge: each piece
 * becomes a typed dead letter or a typed refusal, memory stays bounded, and the good item beside it is verified.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choosePorts } from '../cli/demo/ports.ts';
import { sendMllp } from '../connectors/hl7v2/client.ts';
import { codes } from '../core/codes.ts';
import { type CliEnd, runCli } from './testing/cli.ts';
import { ROOT } from './testing/demo.ts';
import { killAll } from './testing/processes.ts';

const samples = join(ROOT, 'samples');
const image = readdirSync(join(samples, 'dicom/studies')).sort()[0]!;
const good = {
  hl7v2: join(samples, 'hl7v2/files/oru-blood-count.hl7'),
  cda: join(samples, 'cda/c0034-admission-liuyang.xml'),
  dicom: join(samples, 'dicom/studies', image),
  table: join(samples, 'table', readdirSync(join(samples, 'table')).find((name) => name.endsWith('.csv'))!),
};
const suffix = { hl7v2: '.hl7', cda: '.xml', dicom: '.dcm', table: '.csv' };
type Kind = keyof typeof good;
const kinds = Object.keys(good) as Kind[];

const ZEROS = 200_000_000;
/** Node, gRPC, the workflow sandbox and the sealing threads take 580 to 720 MB, with 10 MB of zeros as with 200; those of all feeds are 1.4 GB. */
const MOST_RSS = 900_000_000;
const PATIENT = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ system: 'urn:oid:2.16.156.10011.1.13.990001', value: 'CG100001' }],
};

const folder = mkdtempSync(join(tmpdir(), 'dhc-bad-'));
const config = join(folder, 'bridge.yaml');
let server: Server;
let bridge: ChildProcess;
let largest = 0;
let runs: { feed: string; state: string; read: number; final: number }[] = [];
let letters: { feed: string; code: string }[] = [];
let feeds: {
  feed: string;
  read: number;
  normalized: number;
  deadLettered: number;
  final: number;
  pending: number;
  holds: boolean;
}[] = [];
let answers: string[] = [];
let verified: { pass: number; fail: number; unknown: number; verified: { feed: string }[] };

beforeAll(async () => {
  for (const kind of kinds) placeBadFiles(kind);
  server = createServer((request, response) => answer(request.url ?? '', response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { mllp } = await choosePorts(join(folder, 'mllp.json'), ['mllp']);
  writeFileSync(join(folder, 'passphrase'), 'for a test\n', { mode: 0o600 });
  writeFileSync(config, yaml((server.address() as AddressInfo).port, mllp!));
  await startBridge();
  answers = await pushBadFrames(mllp!);
  await settled();
  ({ letters } = await json<{ letters: typeof letters }>(['dead-letter', 'list', '--limit', '1000']));
  verified = await json<typeof verified>(['verify', '--all']);
}, 300_000);

afterAll(async () => {
  bridge?.kill('SIGTERM');
  await delay(3_000);
  killAll(folder);
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(kinds)('files of a %s feed', (kind) => {
  it('are each a typed letter, and the good one after them is verified', () => {
    const feed = feeds.find((one) => one.feed === `files-${kind}`)!;
    expect(feed).toMatchObject({ holds: true, pending: 0 });
    expect(feed.normalized).toBeGreaterThanOrEqual(1);
    expect(feed.final).toBe(feed.normalized);
    const typed = letters.filter((letter) => letter.feed === feed.feed).map(({ code }) => code);
    expect(typed).toHaveLength(feed.deadLettered);
    for (const code of typed) expect(Object.keys(codes)).toContain(code);
    // Empty, random, truncated, of another format, zeros: each leaves a trace.
    expect(typed.length).toBeGreaterThanOrEqual(5);
    expect(typed).toContain('source.empty');
    expect(typed).not.toContain('item.internal');
    expect(runs.find((run) => run.feed === feed.feed)?.state).toBe('done');
  });
});

describe.each(['fhir', 'dicomweb'])('a %s server', (kind) => {
  it.each(['html', 'garbage', 'endless'])('that answers %s fails its own run by name and anchors nothing', (way) => {
    const feed = `${kind}-${way}`;
    expect(runs.find((run) => run.feed === feed)).toMatchObject({ state: 'failed', read: 0, final: 0 });
  });
});

it('a FHIR server that fails for a while is asked again, and its items are verified', () => {
  expect(feeds.find(({ feed }) => feed === 'fhir-recovers')).toMatchObject({ read: 1, normalized: 1, final: 1 });
});

it('MLLP: what is no message is refused or closed, and the good message after it is acknowledged and verified', () => {
  expect(answers).toEqual(['AA']);
  const feed = feeds.find(({ feed: name }) => name === 'mllp')!;
  expect(feed).toMatchObject({ normalized: 1, final: 1, holds: true });
  const typed = letters.filter((letter) => letter.feed === 'mllp').map(({ code }) => code);
  expect(typed.length).toBeGreaterThanOrEqual(3);
  for (const code of typed) expect(code).toMatch(/^(source|item)\.(frame|too-large|format|truncated|charset)$/);
});

it('every good item verifies from chain, IPFS and key', () => {
  expect(verified).toMatchObject({ fail: 0, unknown: 0 });
  const names = new Set(verified.verified.map(({ feed }) => feed));
  expect([...names].sort()).toEqual([...kinds.map((kind) => `files-${kind}`), 'fhir-recovers', 'mllp'].sort());
});

it('memory is bounded by a batch, not by what is sent', () => {
  expect(largest).toBeGreaterThan(100_000_000);
  expect(largest).toBeLessThan(MOST_RSS);
});

it('the bridge is still up and says that it is well', async () => {
  expect(bridge.exitCode).toBeNull();
  const { findings } = await json<{ findings: { check: string; status: string }[] }>(['doctor']);
  expect(findings.filter(({ status }) => status === 'fail')).toEqual([]);
});

function placeBadFiles(kind: Kind): void {
  const place = join(folder, kind);
  const name = (what: string) => join(place, `${what}${suffix[kind]}`);
  mkdirSync(place);
  writeFileSync(name('0-empty'), '');
  writeFileSync(
    name('1-random'),
    Uint8Array.from({ length: 5000 }, (_, index) => (index * index * 31 + (index >> 3)) & 0xff),
  );
  const bytes = readFileSync(good[kind]);
  const text = { hl7v2: 'MSH|^~\\&|HIS|', table: 'report_no,patient_id\n"B1,CG1' } as Partial<Record<Kind, string>>;
  writeFileSync(name('2-truncated'), text[kind] ?? bytes.subarray(0, Math.floor(bytes.length * 0.6)));
  writeFileSync(
    name('3-wrong'),
    kind === 'cda' ? readFileSync(good.hl7v2) : '%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n',
  );
  const zeros = openSync(name('4-zeros'), 'w');
  ftruncateSync(zeros, ZEROS);
  closeSync(zeros);
  copyFileSync(good[kind], name('9-good'));
}

let failures = 0;

function answer(url: string, response: ServerResponse): void {
  const way = /^\/(?:fhir|dicomweb)-(\w+)/.exec(url)?.[1];
  if (way === 'html') response.setHeader('content-type', 'text/html').end('<html><h1>It works!</h1></html>');
  else if (way === 'garbage') response.setHeader('content-type', 'application/fhir+json').end('{"resourceType":"Bund');
  else if (way === 'endless') endless(response);
  else if (failures++ < 3) response.writeHead(500).end('out of order');
  else response.setHeader('content-type', 'application/fhir+json').end(JSON.stringify(recovered(url)));
}

function recovered(url: string): object {
  if (url.includes('/metadata')) {
    const rest = [{ mode: 'server', resource: [{ type: 'Patient' }] }];
    return { resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', status: 'active', rest };
  }
  const entry = url.includes('/Patient') ? [{ fullUrl: 'http://x.example/Patient/p1', resource: PATIENT }] : [];
  return { resourceType: 'Bundle', type: 'searchset', total: entry.length, entry };
}

/** Spaces are good JSON for ever. */
function endless(response: ServerResponse): void {
  response.setHeader('content-type', 'application/fhir+json');
  const more = () => {
    while (!response.destroyed && response.write(' '.repeat(65_536)));
  };
  response.on('drain', more).on('error', () => {});
  more();
}

async function startBridge(): Promise<void> {
  bridge = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), 'start', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const watch = setInterval(() => {
    largest = Math.max(largest, memoryOf(bridge.pid!));
  }, 100);
  let text = '';
  await new Promise<void>((resolve, reject) => {
    bridge.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('the bridge is up')) resolve();
    });
    bridge.once('exit', () => {
      clearInterval(watch);
      reject(new Error(`the bridge ended: ${text}`));
    });
  });
}

/** Largest resident set so far, in bytes: proc(5). */
function memoryOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Garbage, a message without an end, a frame that never ends; then a good one. @returns its answers */
async function pushBadFrames(port: number): Promise<string[]> {
  await raw(port, [Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')]);
  await raw(port, [Buffer.from('\x0bMSH|^~\\&|HIS|CG|DHC|CG|2026||ADT^A01|X1|P|2.5.1\r')]);
  await raw(port, [Buffer.from('\x0b'), ...Array.from({ length: 100 }, () => Buffer.alloc(1_000_000))]);
  const message = readFileSync(join(samples, 'hl7v2/mllp/adt-a01-lina-child.hl7'));
  return (await sendMllp('127.0.0.1', port, [message])).map(({ code }) => String(code));
}

/** Sends and hangs up; whatever the listener does in between is its right. */
function raw(port: number, chunks: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}).once('close', () => resolve());
    socket.resume();
    void (async () => {
      for (const chunk of chunks) {
        if (socket.destroyed) return;
        await new Promise((written) => socket.write(chunk, written));
      }
      socket.end();
    })();
  });
}

async function json<T>(args: readonly string[]): Promise<T> {
  const end: CliEnd = await runCli([...args, '--json'], { config });
  if (end.stdout === '') throw new Error(`nothing on stdout: ${end.stderr}`);
  return JSON.parse(end.stdout) as T;
}

/** Until every run of a feed that is not listened to has ended and everything is final. */
async function settled(): Promise<void> {
  for (let waited = 0; waited < 120; waited++) {
    ({ runs } = await json<{ runs: typeof runs }>(['runs', '--limit', '100']));
    ({ feeds } = await json<{ feeds: typeof feeds }>(['status']));
    const busy = runs.some((run) => run.feed !== 'mllp' && run.state === 'running');
    const open = feeds.some(({ pending, final, normalized }) => pending > 0 || final < normalized);
    const pushed = feeds.some(({ feed, normalized }) => feed === 'mllp' && normalized > 0);
    if (!busy && !open && pushed && runs.length >= 12) return;
    await delay(500);
  }
  throw new Error(`not settled: ${JSON.stringify({ runs, feeds })}`);
}

function yaml(http: number, mllp: number): string {
  const file = (kind: Kind) =>
    `  files-${kind}: { kind: ${kind}, folder: { path: ${join(folder, kind)}, include: ["${suffix[kind]}"], settleSeconds: 0 } }`;
  const base = (name: string) => `baseUrl: "http://127.0.0.1:${http}/${name}"`;
  const ways = ['html', 'garbage', 'endless'];
  return `version: 1
hospital: { id: chenguang, name: 晨光医院, timezone: Asia/Shanghai, patientSystem: "urn:oid:2.16.156.10011.1.13.990001" }
data: data
keystore: { passphrase: "file:passphrase" }
feeds:
${kinds.map(file).join('\n')}
${ways.map((way) => `  fhir-${way}: { kind: fhir, resourceTypes: [Patient], ${base(`fhir-${way}`)} }`).join('\n')}
${ways.map((way) => `  dicomweb-${way}: { kind: dicom, dicomweb: { ${base(`dicomweb-${way}`)} } }`).join('\n')}
  fhir-recovers: { kind: fhir, resourceTypes: [Patient], ${base('fhir-recovers')} }
  mllp: { kind: hl7v2, mllp: { host: 127.0.0.1, port: ${mllp}, idleSeconds: 2, messageBytes: 1048576 } }
`;
}
