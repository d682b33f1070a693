/** Golden cases beside a map: `lis.yaml` has them in `lis.cases/`, `NAME.in` an item and `NAME.json` what becomes of it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldsOf } from '../../../connectors/table/records.ts';
import { canonicalBytes, parseLossless } from '../../../core/json.ts';
import type { Normalized, Rejected } from '../../../core/types.ts';
import type { NormalizeContext } from '../../../normalizer/context.ts';
import { type CompiledMap, runMap } from '../../../normalizer/mapping/index.ts';
import { readText } from '../files.ts';
import { type Difference, differences } from './compare.ts';

export interface Case {
  readonly name: string;
  readonly input: string;
  readonly expected: string;
}

/** A case does not depend on the config: its hospital is always this one. */
const CONTEXT: NormalizeContext = {
  hospital: { id: 'hospital', name: 'hospital', timezone: 'Asia/Shanghai', patientSystem: 'urn:dhc:hospital:patient' },
  feed: 'test',
  receivedAt: '2026-01-01T00:00:00Z',
};

export function casesOf(map: string): Case[] {
  const folder = map.replace(/\.ya?ml$/, '.cases');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.in'))
    .sort()
    .map((file) => {
      const name = file.slice(0, -'.in'.length);
      return { name, input: join(folder, file), expected: join(folder, `${name}.json`) };
    });
}

/** The bundle without what differs from version to version of the map, or the refusal. */
export function runCase(map: CompiledMap, { name, input }: Case): object {
  const bytes = map.source === 'table' ? rowOf(readText(input)) : readFileSync(input);
  const kind = map.source === 'xml' || map.source === 'json' ? 'table' : map.source;
  return outcome(runMap(map, { kind, sourceKey: name, bytes }, CONTEXT));
}

/** A JSON object, or a header line and a line of CSV. */
function rowOf(text: string): Uint8Array {
  if (text.trimStart().startsWith('{')) return new TextEncoder().encode(text);
  const [header = '', row = ''] = text.split(/\r\n|\r|\n/);
  const cells = fieldsOf(row, ',');
  return canonicalBytes(Object.fromEntries(fieldsOf(header, ',').map((column, index) => [column, cells[index] ?? ''])));
}

function outcome(result: Normalized | Rejected): object {
  const issues = result.issues.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
  if (result.status === 'rejected') return { status: 'rejected', code: result.code, issues };
  const resources = (result.bundle.entry ?? []).flatMap(({ resource }) =>
    resource && !['Provenance', 'Binary', 'Device'].includes(resource.resourceType) ? [resource] : [],
  );
  return { status: result.status, patient: result.patient, issues, resources };
}

export function compareCase(made: object, { expected }: Case): Difference[] {
  return differences(parseLossless(readText(expected)), made, '');
}
