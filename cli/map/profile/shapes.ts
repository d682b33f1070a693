/** The forms in which hospital systems write values. One value has one shape. */
import { isIdCard } from '../../../normalizer/cda/header/id-card.ts';

export type Shape = keyof typeof KINDS;

/** Shape → type of a column whose values mostly have it. */
const KINDS = {
  'id card': 'id card',
  'id card, wrong check digit': 'id card',
  'placeholder date': 'placeholder',
  'date yyyy-MM-dd': 'date',
  'date yyyyMMdd': 'date',
  'date yyyy/MM/dd': 'date',
  'date yyyy年MM月dd日': 'date',
  'time yyyy-MM-dd HH:mm[:ss]': 'time',
  'time yyyyMMddHHmm[ss]': 'time',
  'time yyyy/MM/dd HH:mm[:ss]': 'time',
  'time with offset': 'time',
  phone: 'phone',
  integer: 'number',
  decimal: 'number',
  'number with comparator': 'number',
  'number with unit': 'number',
  range: 'range',
  'graded result': 'graded result',
  arrow: 'flag',
  sex: 'sex',
  unit: 'unit',
  uid: 'uid',
  code: 'code',
  word: 'text',
  text: 'text',
} as const;

const UNIT =
  /^(?:%|‰|10\^\d+\/u?L|[numkµμ]?(?:mol|g|L|U|IU|Eq)(?:\/(?:m?L|dL|d|h|kg|min|g))?|[npf][gL]|mm(?:Hg|\/h)|s|sec|min|℃|°C|cm|kg|bpm|次\/分|COI|S\/CO|mOsm\/kg|\/[uμ]L|\/HPF|\/LP)$/i;
const NUMBER = '[+-]?(?:\\d+(?:\\.\\d+)?|\\.\\d+)';

/** In order: the first that fits decides. */
const FORMS: readonly (readonly [Shape, RegExp])[] = [
  ['placeholder date', /^(?:0{4}[-/]?0{2}[-/]?0{2}|1900[-/]?0?1[-/]?0?1|9999[-/]?12[-/]?31)(?:[ T]?[\d:.]*)?$/],
  ['id card, wrong check digit', /^[1-9]\d{16}[\dXx]$/],
  ['date yyyy-MM-dd', /^(?:1[89]|20)\d\d-\d{1,2}-\d{1,2}$/],
  ['date yyyyMMdd', /^(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/],
  ['date yyyy/MM/dd', /^(?:1[89]|20)\d\d\/\d{1,2}\/\d{1,2}$/],
  ['date yyyy年MM月dd日', /^(?:1[89]|20)\d\d年\d{1,2}月\d{1,2}日$/],
  ['time with offset', /^(?:1[89]|20)\d\d-?\d\d-?\d\d[T ]?\d\d:?\d\d(?::?\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/],
  ['time yyyy-MM-dd HH:mm[:ss]', /^(?:1[89]|20)\d\d-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?$/],
  [
    'time yyyyMMddHHmm[ss]',
    /^(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[0-2]\d[0-5]\d(?:[0-5]\d(?:\.\d+)?)?$/,
  ],
  ['time yyyy/MM/dd HH:mm[:ss]', /^(?:1[89]|20)\d\d\/\d{1,2}\/\d{1,2} \d{1,2}:\d\d(?::\d\d)?$/],
  ['phone', /^(?:(?:\+?86)?1[3-9]\d{9}|0\d{2,3}-\d{7,8}|\d{3}-\d{4})$/],
  ['uid', /^[0-2](?:\.(?:0|[1-9]\d*)){5,}$/],
  ['integer', /^[+-]?\d+$/],
  ['decimal', new RegExp(`^${NUMBER}(?:[eE][+-]?\\d+)?$`)],
  ['number with comparator', new RegExp(`^[<>≤≥]=?\\s*${NUMBER}$`)],
  ['range', new RegExp(`^${NUMBER}\\s*(?:-{1,2}|~|～|—|–|至)\\s*${NUMBER}$`)],
  [
    'graded result',
    /^(?:[+]{1,4}|[1-4]\+|[-±]|\+-|(?:弱?阳性|阴性|可疑)(?:\([-+±\d]+\))?|未检出|neg(?:ative)?|pos(?:itive)?)$/i,
  ],
  ['sex', /^(?:男|女|male|female)$/i],
  ['arrow', /^[↑↓]{1,3}$/],
  ['unit', UNIT],
  ['number with unit', new RegExp(`^${NUMBER}\\s*(?:[a-zA-Z%℃μµ/][\\w/%^]*|岁|月|天)$`)],
  ['code', /^(?=.{1,32}$)[A-Za-z0-9][A-Za-z0-9_.:/#+-]*$/],
  ['word', /^[\p{Script=Han}·]{1,8}$/u],
];

const FULL_WIDTH = /[\uFF01-\uFF5E]/;

export function isFullWidth(text: string): boolean {
  return FULL_WIDTH.test(text);
}

export function shapeOf(text: string): Shape {
  const plain = isFullWidth(text) ? text.normalize('NFKC') : text;
  for (const [shape, form] of FORMS) {
    if (!form.test(plain)) continue;
    if (shape === 'range' && !isAscending(plain)) return 'code';
    return shape === 'id card, wrong check digit' && isIdCard(plain) ? 'id card' : shape;
  }
  return 'text';
}

/** `3.9-6.1`, but not the LOINC code `718-7`. */
function isAscending(text: string): boolean {
  const [low = 0, high = 0] = text.match(/[+-]?[\d.]+(?=\D|$)/g)?.map((bound) => Math.abs(Number(bound))) ?? [];
  return low <= high;
}

/** The type that at least nine of ten values have; `mixed` where none does. Placeholders do not vote. */
export function typeOf(shapes: ReadonlyMap<Shape, number>): string {
  const votes = new Map<string, number>();
  let all = 0;
  for (const [shape, count] of shapes) {
    if (shape === 'placeholder date') continue;
    votes.set(KINDS[shape], (votes.get(KINDS[shape]) ?? 0) + count);
    all += count;
  }
  const [best, count] = [...votes].sort((a, b) => b[1] - a[1])[0] ?? ['placeholder', 0];
  if (count >= all * 0.9) return best;
  const measured = (votes.get('number') ?? 0) + (votes.get('graded result') ?? 0) + (votes.get('range') ?? 0);
  if (measured >= all * 0.9) return 'result';
  return (votes.get('text') ?? 0) + (votes.get('code') ?? 0) + (votes.get('unit') ?? 0) >= all * 0.9 ? 'text' : 'mixed';
}
