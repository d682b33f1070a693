/**
 * Rows of a Chinese LIS as they really are: placeholders for dates, full-width digits, quotes, emoji, rare characters,
 * words for results, wrong check digits, hostile column names. The same number gives the same row.
 */
import { canonicalBytes } from '../../../core/json.ts';

const NAMES = ['张伟', '王芳', '李娜', '陈𠮷', '赵敏', '欧阳㐂', 'Margaret Okafor', '刘"洋"', '孙悦😀', '𪚥龘'];
const ITEMS = [
  ['WBC', '白细胞', '10^9/L', '3.5-9.5'],
  ['HGB', '血红蛋白', 'g/L', '130-175'],
  ['CRP', 'C反应蛋白', 'mg/L', '<5.0'],
  ['K', '钾', 'mmol/L', '3.5～5.3'],
  ['HBSAG', '乙肝表面抗原', 'IU/mL', '阴性'],
  ['PRO', '尿蛋白 "定性"', '', '阴性'],
  ['X-1', 'L型 "α"😀, 𠮷', '', ''],
] as const;
const RESULTS = [
  '5.60',
  '<0.1',
  '阴性(-)',
  '1+',
  '3.9-6.1',
  '５．８０',
  '未检出',
  ' 0.010 ',
  '>1000',
  '1:40',
  '',
  '溶血',
  '-',
  '↑↑',
  '1e3',
  '..5',
  '\u0007坏',
];
const FLAGS = ['', '↑', '↓', '↑↑', 'N', 'H', '?', '*'];
const STATES = ['已审核', '未审核', 'F', '作废', '审核中', ''];
const DATES = [
  '1978-03-12',
  '1978/3/2',
  '19780312',
  '0000-00-00',
  '1900-01-01',
  '1978-13-45',
  '１９７８-０３-１２',
  '1978年3月12日',
  '',
  'unknown',
];
const TIMES = [
  '2026-01-05 09:30:00',
  '2026/01/05 9:30',
  '20260105093000',
  '0000-00-00 00:00:00',
  '1900-01-01',
  '2026-02-30 08:00:00',
  '2026-01-05',
  '',
  '2026-01-05T09:30:00+08:00',
];
const SEXES = ['男', '女', '1', '2', '9', 'M', '?', ''];

/** Knuth's multiplicative hash: enough to mix the lists. */
function pick<T>(list: readonly T[], row: number, salt: number): T {
  const mixed = Math.imul(row * 31 + salt, 2_654_435_761) >>> 0;
  return list[mixed % list.length]!;
}

/** About one row in forty names no patient. */
export function lisRow(row: number): Record<string, string> {
  const [code, name, unit, reference] = pick(ITEMS, row, 1);
  return {
    report_no: `B${String(Math.floor(row / 20)).padStart(7, '0')}`,
    sample_no: `T${row % 20}`,
    patient_id: row % 40 === 39 ? '' : `CG${100_000 + (row % 5000)}`,
    patient_name: pick(NAMES, row, 2),
    sex: pick(SEXES, row, 3),
    birth_date: pick(DATES, row, 4),
    item_code: code,
    item_name: name,
    result: pick(RESULTS, row, 5),
    unit,
    reference,
    flag: pick(FLAGS, row, 6),
    status: pick(STATES, row, 7),
    sampled_at: pick(TIMES, row, 8),
    reported_at: pick(TIMES, row, 9),
    ...(row % 97 === 0 ? { 备注: '患者说："不疼" 😀' } : {}),
  };
}

/** As the table connector gives it. */
export function lisItem(row: number): Uint8Array {
  return canonicalBytes(lisRow(row));
}
