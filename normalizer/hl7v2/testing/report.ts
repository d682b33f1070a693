/**
 * Recall by set, message family and resource type, with the facts that are missed most often.
 *
 *     node normalizer/hl7v2/testing/report.ts [set] [event or file, a regular expression]
 */
import { normalize } from '../../index.ts';
import { factsOf } from './facts.ts';
import { fairFacts, type Recall, rate, recallOf, sum } from './recall.ts';
import { type Conversion, conversions, type ReferenceSet, referenceSets } from './reference-sets.ts';

export const context = {
  hospital: { id: 'judge', name: 'Judge', timezone: 'UTC' },
  feed: 'test',
  receivedAt: '2026-03-01T00:00:00Z',
};

export interface Judged extends Conversion {
  readonly fair: Recall;
  /** With what the message does not bear out. */
  readonly all: Recall;
  /** Code of the refusal. */
  readonly refused?: string;
}

export function judge(set: ReferenceSet): Judged[] {
  return conversions(set).map((one) => {
    const made = normalize({ kind: 'hl7v2', sourceKey: one.name, bytes: one.bytes }, context);
    const bundle = made.status === 'rejected' ? null : made.bundle;
    const fair = recallOf(fairFacts(one.reference, one.bytes), bundle);
    const all = recallOf(factsOf(one.reference), bundle);
    return { ...one, fair, all, ...(made.status === 'rejected' ? { refused: made.code } : {}) };
  });
}

function line(name: string, all: readonly Judged[]): string {
  const [fair, whole] = [sum(all.map((one) => one.fair)), sum(all.map((one) => one.all))];
  const refused = all.filter((one) => one.refused).length;
  return `${name.padEnd(28)} ${rate(fair).toFixed(3)}  ${`${fair.kept}/${fair.facts}`.padEnd(13)} all ${rate(whole).toFixed(3)}  ${all.length} messages${refused ? `, ${refused} refused` : ''}`;
}

function groups<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  return Object.entries(Object.groupBy(items, key)).map(([name, group]) => [name, group!] as [string, T[]]);
}

function print(set: ReferenceSet, pattern: RegExp): void {
  const all = judge(set).filter(({ name, event }) => pattern.test(name) || pattern.test(event));
  if (all.length === 0) return;
  const lines = [line(set, all)];
  for (const [event, some] of groups(all, (one) => one.event).sort()) lines.push(line(`  ${event}`, some));
  const missed = all.flatMap((one) => one.fair.missed);
  lines.push('missed by type:');
  for (const [type, some] of groups(missed, (fact) => fact.type).sort(([, a], [, b]) => b.length - a.length))
    lines.push(`  ${String(some.length).padStart(5)} ${type}`);
  lines.push('missed by place:');
  const places = groups(missed, (fact) => `${fact.type}.${fact.path}`).sort(([, a], [, b]) => b.length - a.length);
  for (const [place, some] of places.slice(0, Number(process.env.PLACES ?? 60))) {
    const samples = [...new Set(some.map((fact) => fact.value.slice(0, 30)))].slice(0, 4);
    lines.push(`  ${String(some.length).padStart(5)} ${place}: ${samples.join(' · ')}`);
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

if (import.meta.main) {
  const [set, pattern = ''] = process.argv.slice(2);
  for (const one of referenceSets) if (!set || set === one) print(one, new RegExp(pattern, 'i'));
}
