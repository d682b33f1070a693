import { expect, test } from 'vitest';
import type { Normalized } from '../../core/types.ts';
import { normalize } from '../index.ts';
import { compileMap } from '../mapping/compile-text.ts';
import { runMap } from '../mapping/index.ts';

const HEAD =
  'MSH|^~\\&|LIS|CG|DHC|CG|20260105083000+0800||ORU^R01|1|P|2.5.1||||||UNICODE UTF-8\rPID|1||CG1^^^CG&2.16.156.10011.1.13.990001&ISO^MR\r';
const CONTEXT = {
  hospital: { id: 'chenguang', name: '晨光医院', timezone: 'Asia/Shanghai' },
  feed: 'test',
  receivedAt: '2026-03-01T00:00:00Z',
};

function results(...lines: string[]) {
  const made = normalize(
    { kind: 'hl7v2', sourceKey: 'k', bytes: new TextEncoder().encode(HEAD + lines.join('\r')) },
    CONTEXT,
  ) as Normalized;
  const all = (type: string) =>
    made.bundle.entry!.flatMap((entry) => (entry.resource!.resourceType === type ? [entry] : []));
  const named = (url: string | undefined) => made.bundle.entry!.find((entry) => entry.fullUrl === url)?.resource;
  return { made, all, named };
}

test('every OBR keeps its own ORC, and only its own', () => {
  const { all } = results(
    'ORC|RE|A',
    'OBR|1||F1|T',
    'OBX|1|NM|C||1',
    'OBR|2||F2|T',
    'OBX|1|NM|C||2',
    'ORC|RE|C',
    'OBR|3||F3|T',
  );
  const numbers = all('ServiceRequest').map(({ resource }) =>
    (resource as fhir4.ServiceRequest).identifier!.map(({ value }) => value),
  );
  expect(numbers).toEqual([['A', 'F1'], ['F2'], ['C', 'F3']]);
});

test('observations after a specimen are of that specimen; notes belong to what they follow', () => {
  const { all, named } = results(
    'OBR|1||F1|T',
    'NTE|1||of the order',
    'SPM|1|^S1||BLD',
    'OBX|1|NM|C1||1',
    'NTE|1||of the first',
    'SPM|2|^S2||UR',
    'OBX|1|NM|C2||2',
    'OBX|2|NM|C3||3',
  );
  const seen = all('Observation').map(({ resource }) => {
    const { specimen, note, code } = resource as fhir4.Observation;
    const of = named(specimen?.reference) as fhir4.Specimen;
    return [code.coding![0]!.code, of.identifier![0]!.value, note?.[0]?.text];
  });
  expect(seen).toEqual([
    ['C1', 'S1', 'of the first'],
    ['C2', 'S2', undefined],
    ['C3', 'S2', undefined],
  ]);
  const [report] = all('DiagnosticReport').map(({ resource }) => resource as fhir4.DiagnosticReport);
  expect(report!.result).toHaveLength(3);
  expect(report!.specimen).toHaveLength(2);
  const [request] = all('ServiceRequest').map(({ resource }) => resource as fhir4.ServiceRequest);
  expect(request!.note).toEqual([{ text: 'of the order' }]);
});

test('an observation before its only specimen is of it; of several, of none', () => {
  const specimens = (...lines: string[]) =>
    results('OBR|1||F1|T', 'OBX|1|NM|C1||1', ...lines)
      .all('Observation')
      .map(({ resource }) => (resource as fhir4.Observation).specimen !== undefined);
  expect(specimens('SPM|1|^S1||BLD')).toEqual([true]);
  expect(specimens('SPM|1|^S1||BLD', 'SPM|2|^S2||UR')).toEqual([false]);
});

test('a map writes out the structure of a message of its own, and cuts groups within it', () => {
  const map = compileMap(
    `map: ward-scores
version: 1.0.0
source: hl7v2
match: { message: ZSC^Z01 }
structure: 'MSH PID ROUND(ZRD SCORE(OBX NTE*)*)+'
groups: { round: ROUND, score: SCORE, remark: { in: score, starts: NTE } }
owner: { system: urn:x, value: $PID-3.1 }
resources:
  - loop: rounds
    each: $round[*]
    resources:
      - Observation: score
        each: $score[*]
        key: [!owner , $ZRD-1, $OBX-3.1]
        status: final
        code: $OBX-3
        note: { each: '$remark[*]', text: $NTE-3 }
        effective: !dateTime $ZRD-2`,
    'ward-scores.yaml',
  );
  const text =
    'MSH|^~\\&|ICU|CG|DHC|CG|20260105083000+0800||ZSC^Z01|1|P|2.5.1\rPID|1||CG1\rZRD|1|20260105\rOBX|1|ST|A||x\rNTE|1||one\rNTE|2||two\rZRD|2|20260106\rOBX|1|ST|A||y';
  const made = runMap(map, { kind: 'hl7v2', sourceKey: 'k', bytes: new TextEncoder().encode(text) }, CONTEXT);
  if (made.status === 'rejected') throw new Error(JSON.stringify(made.issues));
  const seen = made.bundle.entry!.flatMap(({ resource }) => {
    if (resource?.resourceType !== 'Observation') return [];
    const { effectiveDateTime, note } = resource as fhir4.Observation;
    return [[effectiveDateTime, note?.map(({ text }) => text)]];
  });
  expect(seen).toEqual([
    ['2026-01-05', ['one', 'two']],
    ['2026-01-06', undefined],
  ]);
});
