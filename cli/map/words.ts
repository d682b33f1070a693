/**
 * Words by which hospital systems name their columns: English, Chinese, and the initials of the pinyin of the Chinese
 * (姓名 → xingming → XM). Our own list, of what Chinese HIS and LIS tables commonly use.
 */
import { WORDS } from './words-table.ts';

export interface Meant {
  /** Our name of the meaning, a key of `WORDS`. */
  readonly field: string;
  /** How sure the name alone makes it, 0 to 1. */
  readonly score: number;
  readonly reason: string;
}

interface Entry {
  readonly field: string;
  readonly language: 'English' | 'Chinese' | 'pinyin initials';
}

const entries = new Map<string, Entry[]>();
for (const [field, { english, chinese, initials }] of Object.entries(WORDS)) {
  const add = (words: string, language: Entry['language']) => {
    for (const word of new Set(
      words
        .split(' ')
        .filter((written) => written !== '')
        .map(plain),
    ))
      entries.set(word, [...(entries.get(word) ?? []), { field, language }]);
  };
  add(english, 'English');
  add(chinese, 'Chinese');
  add(initials, 'pinyin initials');
}

const SCORES = { English: 0.9, Chinese: 0.95, 'pinyin initials': 0.8 } as const;

/** What a column's name may mean, best first. Two letters of pinyin initials mean many things and score low. */
export function fieldsOf(name: string): Meant[] {
  const whole = plain(name);
  const found = meanings(whole, 1);
  if (found.length > 0) return found;
  // A prefix or suffix of the table: `LIS_XM`, `pat_birth_date`, `T_JG`, `病人姓名`.
  const parts = name
    .split(/[\s_.-]+/)
    .map(plain)
    .filter((part) => part !== '');
  const tails = parts.length > 1 ? [parts.slice(1).join(''), parts.slice(0, -1).join(''), parts.at(-1)!] : [];
  for (const tail of tails) {
    const meant = meanings(tail, 0.95);
    if (meant.length > 0) return meant;
  }
  return meanings(longestHan(whole), 0.8);
}

export function fieldOf(name: string): Meant | undefined {
  return fieldsOf(name)[0];
}

function meanings(word: string, factor: number): Meant[] {
  const found = entries.get(word) ?? [];
  return found
    .map(({ field, language }) => {
      const short = language === 'pinyin initials' && word.length <= 2 ? 0.75 : 1;
      const shared = found.length > 1 ? 0.7 : 1;
      return {
        field,
        score: SCORES[language] * factor * short * shared,
        reason: `the name is ${language} for “${field}”`,
      };
    })
    .sort((a, b) => b.score - a.score);
}

/** The longest Chinese word of the list that the name ends with. */
function longestHan(name: string): string {
  if (!/\p{Script=Han}/u.test(name)) return '';
  for (let from = 1; from < name.length - 1; from++) if (entries.has(name.slice(from))) return name.slice(from);
  return '';
}

function plain(word: string): string {
  return word
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s_.-]+/g, '');
}
