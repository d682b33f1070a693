/** Maps and items for tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Normalized, Rejected } from '../../../core/types.ts';
import {
  type CompiledMap,
  compileMap,
  type LoadFile,
  MapError,
  type MapProblem,
  runMap,
  withStandard,
} from '../index.ts';

export const BROKEN = join(import.meta.dirname, 'broken');

/** Files beside the broken maps, and the shipped ones. */
export const load: LoadFile = withStandard((reference) => ({
  file: reference,
  text: readFileSync(join(BROKEN, reference), 'utf8'),
}));

export function problemsOf(text: string, file = 'map.yaml'): readonly MapProblem[] {
  try {
    compileMap(text, file, { load });
  } catch (error) {
    if (error instanceof MapError) return error.problems;
    throw error;
  }
  return [];
}

export const context = {
  hospital: { id: 'h', name: '晨光', timezone: 'Asia/Shanghai', patientSystem: 'urn:p' },
  feed: 'f',
  receivedAt: '2026-01-01T00:00:00Z',
};

/** A table map with these members of its Patient, and other parts above. */
export function patientMap(members: string, parts = ''): CompiledMap {
  const indented = members.trim().replaceAll(/^/gm, '    ');
  return compileMap(
    `map: t\nversion: 1.0.0\nsource: table\n${parts}\nowner: { system: urn:p, value: $ID }\nresources:\n  - Patient: patient\n    key: [!owner ]\n${indented}\n`,
    't.yaml',
    { load },
  );
}

export function run(map: CompiledMap, item: object | string, trace = false): Normalized | Rejected {
  const bytes = new TextEncoder().encode(typeof item === 'string' ? item : JSON.stringify(item));
  return runMap(map, { kind: 'table', sourceKey: 'k', bytes }, { ...context, trace });
}

/** Resources of one type. */
export function resources<T = fhir4.FhirResource>(result: Normalized | Rejected, type: string): T[] {
  if (result.status === 'rejected') throw new Error(`refused: ${JSON.stringify(result.issues)}`);
  return result.bundle.entry!.map(({ resource }) => resource!).filter((one) => one.resourceType === type) as T[];
}

export function patient(map: CompiledMap, item: object): fhir4.Patient {
  return resources<fhir4.Patient>(run(map, { ID: '1', ...item }), 'Patient')[0]!;
}
