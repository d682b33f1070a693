/** `dhc convert --map` with maps of documents and studies, as an integrator starts them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dhc-convert-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function types(from: string, map: string, path: string): Record<string, number>[] {
  const hospital = ['--hospital', 'h', '--timezone', 'Asia/Shanghai', '--patient-system', 'urn:p'];
  const args = ['convert', path, '--from', from, '--map', join('maps', map), '--out', folder, ...hospital];
  const { status, stderr } = spawnSync(process.execPath, ['cli/main.ts', ...args], { cwd: root, encoding: 'utf8' });
  expect(stderr).toContain(' 0 refused');
  expect(status).toBe(0);
  const files = readdirSync(folder).filter((name) => !name.endsWith('.report.json'));
  return files.sort().map((name) => {
    const bundle = JSON.parse(readFileSync(join(folder, name), 'utf8')) as fhir4.Bundle;
    const groups = Map.groupBy(bundle.entry!, ({ resource }) => resource!.resourceType);
    return Object.fromEntries([...groups].map(([type, entries]) => [type, entries.length]));
  });
}

test('a CDA document by a map', () => {
  const path = 'samples/cda/c0007-laboratory-report-chenji-gb18030.xml';
  expect(types('cda', 'cda/wst500-lab-report.yaml', path)).toMatchObject([
    { Patient: 1, DiagnosticReport: 1, Observation: 6, DocumentReference: 1, Binary: 1 },
  ]);
});

test('studies by a map, each one record', () => {
  expect(types('dicom', 'dicom/study.yaml', 'samples/dicom/studies')).toMatchObject([
    { Patient: 1, ImagingStudy: 1, DocumentReference: 1 },
    { Patient: 1, ImagingStudy: 1, DocumentReference: 1 },
  ]);
});
