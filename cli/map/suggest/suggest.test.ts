import { describe, expect, test } from 'vitest';
import type { Normalized, SourceItem } from '../../../core/types.ts';
import { compileMap, runMap } from '../../../normalizer/mapping/index.ts';
import type { Items } from '../items.ts';
import { profile } from '../profile/profile.ts';
import { fieldOf } from '../words.ts';
import { compose } from './compose.ts';
import { guess } from './guess.ts';
import type { Target } from './resources.ts';

const encode = (row: object) => new TextEncoder().encode(JSON.stringify(row));
async function* items(rows: readonly object[]): Items {
  for (const [index, row] of rows.entries())
    yield {
      type: 'item',
      sourceKey: `${index}`,
      kind: 'table',
      receivedAt: '',
      bytes: encode(row),
    } satisfies SourceItem;
}
const suggest = async (rows: readonly object[], target: Target = 'Observation') => {
  const { columns } = await profile(items(rows));
  return compose('suggested', target, guess(columns), columns);
};
const run = (map: string, row: object) =>
  runMap(
    compileMap(map, 'suggested.yaml'),
    { kind: 'table', sourceKey: 'k', bytes: encode(row) },
    {
      hospital: { id: 'h', name: 'h', timezone: 'Asia/Shanghai', patientSystem: 'urn:mrn' },
      feed: 'f',
      receivedAt: '2026-01-01T00:00:00Z',
    },
  ) as Normalized;
const first = (made: Normalized, type: string) =>
  made.bundle.entry!.find(({ resource }) => resource!.resourceType === type)?.resource;

/** The same row under the names of three houses. */
const VALUES = [
  'P1',
  '张伟',
  '女',
  '1978-03-12',
  '990101197803120018',
  'T1',
  'HGB',
  '血红蛋白',
  '128',
  'g/L',
  '115-150',
  '↓',
  '已审核',
  '2026-03-01 07:40:00',
  '2026-03-01 10:10:00',
];
const HOUSES = {
  'pinyin initials': 'BRID,XM,XB,CSRQ,SFZH,TMH,XMDM,XMMC,JG,DW,CKFW,GDBZ,SHZT,CYSJ,BGSJ',
  Chinese:
    '病人ID,姓名,性别,出生日期,身份证号,条码,项目代码,项目名称,检验结果,单位,参考范围,异常标志,审核状态,采样时间,报告时间',
  English:
    'patient_id,patient_name,sex,birth_date,id_card,sample_no,item_code,item_name,result,unit,reference_range,flag,status,sampled_at,reported_at',
  'names with a prefix':
    'LIS_BRID,LIS_XM,LIS_XB,LIS_CSRQ,LIS_SFZH,LIS_TMH,LIS_XMDM,LIS_XMMC,LIS_JG,LIS_DW,LIS_CKFW,LIS_GDBZ,LIS_SHZT,LIS_CYSJ,LIS_BGSJ',
  'names that need quotes':
    '病人 ID,患者-姓名,性别,出生日期,身份证号,条码,项目 代码,项目 名称,结果,单位,参考范围,异常标志,审核状态,采样时间,报告时间',
};

describe('a map that is suggested compiles and maps the row', () => {
  test.each(Object.entries(HOUSES))('%s', async (_house, names) => {
    const row = Object.fromEntries(names.split(',').map((name, index) => [name, VALUES[index]]));
    const { map, left } = await suggest([row, row]);
    expect(left).toEqual([]);
    const made = run(map, row);
    expect(made).toMatchObject({ status: 'ok', patient: { system: 'urn:mrn', value: 'P1' }, coverage: { left: {} } });
    expect(first(made, 'Patient')).toMatchObject({ gender: 'female', birthDate: '1978-03-12' });
    expect(first(made, 'Observation')).toMatchObject({
      status: 'final',
      code: { coding: [{ code: 'HGB', display: '血红蛋白' }] },
      valueQuantity: { value: 128, unit: 'g/L' },
      referenceRange: [{ low: { value: 115 }, high: { value: 150 } }],
      interpretation: [{ coding: [{ code: 'L' }] }],
      effectiveDateTime: '2026-03-01T07:40:00+08:00',
    });
  });
});

describe('what is not sure is a comment', () => {
  test('a name whose values contradict it', async () => {
    const { map, left } = await suggest([{ BRID: 'P1', XMDM: 'K', JG: '4.1', CSRQ: '3.5-9.5', BGSJ: '血清' }]);
    expect(map).toContain('    # issued: !instant $BGSJ');
    expect(map).not.toMatch(/^ *(birthDate|issued|effective):/m);
    expect(left).toEqual(expect.arrayContaining(['CSRQ', 'BGSJ']));
    compileMap(map, 'suggested.yaml');
  });

  test('a name with two meanings is taken once, by the shape of its values', async () => {
    const { guesses } = await suggest([{ BRID: 'P1', XMDM: 'K', JG: '4.1', BZ: '↑' }]);
    expect(guesses.find(({ column }) => column === 'BZ')?.field).toBe('flag');
  });

  test('columns that mean nothing to us are listed', async () => {
    const { map, left } = await suggest([{ BRID: 'P1', XMDM: 'K', JG: '4.1', QWERTY: 'x' }]);
    expect(left).toEqual(['QWERTY']);
    expect(map).toContain('#   QWERTY');
  });
});

test('a table that nothing is known of still gives a map that compiles', async () => {
  const { map, guesses } = await suggest([{ A: 'x', B: 'y' }], 'Patient');
  expect(guesses).toEqual([]);
  expect(map).toContain('owner: none');
});

test('persons and diagnoses, too', async () => {
  const row = { 病案号: 'P1', 姓名: '张伟', 诊断编码: 'I10.x00', 诊断名称: '高血压病' };
  const made = run((await suggest([row], 'Condition')).map, row);
  expect(first(made, 'Condition')).toMatchObject({ code: { coding: [{ code: 'I10.x00' }], text: '高血压病' } });
});

test('vital signs without a code column get their LOINC codes', async () => {
  const row = { BRID: 'P1', 体温: '36.8', 脉搏: '72', 检验时间: '2026-03-01 07:40:00' };
  const made = run((await suggest([row])).map, row);
  expect(first(made, 'Observation')).toMatchObject({ code: { coding: [{ system: 'http://loinc.org' }] } });
});

test.each([
  ['SFZH', 'id card'],
  ['身份证号', 'id card'],
  ['病人姓名', 'patient name'],
  ['pat_birth_date', 'birth date'],
  ['ＸＭＤＭ', 'item code'],
  ['就诊人联系电话', 'phone'],
])('%s means %s', (name, field) => {
  expect(fieldOf(name)?.field).toBe(field);
});
