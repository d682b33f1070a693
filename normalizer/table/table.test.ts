import { describe, expect, test } from 'vitest';
import { numberText } from '../../core/json.ts';
import type { Normalized } from '../../core/types.ts';
import { normalize } from '../index.ts';

const MRN = 'urn:oid:2.16.156.10011.1.13.990001';
const ROW = {
  report_no: 'B1',
  patient_id: 'CG100001',
  patient_name: '张伟',
  sex: '男',
  birth_date: '1978-03-12',
  item_code: 'HGB',
  item_name: '血红蛋白',
  result: '128',
  unit: 'g/L',
  reference: '130-175',
  flag: '↓',
  status: '已审核',
  sampled_at: '2026-01-05 09:30:00',
  reported_at: '2026-01-05 10:15:00',
};
const run = (row: unknown) =>
  normalize(
    { kind: 'table', sourceKey: 'k', bytes: new TextEncoder().encode(JSON.stringify(row)) },
    {
      hospital: { id: 'chenguang', name: '晨光医院', timezone: 'Asia/Shanghai', patientSystem: MRN },
      feed: 'lis',
      receivedAt: '2026-03-01T00:00:00Z',
    },
  );
const observe = (change: object) => {
  const made = run({ ...ROW, ...change }) as Normalized;
  const found = made.bundle.entry!.find(({ resource }) => resource!.resourceType === 'Observation')!
    .resource as fhir4.Observation;
  return { made, found };
};

test('a row is an observation of its patient', () => {
  const { made, found } = observe({});
  expect(made).toMatchObject({ status: 'ok', patient: { system: MRN, value: 'CG100001' }, quality: 1 });
  expect(found).toMatchObject({
    status: 'final',
    effectiveDateTime: '2026-01-05T09:30:00+08:00',
    issued: '2026-01-05T10:15:00+08:00',
    valueQuantity: { value: 128, unit: 'g/L' },
    interpretation: [{ coding: [{ code: 'L' }], text: '↓' }],
    referenceRange: [{ low: { value: 130 }, high: { value: 175 }, text: '130-175' }],
  });
});

describe('dirty values', () => {
  test.each([
    [' 0.010 ', '0.010', undefined],
    ['５．８０', '5.80', undefined],
    ['<0.50', '0.50', '<'],
  ])('%s is a number', (result, number, comparator) => {
    const { valueQuantity } = observe({ result }).found;
    expect(numberText(valueQuantity!.value!)).toBe(number);
    expect(valueQuantity!.comparator).toBe(comparator);
  });

  test.each(['1+', '阴性(-)', '未检出'])('%s stays text', (result) => {
    expect(observe({ result }).found.valueString).toBe(result);
  });

  test.each([
    ['birth_date', '0000-00-00', 'field.placeholder'],
    ['sampled_at', '2026-02-30 08:00:00', 'field.invalid'],
    ['sex', '?', 'code.unmapped'],
    ['status', '审核中', 'code.unmapped'],
  ])('%s %s is left out and told', (column, value, code) => {
    expect(observe({ [column]: value }).made.issues).toContainEqual(expect.objectContaining({ code, path: column }));
  });

  test('a column that no rule reads is listed', () => {
    expect(observe({ operator: 'x' }).made.coverage.left).toEqual({ operator: 1 });
  });
});

test.each([
  ['no patient', { ...ROW, patient_id: ' ' }, 'item.no-patient'],
  ['no item', { ...ROW, item_code: '', item_name: '' }, 'item.format'],
  ['no object', [1], 'item.format'],
])('%s is refused', (_name, row, code) => {
  expect(run(row)).toMatchObject({ status: 'rejected', code });
});
