import { describe, expect, test } from 'vitest';
import type { Normalized } from '../../../core/types.ts';
import { compileMap, runMap } from '../../../normalizer/mapping/index.ts';
import { parseFml } from './parse.ts';
import { readStructureMap } from './structure-map.ts';
import { type ImportSource, translate } from './translate.ts';

const HEAD = `map "http://example.org/StructureMap/lab" = "Lab"
uses "http://example.org/Export" alias Export as source
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as target
`;
const run = (body: string, source: ImportSource = 'json') => translate(parseFml(HEAD + body), 'imported', source);
const patient = (rules: string) => {
  const { map, left } = run(`group main(source src : Export, target tgt : Patient) {\n${rules}\n}`);
  const inside = map.slice(map.indexOf('key: '));
  return {
    lines: inside
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
      .filter(Boolean),
    left: left.map(({ what }) => what),
  };
};

describe('a rule is', () => {
  test.each([
    ['src.birth as b -> tgt.birthDate = b;', ['birthDate: $birth']],
    ['src.birth -> tgt.birthDate;', ['birthDate: $birth']],
    ["src -> tgt.gender = 'male';", ['gender: male']],
    ['src -> tgt.active = true "named rule";', ['active: true']],
    ["src.a as a where a.kind = 'x' -> tgt.birthDate = a;", ["birthDate: { if: '$a.kind = x', then: $a }"]],
    [
      "src.a as a where src.b.exists() and a in ('1' | '2') -> tgt.birthDate = a;",
      ["birthDate: { if: '$b present and $a in [1, 2]', then: $a }"],
    ],
    ["src.sex as s -> tgt.gender = translate(s, '#sex', 'code');", ['gender: !code { from: $sex, map: sex }']],
    [
      "src.m as m -> tgt.maritalStatus = cc('urn:m', m);",
      ['maritalStatus: !code { from: $m, system: urn:m }'.replace('urn:m', "'urn:m'")],
    ],
    ['src.t as t -> tgt.implicitRules = truncate(t, 5);', ['implicitRules: !text { from: $t, max: 5 }']],
    ["src.t as t -> tgt.language = append('x-', t);", ["language: 'x-${$t}'"]],
    ["src.p as p -> tgt.telecom = cp('phone', p);", ['telecom: !telecom { from: $p, system: phone }']],
    [
      'src.name as n -> tgt.name as name then { n.family -> name.family; n.given as g -> name.given = g; };',
      ['name:', "each: '$name[*]'", 'family: $family', 'given: $given'],
    ],
    [
      'src.a as a -> tgt.identifier as i1 then { a.no as n -> i1.value = n; };\nsrc.b as b -> tgt.identifier as i2 then { src.no as n -> i2.value = n; };',
      ['identifier:', "- each: '$a[*]'", 'value: $no', "- each: '$b[*]'", 'value: $../no'],
    ],
    [
      'src.c as c -> tgt.contact as contact, contact.name as name then { c.who as w -> name.text = w; };',
      ['contact:', "each: '$c[*]'", 'name:', 'text: $who'],
    ],
  ])('%s', (rules, lines) => {
    expect(patient(rules)).toEqual({ lines, left: [] });
  });
});

describe('what the engine cannot express is listed and left out', () => {
  test.each([
    ['src.a as a -> tgt.id = uuid();', /id/],
    ["src.a as a -> tgt.language = dateOp(a, 'x');", /dateOp/],
    ['src.a as a, src.b as b -> tgt.language = a;', /several sources/],
    ['src.a as a first -> tgt.language = a;', /first/],
    ["src.a as a check a = 'x' -> tgt.language = a;", /check/],
    ["src.a as a default 'x' -> tgt.language = a;", /default/],
    ["src.a as a where matches('x+') -> tgt.language = a;", /where/],
    ['src.a as a then other(a, tgt);', /other/],
    ['src.a as a -> tgt.language = b;', /no source/],
  ])('%s', (rules, what) => {
    const { lines, left } = patient(rules);
    expect(left).toEqual([expect.stringMatching(what)]);
    expect(lines).toEqual([]);
  });

  test('with its line, and imports too', () => {
    const { left } = run(
      'imports "http://example.org/other/*"\ngroup main(source src, target tgt : Patient) {\n  src.a -> tgt.id = uuid();\n}',
    );
    expect(left.map(({ line }) => line)).toEqual([1, 6]);
  });

  test('a group that calls itself ends', () => {
    const { left } = run(
      'group main(source src, target tgt : Patient) { src.a as a then again(a, tgt); }\ngroup again(source src, target tgt) { src.a as a then again(a, tgt); }',
    );
    expect(left.length).toBeGreaterThan(0);
  });
});

test('resources of a bundle, with groups, a concept map and conditions in the terms of the loop', () => {
  const { map, left } = run(`
conceptmap "sex-map" { prefix s = "urn:s" prefix t = "http://hl7.org/fhir/administrative-gender"
  s:"1" - t:male
  s:2 == t:female }
group main(source src : Export, target bundle : Bundle) {
  src.patient as p -> bundle.entry as e, e.resource = create('Patient') as pat then { p.sex as s -> pat.gender = translate(s, '#sex-map', 'code'); };
  src.results as r where state = 'F' -> bundle.entry as e, e.resource = create('Observation') as o then result(r, o);
}
group result(source r, target o) {
  r -> o.status = 'final';
  r.value as v -> o.value = qty(v, 'g/L') "value";
}`);
  expect(left).toEqual([]);
  expect(map).toContain("sex-map: { map: { '1': { system: 'http://hl7.org/fhir/administrative-gender', code: male }");
  expect(map).toContain(
    "  - Observation: observation\n    key: ['${sourceKey}', $value]\n    each: '$results[*]'\n    if: '$state = F'\n    status: final\n",
  );
  expect(map).toContain('value: !quantity { from: $value, unit: g/L }');
});

test.each([
  ['valueId', 'dependentOfR4'],
  ['valueId', 'dependentOfR5'],
])('a StructureMap as JSON says the same (%s, %s)', (_value, version) => {
  const call =
    version === 'dependentOfR4'
      ? { name: 'sub', variable: ['s', 't'] }
      : { name: 'sub', parameter: [{ valueId: 's' }, { valueId: 't' }] };
  const json = {
    resourceType: 'StructureMap',
    url: 'http://example.org/StructureMap/lab',
    structure: [{ url: 'http://hl7.org/fhir/StructureDefinition/Patient', mode: 'target', alias: 'Patient' }],
    group: [
      {
        name: 'main',
        input: [
          { name: 's', mode: 'source' },
          { name: 't', type: 'Patient', mode: 'target' },
        ],
        rule: [{ name: 'r', source: [{ context: 's' }], dependent: [call] }],
      },
      {
        name: 'sub',
        input: [
          { name: 'a', mode: 'source' },
          { name: 'b', mode: 'target' },
        ],
        rule: [
          {
            name: 'birth',
            source: [{ context: 'a', element: 'birth', variable: 'v' }],
            target: [{ context: 'b', element: 'birthDate', transform: 'copy', parameter: [{ valueId: 'v' }] }],
          },
        ],
      },
    ],
  };
  const { map, left } = translate(readStructureMap(JSON.stringify(json)), 'imported', 'table');
  expect(left).toEqual([]);
  expect(map).toContain('    birthDate: $birth\n');
});

describe('what is no map is refused with its line', () => {
  test.each([
    ['group main(source a, target b) { a.x -> b.y }', /line 1/],
    ['group main(source a, target b : Patient) {\n a.x -> b.y = "open;\n}', /line 2/],
    ['group main(source a, target b : Patient) {\n a.x', /line 2/],
    ['nonsense', /line 1/],
    ['', /no group/],
  ])('%s', (text, message) => {
    expect(() => translate(parseFml(text), 'x', 'json')).toThrow(
      expect.objectContaining({ code: 'item.format', message: expect.stringMatching(message) }),
    );
  });
});

test('an imported map compiles and runs: single values and lists, loops, code maps, conditions', () => {
  const { map, left } = run(`
conceptmap "sex" { prefix s = "urn:s" prefix t = "http://hl7.org/fhir/administrative-gender"
  s:"1" - t:male }
group main(source src : Export, target bundle : Bundle) {
  src.patient as p -> bundle.entry as e, e.resource = create('Patient') as pat then {
    p.no as n -> pat.identifier as id then { n -> id.system = 'urn:no'; n -> id.value = n; };
    p.sex as s -> pat.gender = translate(s, '#sex', 'code');
    p.names as n -> pat.name as name then { n.family as f -> name.family = f; };
  };
  src.results as r where state = 'F' -> bundle.entry as e, e.resource = create('Observation') as o then {
    r -> o.status = 'final';
    r.code as c -> o.code as code, code.coding as coding then { c -> coding.system = 'urn:item'; c -> coding.code = c; };
    r.value as v -> o.value = qty(v, 'g/L');
  };
}`);
  expect(left).toEqual([]);
  const item = {
    patient: { no: 'P1', sex: '1', names: [{ family: '张' }, { family: 'Zhang' }] },
    results: [
      { state: 'F', code: 'HGB', value: '128' },
      { state: 'P', code: 'K', value: '4' },
    ],
  };
  const input = { kind: 'table', sourceKey: 'k', bytes: new TextEncoder().encode(JSON.stringify(item)) } as const;
  const context = { hospital: { id: 'h', name: 'h', timezone: 'UTC' }, feed: 'f', receivedAt: '2026-01-01T00:00:00Z' };
  const { bundle } = runMap(compileMap(map, 'imported.yaml'), input, context) as Normalized;
  const made = (type: string) =>
    bundle.entry!.filter(({ resource }) => resource!.resourceType === type).map(({ resource }) => resource);
  expect(made('Patient')).toMatchObject([
    { identifier: [{ system: 'urn:no', value: 'P1' }], gender: 'male', name: [{ family: '张' }, { family: 'Zhang' }] },
  ]);
  expect(made('Observation')).toMatchObject([
    {
      status: 'final',
      code: { coding: [{ system: 'urn:item', code: 'HGB' }] },
      valueQuantity: { value: 128, unit: 'g/L' },
    },
  ]);
});
