/** The tools as an integrator meets them: the real command line, on the sample table and a map beside it. */
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const main = join(root, 'cli/main.ts');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dhc-map-'));
  cpSync(join(root, 'samples/table/lab.csv'), join(folder, 'lab.csv'));
  cpSync(join(root, 'maps/table/lis.yaml'), join(folder, 'lis.yaml'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function dhc(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'map', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
const json = (...args: string[]) => JSON.parse(dhc('--json', ...args).stdout);
const edit = (from: string, to: string) => {
  const path = join(folder, 'lis.yaml');
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
};
const addCase = (name: string, row: object) => {
  mkdirSync(join(folder, 'lis.cases'), { recursive: true });
  writeFileSync(join(folder, 'lis.cases', `${name}.in`), JSON.stringify(row));
};

describe('check', () => {
  test('tells every problem with file, line, column and hint, and exits 2', () => {
    edit('birthDate:', 'birthDat:');
    edit('subject:', 'subjekt:');
    const { status, stderr } = dhc('check', 'lis.yaml');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^ {2}lis\.yaml:\d+:5: Patient has no element birthDat \(did you mean birthDate\?\)$/m);
    expect(stderr).toMatch(/^ {2}lis\.yaml:\d+:5: Observation has no element subjekt/m);
    expect(json('check', 'lis.yaml').error.problems.length).toBeGreaterThanOrEqual(2);
  });

  test('says what is right, and what is not there', () => {
    expect(dhc('check', 'lis.yaml')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('table/lis 1.0.0 is right'),
    });
    expect(dhc('check', 'none.yaml')).toMatchObject({ status: 1, stderr: expect.stringContaining('hint:') });
  });
});

describe('preview', () => {
  test('links each element to its column and the line of its rule, and shows no value', () => {
    const { status, stdout } = dhc('preview', 'lis.yaml', 'lab.csv');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Observation\[0\]\.value +result +lis\.yaml:\d+/);
    expect(stdout).not.toMatch(/张伟|CG100001|6\.20/);
    expect(dhc('preview', 'lis.yaml', 'lab.csv', '--values').stdout).toContain('张伟');
  });

  test('runs again when the map changes, also through a fault', { timeout: 60_000 }, async () => {
    const child = spawn(process.execPath, [main, 'map', 'preview', 'lis.yaml', 'lab.csv', '--watch'], { cwd: folder });
    let shown = '';
    child.stdout.on('data', (data) => (shown += data));
    child.stderr.on('data', (data) => (shown += data));
    const until = async (text: string) => {
      for (let tries = 0; !shown.includes(text) && tries < 300; tries++)
        await new Promise((resolve) => setTimeout(resolve, 100));
      expect(shown).toContain(text);
      shown = '';
    };
    await until('left over');
    edit('gender:', 'gendr:');
    await until('no element gendr');
    edit('gendr:', 'gender:');
    await until('left over');
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(130);
  });
});

describe('coverage', () => {
  test('tells columns that no rule reads, codes by volume and refusals, and exits 3 where any was refused', () => {
    edit('    birthDate: $birth_date\n', '');
    const { status } = dhc('coverage', 'lis.yaml', 'lab.csv');
    const found = json('coverage', 'lis.yaml', 'lab.csv');
    expect(status).toBe(3);
    expect(found).toMatchObject({ items: 20, neverRead: ['birth_date'], refusals: { 'item.no-patient': 1 } });
    expect(Object.values(found.unmappedCodes)[0]).toBe(Math.max(...Object.values<number>(found.unmappedCodes)));
  });

  test('segments of HL7 v2 of which nothing is read', () => {
    writeFileSync(
      join(folder, 'pid.yaml'),
      "map: pid\nversion: 1.0.0\nsource: hl7v2\nowner: { system: 'urn:x', value: $PID-3.1 }\nresources:\n  - Patient: patient\n    key: [!owner ]\n    birthDate: $PID-7\n",
    );
    const { unreadSegments, neverRead } = json(
      'coverage',
      'pid.yaml',
      join(root, 'samples/hl7v2/files/oru-blood-count.hl7'),
    );
    expect(unreadSegments).toContain('OBX');
    expect(unreadSegments).not.toContain('PID');
    expect(neverRead).toContain('PID-8');
  });

  test('the work list goes out, is filled, and comes back as the code map of the map', () => {
    dhc('coverage', 'lis.yaml', 'lab.csv', '--codes', 'work.csv');
    const list = readFileSync(join(folder, 'work.csv'), 'utf8');
    expect(list).toMatch(/,WBC,,http:\/\/loinc\.org,,,,\d+$/m);
    writeFileSync(join(folder, 'work.csv'), list.replace(/(,WBC,,http:\/\/loinc\.org,)/, '$16690-2'));
    expect(dhc('codes', 'convert', 'work.csv', 'loinc.csv').status).toBe(0);
    expect(dhc('codes', 'convert', 'work.csv', 'loinc.json').status).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, 'loinc.json'), 'utf8')).group[0].element[0].target[0]).toMatchObject({
      equivalence: expect.any(String),
    });
    edit('codes:\n', "codes:\n  loinc: { file: loinc.csv, system: 'http://loinc.org' }\n");
    edit('code: !code { from: $item_code,', 'code: !code { map: loinc, from: $item_code,');
    const keys = Object.keys(json('coverage', 'lis.yaml', 'lab.csv').unmappedCodes);
    expect(keys.some((key) => key.endsWith('|WBC'))).toBe(false);
    expect(keys.some((key) => key.endsWith('|HGB'))).toBe(true);
  });
});

describe('test', () => {
  const row = {
    patient_id: 'P1',
    patient_name: '测试',
    birth_date: '1978-03-12',
    item_code: 'K',
    item_name: '钾',
    result: '4.10',
    status: '已审核',
  };

  test('holds the map to its cases, tells what differs by element, and values only when asked', () => {
    addCase('potassium', row);
    expect(dhc('test', 'lis.yaml').status).toBe(1);
    expect(dhc('test', 'lis.yaml', '--update')).toMatchObject({ status: 0, stdout: 'written potassium\n' });
    expect(readFileSync(join(folder, 'lis.cases/potassium.json'), 'utf8')).toContain('"value": 4.10');
    expect(dhc('test', 'lis.yaml')).toMatchObject({ status: 0, stdout: 'pass potassium\n' });
    edit('    birthDate: $birth_date\n', '');
    const { status, stdout } = dhc('test', 'lis.yaml');
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'fail potassium\n  - resources[0].birthDate\n' });
    expect(dhc('test', 'lis.yaml', '--values').stdout).toContain('"1978-03-12" → (nothing)');
    expect(json('test', 'lis.yaml').cases[0].differences).toEqual([
      { kind: 'removed', path: 'resources[0].birthDate' },
    ]);
  });

  test('a refusal is a result, too', () => {
    addCase('nobody', { ...row, patient_id: '' });
    dhc('test', 'lis.yaml', '--update');
    expect(JSON.parse(readFileSync(join(folder, 'lis.cases/nobody.json'), 'utf8'))).toMatchObject({
      status: 'rejected',
      code: 'item.no-patient',
    });
    expect(dhc('test', 'lis.yaml').status).toBe(0);
  });

  test('a map without cases is told how to get one', () => {
    expect(dhc('test', 'lis.yaml')).toMatchObject({ status: 1, stderr: expect.stringContaining('lis.cases/NAME.in') });
  });
});

describe('diff', () => {
  test('counts what changes, and nothing else', () => {
    cpSync(join(folder, 'lis.yaml'), join(folder, 'old.yaml'));
    edit('    birthDate: $birth_date\n', '');
    expect(json('diff', 'old.yaml', 'old.yaml', 'lab.csv')).toMatchObject({ items: 20, changedItems: 0, elements: {} });
    const found = json('diff', 'old.yaml', 'lis.yaml', 'lab.csv');
    expect(found.resources).toEqual({ Patient: { added: 0, removed: 0, changed: found.changedItems } });
    expect(found.elements).toEqual({ 'removed Patient.birthDate': found.changedItems });
    expect(found.changedItems).toBeGreaterThan(10);
  });
});

test('docs tell what goes where, the same bytes each time', () => {
  const page = dhc('docs', 'lis.yaml').stdout;
  expect(page).toContain('| `Patient.birthDate` | `$birth_date` | `date` | lis.yaml:');
  expect(dhc('docs', 'lis.yaml').stdout).toBe(page);
  appendFileSync(join(folder, 'lis.yaml'), '# changed\n');
  expect(dhc('docs', 'lis.yaml').stdout).not.toBe(page);
});

test('tables of other forms are read without a config', () => {
  writeFileSync(join(folder, 'rows.json'), '[{"patient_id":"P1","result":"1.50"},{"patient_id":"P2"}]');
  writeFileSync(join(folder, 'rows.xml'), '<ROWDATA><ROW><patient_id>P1</patient_id></ROW></ROWDATA>');
  writeFileSync(join(folder, 'rows.tsv'), 'patient_id\tresult\nP1\t5\n');
  for (const [file, ...more] of [['rows.json'], ['rows.xml', '--record', 'ROWDATA/ROW'], ['rows.tsv']])
    expect(json('profile', file!, '--from', 'table', ...more).columns[0].place, file).toBe('patient_id');
  expect(dhc('profile', 'rows.xml', '--from', 'table')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--record'),
  });
});
