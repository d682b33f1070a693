import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, numberText } from '../../core/json.ts';
import type { Normalized } from '../../core/types.ts';
import { compileMap, runMap } from './index.ts';
import { context, load, patient, patientMap, resources, run } from './testing/compile.ts';

const observation = (value: string, parts = '') =>
  compileMap(
    `map: t\nversion: 1.0.0\nsource: table\n${parts}\nowner: { system: urn:p, value: $ID }\nresources:\n  - Patient: p\n    key: [!owner ]\n    identifier: { system: urn:p, value: $ID }\n  - Observation: o\n    key: [!owner , $ID]\n    status: final\n    code: { text: x }\n    subject: !ref p\n    ${value}\n`,
    't.yaml',
    { load },
  );
const observed = (map: ReturnType<typeof observation>, item: object) => {
  const made = run(map, { ID: '1', ...item }) as Normalized;
  return { made, found: resources<fhir4.Observation>(made, 'Observation')[0]! };
};

describe('values', () => {
  const date = patientMap('birthDate: $B');
  test.each([
    ['1978-03-12', '1978-03-12'],
    ['1978/3/2', '1978-03-02'],
    ['１９７８-０３-１２', '1978-03-12'],
    ['1978年3月2日', '1978-03-02'],
    ['19780312', '1978-03-12'],
    ['197803', '1978-03'],
    ['0000-00-00', undefined],
    ['1900-01-01', undefined],
    ['1978-02-30', undefined],
    ['不详', undefined],
  ])('the date %s is %s', (B, expected) => expect(patient(date, { B }).birthDate).toBe(expected));

  test('placeholders and impossible dates are told, each by its code', () => {
    expect(run(date, { ID: '1', B: '0000-00-00' }).issues).toMatchObject([{ code: 'field.placeholder', path: 'B' }]);
    expect(run(date, { ID: '1', B: '1978-02-30' }).issues).toMatchObject([{ code: 'field.invalid', path: 'B' }]);
  });

  test('times keep their precision and take the zone of the map, the hospital or their own', () => {
    const map = (options: string) => observation(`effective: !dateTime { from: $T${options} }`);
    const at = (options: string, T: string) => observed(map(options), { T }).found.effectiveDateTime;
    expect(at('', '2026-01-05 9:30')).toBe('2026-01-05T09:30:00+08:00');
    expect(at(', zone: "+09:00"', '2026-01-05 09:30')).toBe('2026-01-05T09:30:00+09:00');
    expect(at('', '2026-01-05T09:30:00Z')).toBe('2026-01-05T09:30:00Z');
    expect(at(', format: dd.MM.yyyy HH:mm', '05.01.2026 09:30')).toBe('2026-01-05T09:30:00+08:00');
    expect(
      observed(observation('effective: !dateTime { from: $D, time: $T }'), { D: '20260105', T: '9:30' }).found
        .effectiveDateTime,
    ).toBe('2026-01-05T09:30:00+08:00');
  });

  const lab = observation(
    'value: !labValue { from: $R, unit: $U, units: ucum, words: words }',
    "codes:\n  ucum: { map: { 克每升: g/L } }\n  words:\n    map:\n      阴性: { system: 'http://snomed.info/sct', code: '260385009' }\n      溶血: { system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: error }\n",
  );
  test.each([
    ['5.60', { valueQuantity: { value: 5.6, unit: '克每升', system: 'http://unitsofmeasure.org', code: 'g/L' } }],
    ['＜０.１', { valueQuantity: { value: 0.1, comparator: '<' } }],
    ['3.9-6.1', { valueRange: { low: { value: 3.9 }, high: { value: 6.1 } } }],
    ['1:40', { valueRatio: { numerator: { value: 1 }, denominator: { value: 40 } } }],
    ['阴性(-)', { valueString: '阴性(-)' }],
    ['1+', { valueString: '1+' }],
    ['阴性', { valueCodeableConcept: { coding: [{ code: '260385009' }], text: '阴性' } }],
    ['溶血', { dataAbsentReason: { coding: [{ code: 'error' }], text: '溶血' } }],
    ['"患儿"😀𠮷', { valueString: '"患儿"😀𠮷' }],
  ])('the result %s', (R, expected) => {
    const { found } = observed(lab, { R, U: '克每升' });
    expect(JSON.parse(canonicalJson(found))).toMatchObject(expected);
  });
  test('a number keeps its text', () => {
    expect(numberText(observed(lab, { R: '5.60' }).found.valueQuantity!.value!)).toBe('5.60');
  });

  test('an id card with a wrong check digit is kept and told', () => {
    const map = patientMap('identifier: !identifier { from: $CARD, check: id-card }');
    expect(run(map, { ID: '1', CARD: '990101197803120018' }).issues).toEqual([]);
    const wrong = run(map, { ID: '1', CARD: '990101197803120019' });
    expect(wrong.issues).toMatchObject([{ code: 'field.check-digit', path: 'CARD' }]);
    expect(resources<fhir4.Patient>(wrong, 'Patient')[0]!.identifier).toEqual([
      { system: 'urn:oid:2.16.156.10011.1.3', value: '990101197803120019' },
    ]);
  });

  test('a reason stands where a value is absent', () => {
    const map = patientMap('birthDate: !firstOf [$B, !absent asked-unknown]');
    expect(patient(map, { B: '' })).toMatchObject({ _birthDate: { extension: [{ valueCode: 'asked-unknown' }] } });
    expect(patient(map, { B: '1978' }).birthDate).toBe('1978');
  });

  test('an object of literals alone is made only with a value of the item', () => {
    const map = patientMap('identifier: [{ system: urn:x, value: $A }, { system: urn:p, value: $ID }]');
    expect(patient(map, {}).identifier).toEqual([{ system: 'urn:p', value: '1' }]);
  });

  test('constants, texts and fragments', () => {
    const map = patientMap(
      "name: !fragment { name: person, with: { who: $N, kind: official } }\nidentifier: { system: '${own}:${$K}', value: $ID }",
      "constants: { stem: 'urn:${hospital.id}', own: '${stem}:${feed}' }\nfragments: { person: { text: '${who}', use: '${kind}' } }",
    );
    expect(patient(map, { N: '张伟', K: 'a' })).toMatchObject({
      name: [{ text: '张伟', use: 'official' }],
      identifier: [{ system: 'urn:h:f:a', value: '1' }],
    });
  });
});

describe('codes', () => {
  const map = observation(
    'interpretation: !code { from: $F, system: urn:local, display: $D, map: flags }',
    'codes: { flags: { system: urn:std, source: urn:local, map: { ↑: H, A: [x, y] } } }',
  );
  test('the local coding stays beside the mapped one', () => {
    expect(observed(map, { F: '↑', D: '高' }).found.interpretation).toEqual([
      {
        coding: [
          { system: 'urn:std', code: 'H' },
          { system: 'urn:local', code: '↑', display: '高' },
        ],
        text: '高',
      },
    ]);
    expect(observed(map, { F: 'A' }).found.interpretation![0]!.coding).toHaveLength(3);
  });
  test('a miss is counted and told', () => {
    const { made, found } = observed(map, { F: '?' });
    expect(found.interpretation).toEqual([{ coding: [{ system: 'urn:local', code: '?' }] }]);
    expect(made.coverage.unmappedCodes).toEqual({ 'urn:local|?': 1 });
    expect(made.issues).toMatchObject([{ code: 'code.unmapped', path: 'F' }]);
  });
  test('a code element takes only codes of its value set', () => {
    const plain = patientMap('gender: $S');
    expect(patient(plain, { S: 'female' }).gender).toBe('female');
    expect(patient(plain, { S: '女' }).gender).toBeUndefined();
  });
});

describe('conditions', () => {
  test.each([
    ['$A present', { A: 'x' }, true],
    ['$A present', { A: ' ' }, false],
    ['$A absent and not $B present', {}, true],
    ['$A = x or $B = y', { B: 'y' }, true],
    ['$A != x', {}, true],
    ["$A in [x, 'b c', 3]", { A: 'b c' }, true],
    ['$A not in [x]', { A: 'y' }, true],
    ['$A > 5.0', { A: '５．１' }, true],
    ['$A > 5', { A: '阴性' }, false],
    ['$A matches /[A-Z]{2}\\d+/', { A: 'AB12' }, true],
    ['$A matches /[A-Z]{2}/', { A: 'AB12' }, false],
    ['($A = 1 or $B = 1) and $C = 1', { B: '1', C: '1' }, true],
    ['$A = $B', { A: 'q', B: 'q' }, true],
    ['$"检验 项目"=阴性', { '检验 项目': '阴性' }, true],
  ])('%s', (text, item, expected) => {
    const map = patientMap(`gender: { if: ${JSON.stringify(text)}, then: male, else: female }`);
    expect(patient(map, item).gender).toBe(expected ? 'male' : 'female');
  });
});

describe('resources', () => {
  const loops = compileMap(
    `map: t\nversion: 1.0.0\nsource: json\nowner: { system: urn:p, value: $patient.id }\nresources:
  - DiagnosticReport: late
    key: [!owner , late]
    status: final
    code: { text: x }
    subject: !ref patient
  - Patient: patient
    key: [!owner ]
    identifier: { system: urn:p, value: $patient.id }
  - loop: orders
    each: $orders[*]
    resources:
      - Observation: result
        each: $items[*]
        key: [!owner , $../number, $code]
        status: final
        code: { text: $code }
        subject: !ref patient
        value: !labValue $value
      - DiagnosticReport: report
        key: [!owner , $number]
        status: final
        code: { text: $number }
        subject: !ref patient
        result: !refs result
`,
    't.yaml',
  );
  const item = {
    patient: { id: '1' },
    orders: [
      {
        number: 'a',
        items: [
          { code: 'x', value: 1.5 },
          { code: 'x', value: '2' },
        ],
      },
      { number: 'b', items: [] },
    ],
  };
  test('loops, forward references, references of one turn, numbers for equal keys', () => {
    const made = run(loops, item);
    expect(resources(made, 'Observation')).toHaveLength(2);
    const [late, first, second] = resources<fhir4.DiagnosticReport>(made, 'DiagnosticReport');
    const urns = resources(made, 'Observation').map(({ id }) => `urn:uuid:${id}`);
    expect(first!.result!.map(({ reference }) => reference)).toEqual(urns);
    expect(second!.result).toBeUndefined();
    expect(late!.subject!.reference).toBe(`urn:uuid:${resources(made, 'Patient')[0]!.id}`);
    expect((made as Normalized).coverage.left).toEqual({});
  });

  test('what is not read is left over; what is read is traced to the line of its rule', () => {
    const made = run(patientMap('gender: male\nname: $N'), { ID: '1', N: '张伟', X: 'y' }, true) as Normalized;
    expect(made.coverage.left).toEqual({ X: 1 });
    expect(made.trace).toContainEqual({ element: 'Patient[0].name', source: 'N', rule: 't.yaml:10' });
  });

  test('without a key, an owner or what a refusal asks for', () => {
    const map = compileMap(
      "map: t\nversion: 1.0.0\nsource: table\nrefuse: [{ if: $R absent, detail: 'no result' }]\nowner: { system: urn:p, value: $ID }\nresources:\n  - Observation: o\n    key: [!owner , $N]\n    status: final\n    code: { text: x }\n",
      't.yaml',
    );
    expect(run(map, { ID: '1', N: '1' })).toMatchObject({ status: 'rejected', code: 'item.format' });
    expect(run(map, { N: '1', R: '1' })).toMatchObject({ status: 'rejected', code: 'item.no-patient' });
    expect(run(map, { ID: '1', R: '1' })).toMatchObject({
      status: 'rejected',
      code: 'item.unsupported',
      issues: [{}, { code: 'field.missing', path: 'o' }],
    });
  });

  test('a split text is a loop', () => {
    const map = patientMap(
      'name:\n  - { each: !split { from: $N, by: "、;" }, text: $., use: { if: $K = old, then: old } }',
    );
    expect(patient(map, { N: '张伟、李娜; 王芳', K: 'old' }).name).toEqual(
      ['张伟', '李娜', '王芳'].map((text) => ({ text, use: 'old' })),
    );
  });
});

describe('properties', () => {
  const map = patientMap(
    'name: $N\nbirthDate: $B\ngender: !code { from: $S, map: sex, default: unknown }\ntelecom: $T',
    'codes: { sex: { map: { M: male } } }',
  );

  test('the same item gives the same bytes, whatever it holds, and nothing of it is thrown', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('ID', 'N', 'B', 'S', 'T', '__proto__', 'constructor', '姓 名'),
          fc.string({ unit: 'binary' }),
        ),
        (row) => {
          const bytes = new TextEncoder().encode(JSON.stringify(row));
          const once = () => runMap(map, { kind: 'table', sourceKey: 'k', bytes }, context);
          const [a, b] = [once(), once()];
          expect(a.status === 'rejected' ? a.code : Buffer.from(a.bytes)).toEqual(
            b.status === 'rejected' ? b.code : Buffer.from(b.bytes),
          );
          if (a.status === 'rejected') expect(a.code).not.toBe('item.internal');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('column names cannot reach a prototype', () => {
    const hostile = patientMap('name: { text: $__proto__ }\nlanguage: $constructor');
    const made = run(hostile, '{"ID":"1","__proto__":{"polluted":"yes"},"constructor":"en"}');
    expect(resources<fhir4.Patient>(made, 'Patient')[0]!.language).toBe('en');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(run(hostile, { ID: '1' }).status).toBe('ok');
  });
});
