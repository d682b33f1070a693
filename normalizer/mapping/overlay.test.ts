import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../core/json.ts';
import { compileMap, runMap } from './index.ts';
import { context, load, resources, run } from './testing/compile.ts';

const lis = (rest: string) =>
  compileMap(`map: o\nversion: 1.0.0\nextends: base/table.yaml\n${rest}`, 'o.yaml', { load });
const row = { ID: '1', NAME: '张伟', CODE: 'WBC', NO: '7' };

describe('an overlay', () => {
  test('without anything is its base', () => {
    const made = run(lis(''), row);
    expect(resources(made, 'Observation')).toHaveLength(1);
  });

  test('replaces, adds to, leaves out and steps into elements', () => {
    const made = run(
      lis(
        'resources:\n  - Patient: patient\n    +name: { text: $ALIAS }\n    gender: female\n  - Observation: result\n    subject: null\n    code.coding: { system: urn:x, code: $CODE }\n    code.text: fixed\n',
      ),
      { ...row, ALIAS: '小张' },
    );
    expect(resources(made, 'Patient')[0]).toMatchObject({
      name: [{ text: '张伟' }, { text: '小张' }],
      gender: 'female',
    });
    const observation = resources<fhir4.Observation>(made, 'Observation')[0]!;
    expect(observation.code).toEqual({ coding: [{ system: 'urn:x', code: 'WBC' }], text: 'fixed' });
    expect(observation.subject).toBeUndefined();
  });

  test('adds resources and removes some', () => {
    const made = run(
      lis(
        "remove: [result]\nresources:\n  - Flag: flag\n    if: $NO > 5\n    key: [!owner , $NO]\n    status: active\n    code: { text: 'high' }\n    subject: !ref patient\n",
      ),
      row,
    );
    expect(resources(made, 'Observation')).toEqual([]);
    expect(resources(made, 'Flag')).toHaveLength(1);
  });

  test('extends and replaces code maps and constants of the base', () => {
    const overlay = (rest: string) =>
      compileMap(`map: o\nversion: 1.0.0\nextends: standard/table/lis\n${rest}`, 'o.yaml', { load });
    const item = { patient_id: '1', item_code: 'K', result: '5', sex: '3', status: '已审核' };
    const plain = run(overlay(''), item);
    expect(plain.issues).toMatchObject([{ code: 'code.unmapped', path: 'sex' }]);
    const extended = run(
      overlay("codes: { sex: { map: { '3': other } } }\nconstants: { items: urn:chenguang:items }\n"),
      item,
    );
    expect(extended.issues).toEqual([]);
    expect(resources(extended, 'Patient')[0]).toMatchObject({ gender: 'other' });
    expect(resources(extended, 'Observation')[0]).toMatchObject({
      code: { coding: [{ system: 'urn:chenguang:items', code: 'K' }] },
    });
    const replaced = run(overlay("codes: { sex: { replace: true, map: { '3': other } } }\n"), { ...item, sex: '男' });
    expect(replaced.issues).toMatchObject([{ code: 'code.unmapped', path: 'sex' }]);
  });
});

const ZPI = `map: chenguang-adt
version: 1.0.0
extends: standard/hl7v2/adt-a01
resources:
  - Patient: patient
    +extension: { url: 'urn:chenguang:insurance-card', valueString: $ZPI-1 }
  - AllergyIntolerance: zAllergy
    if: $ZPI-2 present and $ZPI-2 not in [无, 否认, 跌倒]
    key: [!owner , zpi, $ZPI-2]
    clinicalStatus: !code { system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', value: active }
    code: { text: $ZPI-2 }
    patient: !ref patient
`;

test('twelve lines add a Z segment as an extension and an allergy depending on a value', () => {
  expect(ZPI.trim().split('\n')).toHaveLength(12);
  const map = compileMap(ZPI, 'z.yaml', { load });
  const message = (zpi: string) =>
    `MSH|^~\\&|HIS|CG|B|B|20260105093000+0800||ADT^A01^ADT_A01|1|P|2.5.1\rPID|1||1^^^CG^MR||张^伟||19780312|M\r${zpi}\r`;
  const made = (zpi: string) =>
    runMap(map, { kind: 'hl7v2', sourceKey: 'k', bytes: new TextEncoder().encode(message(zpi)) }, context);
  const allergic = made('ZPI|YB123|青霉素');
  expect(resources(allergic, 'Patient')[0]).toMatchObject({
    extension: [{ url: 'urn:chenguang:insurance-card', valueString: 'YB123' }],
  });
  expect(resources(allergic, 'AllergyIntolerance')).toMatchObject([{ code: { text: '青霉素' } }]);
  expect(resources(made('ZPI|YB123|无'), 'AllergyIntolerance')).toEqual([]);
  expect(canonicalJson(resources(made('ZPI'), 'Patient')[0])).not.toContain('extension');
});
