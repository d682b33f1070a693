/** What a conversion loads: each package is a part of its start that everybody waits for. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'dhc-loads-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Tells on standard error which packages and which of our rooms were loaded. */
const WATCH = `
import { registerHooks } from 'node:module';
const loaded = new Set();
const known = /(?:node_modules\\/((?:@[^/]+\\/)?[^/]+)|(normalizer|connectors)\\/(cda|dicom|fhir|hl7v2|table))\\//;
registerHooks({
  resolve(name, context, next) {
    const found = next(name, context);
    const [, pack, room, kind] = known.exec(found.url) ?? [];
    if (pack ?? room) loaded.add(pack ?? room + '/' + kind);
    return found;
  },
});
process.on('exit', () => process.stderr.write('loaded ' + [...loaded].sort().join(' ') + '\\n'));
`;

function loadedFor(kind: string, path: string): string[] {
  const hook = join(folder, 'watch.mjs');
  writeFileSync(hook, WATCH);
  const args = ['--import', hook, 'cli/main.ts', 'convert', path, '--from', kind, '--out', folder];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return /^loaded (.*)$/m.exec(stderr)![1]!.split(' ');
}

test('of HL7 v2 nothing is loaded that only other kinds, maps or feeds need', () => {
  const message = join(folder, 'a.hl7');
  writeFileSync(message, 'MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||7^^^B||王^芳\rPV1|1|I\r');
  const loaded = loadedFor('hl7v2', message);
  expect(loaded.filter((name) => !name.includes('/'))).toEqual(['commander']);
  // The check digit of a Chinese identity number, which is one of CDA's people.
  expect(loaded.filter((name) => name.includes('/'))).toEqual([
    'connectors/hl7v2',
    'normalizer/cda',
    'normalizer/hl7v2',
  ]);
});

test('of FHIR neither XML nor the readers of other kinds are loaded', () => {
  const loaded = loadedFor('fhir', 'samples/fhir/Patient.json');
  expect(loaded).toContain('normalizer/fhir');
  for (const name of ['libxml2-wasm', 'dicom-parser', 'undici', 'normalizer/table']) expect(loaded).not.toContain(name);
});
