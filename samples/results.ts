/**
 * What normalize() makes of every sample, as text: what `refresh.ts` writes beside the samples and the test compares.
 * One result file for an HL7 message, a CDA document, a study; one for each table and FHIR file.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { splitFhirFile } from '../connectors/fhir/split.ts';
import { byPerson } from '../connectors/hl7v2/people.ts';
import { textOf } from '../core/dicom/dataset.ts';
import { readHeader } from '../core/dicom/header.ts';
import type { Normalized, Rejected, SourceKind } from '../core/types.ts';
import { type NormalizeContext, type NormalizeInput, normalize } from '../normalizer/index.ts';

export interface SampleResult {
  /** Path below `samples/`. */
  readonly path: string;
  readonly text: string;
}

const ROOT = import.meta.dirname;

export function contextOf(kind: SourceKind): NormalizeContext {
  return {
    hospital: {
      id: 'chenguang',
      name: '晨光医院',
      timezone: 'Asia/Shanghai',
      patientSystem: 'urn:oid:2.16.156.10011.1.13.990001',
    },
    feed: kind,
    receivedAt: '2026-03-01T00:00:00Z',
    assigners: { CGHIS: 'urn:oid:2.16.156.10011.1.13.990001' },
  };
}

export function* sampleResults(): Generator<SampleResult> {
  yield* messages('hl7v2', 'hl7v2/mllp', '.hl7');
  yield* messages('hl7v2', 'hl7v2/files', '.hl7');
  yield* messages('hl7v2', 'hl7v2/bad', '.hl7');
  yield* messages('cda', 'cda', '.xml');
  yield* messages('cda', 'cda/bad', '.xml');
  yield* studies();
  yield* tables();
  yield* fhirFiles();
}

function run(input: NormalizeInput): Normalized | Rejected {
  return normalize(input, contextOf(input.kind));
}

function* messages(kind: SourceKind, folder: string, ending: string): Generator<SampleResult> {
  for (const name of list(folder, ending)) {
    const bytes = readFileSync(join(ROOT, folder, name));
    // As the connector reads it: a message about several people is one for each.
    const parts = kind === 'hl7v2' ? byPerson(bytes) : [bytes];
    const keyOf = (index: number) => (parts.length > 1 ? `${name}#1.${index + 1}` : name);
    const made = parts.map((part, index) => shown(run({ kind, sourceKey: keyOf(index), bytes: part })));
    yield result(folder, basename(name, ending), made.length > 1 ? made : made[0]);
  }
}

function* studies(): Generator<SampleResult> {
  const studies = new Map<string, Buffer[]>();
  for (const name of list('dicom/studies', '')) {
    const bytes = readFileSync(join(ROOT, 'dicom/studies', name));
    const uid = studyOf(bytes);
    studies.set(uid, [...(studies.get(uid) ?? []), bytes]);
  }
  for (const [uid, instances] of studies) {
    const headers = instances.map((bytes, index) => ({
      key: String(index),
      bytes,
      size: bytes.length,
      sha256: sha256(bytes),
    }));
    yield result('dicom', uid, shown(run({ kind: 'dicom', sourceKey: uid, bytes: Buffer.from('{}'), headers })));
  }
}

function studyOf(instance: Uint8Array): string {
  const header = readHeader(instance, { complete: true });
  return (header && textOf(header.dataset, 'StudyInstanceUID')) ?? 'unknown';
}

function* tables(): Generator<SampleResult> {
  for (const name of list('table', '.csv')) {
    const [columns = [], ...rows] = parseCsv(readFileSync(join(ROOT, 'table', name), 'utf8'));
    const made = rows.map((row, index) => {
      const record = Object.fromEntries(columns.map((column, at) => [column, row[at] ?? '']));
      return shown(
        run({ kind: 'table', sourceKey: `${name}:${index + 2}`, bytes: Buffer.from(JSON.stringify(record)) }),
      );
    });
    yield result('table', basename(name, '.csv'), made);
  }
}

/** Verbatim bundles say nothing new: their digests are enough. */
function* fhirFiles(): Generator<SampleResult> {
  for (const name of list('fhir', '.json')) {
    const pieces = [...splitFhirFile(readFileSync(join(ROOT, 'fhir', name)))];
    const made = pieces.map(({ sourceKey, bytes }) => {
      const one = run({ kind: 'fhir', sourceKey, bytes });
      return one.status === 'rejected'
        ? { sourceKey, ...shown(one) }
        : { sourceKey, status: one.status, patient: one.patient, issues: one.issues, sha256: sha256(one.bytes) };
    });
    yield result('fhir', basename(name, '.json'), made);
  }
}

function shown(made: Normalized | Rejected): object {
  if (made.status === 'rejected') return { status: made.status, code: made.code, issues: made.issues };
  const { status, patient, issues, coverage, quality, bundle } = made;
  return { status, patient, issues, coverage, quality, bundle };
}

function result(folder: string, name: string, content: unknown): SampleResult {
  return { path: `${folder}/expected/${name}.json`, text: `${JSON.stringify(content, null, 1)}\n` };
}

function list(folder: string, ending: string): string[] {
  const path = join(ROOT, folder);
  return existsSync(path)
    ? readdirSync(path)
        .filter((name) => name.endsWith(ending))
        .sort()
    : [];
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** RFC 4180, for our own file. */
function parseCsv(text: string): string[][] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        (cell) => cell[1]?.replaceAll('""', '"') ?? cell[2] ?? '',
      ),
    );
}
