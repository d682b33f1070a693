/** Texts for the lowest parts of a message. Free texts and numbers are unique, so that one can tell where each has gone. */

import type { Random } from './random.ts';
import { CODES } from './tables.ts';

const TEXTS = [
  '王',
  '欧阳娜娜',
  '𠮷田',
  'Müller-Lüdenscheidt',
  'O’Brien',
  'a^b',
  'p|q',
  'r~s',
  't&u',
  'v\\w',
  'x\ny',
  '  z  ',
  '<b>&amp;',
];
const DATES = [
  '2026',
  '202601',
  '20260105',
  '2026010508',
  '202601050830',
  '20260105083015',
  '20260105083015.1234+0800',
  '20260105083015-0500',
  '20200229',
  '19000101',
  '00000000',
  '20261301',
  '20260230',
  '20260105250000',
  '2026-01-05',
  '2026/1/5 8:30',
  '01/05/2026',
  'yesterday',
  '99991231',
  '00010101',
  '20260105240000',
  '20260105083060',
  '20260105083015+1500',
  '19491001',
  '20251231235959',
  '20260601',
  '20270101120000',
];
const TIMES = ['0830', '083015', '08:30', '2400', '25', '083015.12', 'noon'];
const NUMBERS = [
  '0',
  '-1',
  '<5',
  '1e3',
  '1E400',
  '.5',
  '5.',
  '1,000',
  '１２',
  '1 000',
  'NaN',
  '12345678901234567890.123',
  '+3',
  'x',
];

export class Leaves {
  readonly #random: Random;
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A free text that is nowhere else: `Zq0a1fz`. */
  unique(): string {
    this.#count += 1;
    return `Zq${this.#count.toString(36).padStart(4, '0')}z`;
  }

  text(type: string, table: string | undefined): string {
    const random = this.#random;
    const codes = CODES[table ?? type];
    if (codes !== undefined) return random.once(8) ? this.unique() : random.pick(codes.split(' '));
    switch (type) {
      case 'NM':
        return random.once(4) ? random.pick(NUMBERS) : this.#number();
      case 'SI':
        return String(random.below(20));
      case 'DT':
      case 'TS':
      case 'DTM':
        return random.pick(DATES);
      case 'TM':
        return random.pick(TIMES);
      case 'FT':
      case 'TX':
        return `${random.pick(TEXTS)}\n${this.unique()} ${random.pick(TEXTS)}`;
      default:
        return random.once(6) ? `${random.pick(TEXTS)}${this.unique()}` : this.unique();
    }
  }

  /** `7310042.5`: unique by its digits. */
  #number(): string {
    this.#count += 1;
    return `7${String(this.#count).padStart(6, '0')}${this.#random.pick(['', '.0', '.50', '.125'])}`;
  }
}
