/** The command line's manner: readable transcripts, documented exit codes, one JSON document, no stack traces. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from './testing/cli.ts';
import { ROOT } from './testing/demo.ts';
import { killAll, leftOver } from './testing/processes.ts';
import { Transcript } from './testing/transcript.ts';

// A second of processor time a command, and two cores for everybody.
vi.setConfig({ testTimeout: 240_000 });

const samples = join(ROOT, 'samples');
const folder = mkdtempSync(join(tmpdir(), 'dhc-cli-'));
const clean = { cwd: folder, env: { DHC_CONFIG: '', TZ: 'UTC' } };
let closedPort: number;

beforeAll(async () => {
  closedPort = await unusedPort();
});

afterAll(() => {
  killAll(folder);
  rmSync(folder, { recursive: true, force: true });
});

it('explains every command, and every option of it', async () => {
  const seen: string[] = [];
  const waiting: string[][] = [[]];
  const explain = async (path: string[]): Promise<void> => {
    const { code, stdout, stderr } = await runCli([...path, '--help'], clean);
    const name = path.join(' ');
    expect({ code, stderr }, name).toEqual({ code: 0, stderr: '' });
    expect(stdout, name).toMatch(/^Usage: dhc/);
    // A description stands between the usage and the first list.
    expect(stdout.split('\n\n')[1], name).toMatch(/^(?!Options:|Arguments:|Commands:).{10,}/);
    for (const [, option] of stdout.matchAll(/^ {2}(-\S+(?: <\S+>)?)$/gm))
      expect.fail(`${name} ${option} says nothing`);
    seen.push(name);
    const commands = /\nCommands:\n(.*?)(?:\n\n|$)/s.exec(stdout)?.[1] ?? '';
    for (const [, sub] of commands.matchAll(/^ {2}([a-z][a-z-]*)/gm)) if (sub !== 'help') waiting.push([...path, sub!]);
  };
  while (waiting.length > 0) await Promise.all(waiting.splice(0, 3).map(explain));
  const listed =
    'init check discover preview convert run schedule status runs verify dead-letter doctor up down config';
  for (const command of [...listed.split(' '), 'schedule set', 'dead-letter retry', 'config schema'])
    expect(seen).toContain(command);
});

it('usage errors', async () => {
  const transcript = new Transcript(folder, clean);
  for (const line of [
    'nothing',
    'status --nope',
    'convert',
    'convert --from pdf x --out y',
    'verify --nope',
    'init a b c',
  ])
    expect((await transcript.dhc(line)).code, line).toBe(2);
  await transcript.matches('usage');
  const document = await transcript.json<{ v: number; code: number; error: object }>('nothing');
  expect(document).toMatchObject({ v: 1, code: 2, error: { code: 'cli.usage' } });
});

it('config', async () => {
  const transcript = new Transcript(folder, clean);
  for (const line of ['start', 'run', 'status', 'config check --config nowhere.yaml'])
    expect((await transcript.dhc(line)).code, line).toBe(2);
  expect((await transcript.dhc('init my-hospital --timezone Asia/Shanghai')).code).toBe(0);
  expect((await transcript.dhc('init my-hospital')).code).toBe(2);
  expect((await transcript.dhc('config check --config my-hospital/bridge.yaml')).code).toBe(0);
  const file = join(folder, 'my-hospital', 'bridge.yaml');
  const bad = readFileSync(file, 'utf8').replace('data: data', 'dta: data').replace('kind: cda', 'kind: fax');
  writeFileSync(join(folder, 'my-hospital', 'bad.yaml'), bad.replace('file:keystore.passphrase', 'hunter2'));
  const { stderr } = await transcript.dhc('config check --config my-hospital/bad.yaml');
  expect(stderr).not.toContain('hunter2');
  const { problems } = (
    await transcript.json<{ error: { problems: { line: number }[] } }>('config check --config my-hospital/bad.yaml')
  ).error;
  expect(problems.length).toBeGreaterThanOrEqual(3);
  for (const { line } of problems) expect(line).toBeGreaterThan(0);
  await transcript.matches('config');
  const { schema } = await transcript.json<{ schema: { properties: object } }>('config schema');
  expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['version', 'hospital', 'feeds', 'services']));
});

it('convert', async () => {
  const transcript = new Transcript(folder, clean);
  const inbox = join(folder, 'inbox');
  cpSync(join(samples, 'hl7v2/mllp/adt-a01-lina-child.hl7'), join(inbox, 'ward/one.hl7'));
  const messages = ['mllp/adt-a01-lina-child.hl7', 'files/oru-blood-count.hl7'];
  writeFileSync(
    join(inbox, 'batch.hl7'),
    messages.map((name) => `${readFileSync(join(samples, 'hl7v2', name), 'utf8').trim()}\r`).join(''),
  );
  cpSync(join(samples, 'hl7v2/bad/no-patient.hl7'), join(folder, 'bad/no-patient.hl7'));
  expect((await transcript.dhc('convert --from hl7v2 inbox --out out')).code).toBe(0);
  const names = readdirSync(join(folder, 'out'), { recursive: true }).map(String).sort();
  expect(names).toEqual(['batch.json', 'batch.report.json', 'ward', 'ward/one.json', 'ward/one.report.json']);
  expect(JSON.parse(readFileSync(join(folder, 'out/batch.json'), 'utf8'))).toHaveLength(2);
  expect((await transcript.dhc('convert --from hl7v2 bad --out out2')).code).toBe(3);
  expect((await transcript.dhc('convert --from cda nowhere --out out3')).code).toBe(1);
  const stdin = readFileSync(join(samples, 'cda/c0034-admission-liuyang.xml'));
  const piped = await runCli(['convert', '--from', 'cda', '-', '--out', '-'], { ...clean, stdin });
  expect(piped.code).toBe(0);
  expect(JSON.parse(piped.stdout)).toMatchObject({ resourceType: 'Bundle', type: 'transaction' });
  expect((await transcript.dhc('convert --from cda - --out -', { stdin: '<no/>' })).code).toBe(3);
  await transcript.matches('convert');
  const preview = await transcript.json<{ coverage: { seen: number } }>('preview --from hl7v2 inbox/ward/one.hl7');
  expect(preview.coverage.seen).toBeGreaterThan(10);
});

describe('a bridge with a folder', () => {
  const options = { ...clean, env: { ...clean.env, DHC_CONFIG: 'bridge/bridge.yaml' } };
  let transcript: Transcript;

  beforeAll(() => {
    mkdirSync(join(folder, 'bridge'));
    const inbox = join(folder, 'bridge/inbox');
    for (const name of ['files/oru-blood-count.hl7', 'files/oru-chemistry.hl7', 'bad/no-patient.hl7'])
      cpSync(join(samples, 'hl7v2', name), join(inbox, name.split('/')[1]!));
    writeFileSync(join(folder, 'bridge/passphrase'), 'for a test\n', { mode: 0o600 });
    writeFileSync(
      join(folder, 'bridge/bridge.yaml'),
      `version: 1
hospital: { id: chenguang, name: Chenguang, timezone: Asia/Shanghai, patientSystem: "urn:oid:2.16.156.10011.1.13.990001" }
data: data
keystore: { passphrase: "file:passphrase" }
feeds:
  lab: { kind: hl7v2, folder: { path: inbox, include: [".hl7"], settleSeconds: 0 } }
  gone: { kind: cda, folder: { path: nowhere } }
  old: { kind: fhir, baseUrl: "http://127.0.0.1:${closedPort}/fhir" }
`,
    );
    transcript = new Transcript(folder, options);
  });

  it('says what is wrong with a source before and while it is read', async () => {
    expect((await transcript.dhc('status')).code).toBe(0);
    expect((await transcript.dhc('check lab')).code).toBe(0);
    expect((await transcript.dhc('check gone')).code).toBe(1);
    expect((await transcript.dhc('check old')).code).toBe(1);
    expect((await transcript.dhc('preview old')).code).toBe(75);
    for (const line of ['run nope', 'discover nope', 'schedule set nope --every 15m'])
      expect((await transcript.dhc(line)).code, line).toBe(2);
    await transcript.matches('sources');
  });

  it('starts services, runs, shows, retries, discards, schedules', async () => {
    transcript = new Transcript(folder, options);
    expect((await runCli(['up'], options)).code).toBe(0);
    expect((await runCli(['up'], options)).code).toBe(0);
    const run = await transcript.json<{ code: number; runs: object[]; failures: object[] }>('run lab gone');
    expect(run).toMatchObject({ code: 1, runs: [{ feed: 'lab', read: 3, normalized: 2, deadLettered: 1, stored: 2 }] });
    expect(run.failures).toMatchObject([{ feed: 'gone', code: 'source.missing', stage: 'read' }]);
    for (const line of ['status', 'verify --all', 'verify --sample 1x', 'verify', 'runs --limit many'])
      await transcript.dhc(line);
    expect((await transcript.dhc('dead-letter list')).code).toBe(0);
    const letter = await runCli(['dead-letter', 'show', '1'], options);
    expect(letter.stdout).toMatch(
      /item\.no-patient.*\nsource: no-patient\.hl7\nhint: .+\n\nseverity +place +what\nerror /,
    );
    expect((await transcript.dhc('dead-letter show 99')).code).toBe(1);
    expect((await transcript.dhc('dead-letter discard 1')).code).toBe(2);
    expect(await transcript.json('dead-letter retry --all')).toMatchObject({
      code: 3,
      retried: 1,
      missing: 0,
      open: 1,
    });
    expect(await transcript.json('dead-letter discard --all --yes')).toMatchObject({ code: 0, discarded: 1 });
    for (const line of ['schedule set lab', 'schedule set lab --every 15m', "schedule pause lab --note 'new server'"])
      await transcript.dhc(line);
    for (const line of [
      'schedule resume lab',
      'schedule remove lab',
      'schedule remove lab',
      'schedule pause lab',
      'schedule list',
    ])
      await transcript.dhc(line);
    await transcript.matches('bridge');
    for (const line of [
      'status',
      'runs',
      'check lab',
      'discover',
      'dead-letter list',
      'schedule list',
      'doctor',
      'verify --all',
    ])
      expect(await transcript.json(line), line).toMatchObject({ v: 1 });
  });

  it('proves receipts as an outsider, and exits 4 for one that was changed', async () => {
    expect((await runCli(['receipts', 'receipts'], options)).code).toBe(0);
    const [name] = readdirSync(join(folder, 'receipts'));
    const path = join(folder, 'receipts', name!);
    expect(await transcript.json(`verify ${path}`)).toMatchObject({ code: 0, pass: 1, fail: 0, unknown: 0 });
    const receipt = JSON.parse(readFileSync(path, 'utf8')) as { record: { commitment: string } };
    const { commitment } = receipt.record;
    receipt.record.commitment = commitment.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    writeFileSync(path, JSON.stringify(receipt));
    const changed = await transcript.json<{ verified: { verdict: { checks: { status: string }[] } }[] }>(
      `verify ${path}`,
    );
    expect(changed).toMatchObject({ code: 4, pass: 0, fail: 1 });
    writeFileSync(path, 'no receipt');
    expect(await transcript.json(`verify ${path}`)).toMatchObject({ code: 4, pass: 0 });
  });

  it('stops what it started, and says so when a configured service is away', async () => {
    expect(await transcript.json('down')).toMatchObject({ code: 0, stopped: true });
    expect(await transcript.json('down')).toMatchObject({ code: 0, stopped: false });
    expect(await leftOver(folder)).toEqual([]);
    const file = join(folder, 'bridge/bridge.yaml');
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8')}services: { temporal: { address: "127.0.0.1:${closedPort}" } }\n`,
    );
    const away = new Transcript(folder, options);
    expect((await away.dhc('run lab')).code).toBe(75);
    expect((await away.dhc('status')).code).toBe(0);
    await away.matches('service-away');
    expect(await leftOver(folder)).toEqual([]);
  });
});

function unusedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
