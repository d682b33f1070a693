/** The walk through docs/operations.md, typed as it stands there: the embedded chain, two hospitals and a patient. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliEnd, runCli } from './testing/cli.ts';
import { ROOT } from './testing/demo.ts';

interface Line {
  readonly text: string;
  readonly args: readonly string[];
  readonly stdin: string | undefined;
}

const python = spawnSync('python3', ['-c', 'import aws_encryption_sdk, cbor2, Crypto.Hash.keccak']).status === 0;

const LINE = /^(?:echo (?<stdin>\S+) \| )?npx dhc (?<args>.+)$/;
let folder: string;
const said = new Map<string, CliEnd>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dhc-sharing-'));
});
afterAll(async () => {
  // In case a line before the last one failed.
  await runCli(['down'], { cwd: folder, config: '.dhc/demo/bridge.yaml', seconds: 90 });
  rmSync(folder, { recursive: true, force: true });
});

it('every line does what the document says of it', async () => {
  const [, ...lines] = documented();
  await demo();
  for (const { text, args, stdin } of lines) {
    if (args[0] === 'down') await readByOthers();
    const end = await runCli(args, {
      cwd: folder,
      config: '.dhc/demo/bridge.yaml',
      seconds: 120,
      ...(stdin && { stdin }),
    });
    said.set(text, end);
    expect({ text, code: end.code, stderr: end.code === 0 ? '' : end.stderr }).toEqual({
      text,
      code: text.includes('again.json') ? 1 : 0,
      stderr: text.includes('again.json') ? expect.stringContaining('taken the consent back') : '',
    });
  }
  const found = (part: string) => [...said].find(([text]) => text.includes(part))![1].stdout;
  const [shared, ...others] = readdirSync(join(folder, 'shared'));
  expect(others).toEqual([]);
  const mine = readFileSync(join(folder, 'my-records', 'chenguang-0.json'), 'utf8');
  expect(readFileSync(join(folder, 'shared', shared!), 'utf8')).toBe(mine);
  expect(JSON.parse(mine).resourceType).toBe('Bundle');
  expect(found('patient open')).toMatch(/^(\d+) records, \1 verified$/m);
  expect(found('readers').match(/^(requested|granted|delivered)\b/gm)).toEqual(['requested', 'granted', 'delivered']);
  expect(found('verify --all')).toMatch(/0 fail, 0 unknown, \d+ with their patients$/m);
  expect(readdirSync(folder)).not.toContain('again.json');
}, 400_000);

/** The patient's records after the claim, by the verifier that shares no code: from receipt, key file, chain and node. */
async function readByOthers(): Promise<void> {
  const network = JSON.parse(readFileSync(join(folder, 'network.json'), 'utf8'));
  const args = ['patient', 'open', '0', '--keys', 'keys.json', '--network', 'network.json', '--out', 'again'];
  const { stdout } = await runCli([...args, '--json'], { cwd: folder });
  const [{ capsule }] = JSON.parse(stdout).records;
  const tool = [join(ROOT, 'tools', 'verify_receipt.py'), '--rpc', network.rpc, '--kubo', network.kubo];
  const trusted = ['--contract', network.contract, '--chain-id', String(network.chainId)];
  const read = [...tool, ...trusted, '--key', 'keys.json', join('again', 'chenguang-0.receipt.json')];
  if (!python) return;
  const run = (more: string[]) => spawnSync('python3', [...read, ...more], { cwd: folder, encoding: 'utf8' });
  expect(run(['--capsule', capsule]).stdout).toMatch(/^pass {2}/m);
  // The first key packet was made for the hospital's custody, which ended.
  expect(run([]).stdout).toMatch(/^ +fail +key packet: it does not open with the key$/m);
}

/** The first line is the demo, for which the test has a smaller hospital. */
function documented(): Line[] {
  const text = readFileSync(join(ROOT, 'docs', 'operations.md'), 'utf8').split('### Step by step')[1]!;
  const block = /```sh\n([\s\S]*?)```/.exec(text)![1]!;
  const typed = block.split('\n').filter((line) => line !== '' && !/^(?:#|export )/.test(line));
  expect(typed[0]).toBe('npm run demo');
  return typed.map((line) => {
    const { stdin, args = '' } = LINE.exec(line)?.groups ?? {};
    expect(line === typed[0] || args !== '', line).toBe(true);
    return { text: line, args: args.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [], stdin };
  });
}

/** The demo's hospital with the feed that has the patient of the document. */
async function demo(): Promise<void> {
  const home = join(folder, '.dhc', 'demo');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'keystore.passphrase'), 'a passphrase for tests\n');
  const samples = JSON.stringify(join(ROOT, 'samples/hl7v2/files'));
  writeFileSync(
    join(home, 'bridge.yaml'),
    `version: 1
hospital: { id: chenguang, name: Chenguang, timezone: Asia/Shanghai, patientSystem: "urn:oid:2.16.156.10011.1.13.990001" }
data: data
keystore: { passphrase: "file:keystore.passphrase" }
feeds:
  laboratory: { kind: hl7v2, folder: { path: ${samples}, include: [".hl7"], settleSeconds: 0 } }
`,
  );
  const end = await runCli(['run', 'laboratory'], { cwd: folder, config: '.dhc/demo/bridge.yaml', seconds: 120 });
  expect({ code: end.code, stderr: end.code === 0 ? '' : end.stderr }).toEqual({ code: 0, stderr: '' });
}
