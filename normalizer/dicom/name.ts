/** PN (PS3.5 §6.2.1): groups by `=` (alphabetic, ideographic, phonetic), components by `^`. */
import { humanName } from '../shared/name.ts';

const REPRESENTATIONS = ['ABC', 'IDE', 'SYL'] as const;

/** The groups that say something, each where it stands: the others before it are empty. */
export function formsOf(text: string): string[] {
  const groups = text.split('=').slice(0, REPRESENTATIONS.length);
  return groups.flatMap((group, n) => (group.trim() ? ['='.repeat(n) + group] : []));
}

/**
 * The first group that says something.
 * @param several the person's name has other groups, so that a reader has to know which this is
 */
export function nameOf(text: string, several: boolean): fhir4.HumanName | undefined {
  const groups = text.split('=').slice(0, REPRESENTATIONS.length);
  const n = groups.findIndex((group) => group.trim());
  const [family, given, middle, prefix, suffix] = (groups[n] ?? '').split('^').map((part) => part.trim() || undefined);
  return humanName({
    family,
    given: [given, middle],
    prefix: [prefix],
    suffix: [suffix],
    representation: several || n > 0 ? REPRESENTATIONS[n] : undefined,
  });
}
