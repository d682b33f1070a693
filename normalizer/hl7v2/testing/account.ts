/** Where each unique text of a generated message has gone: into the bundle, into the list of what was left, or nowhere. */
import type { Normalized } from '../../../core/types.ts';
import { readMessage } from '../reader/message.ts';

const UNIQUE = /Zq[0-9a-z]{4}z/;

export interface Account {
  /** Texts that are nowhere else in the message. */
  readonly texts: number;
  /** Those that neither reached the bundle nor are listed as left, where no issue tells of the field. */
  readonly lost: number;
}

export function accountOf(bytes: Uint8Array, made: Normalized): Account {
  const kept = new Set(contentOf(made).match(new RegExp(UNIQUE, 'g')));
  const missing = new Map<string, number>();
  let texts = 0;
  for (const segment of readMessage(bytes, undefined).segments.slice(1))
    for (let number = 1; number <= segment.length; number += 1)
      for (const leaf of segment.all(number).flatMap((value) => value.leaves())) {
        const unique = UNIQUE.exec(leaf.decoded ?? '')?.[0];
        if (unique === undefined) continue;
        texts += 1;
        if (!kept.has(unique)) missing.set(leaf.generalPlace, (missing.get(leaf.generalPlace) ?? 0) + 1);
      }
  const told = new Set(made.issues.map(({ path }) => fieldOf(path)));
  let lost = 0;
  for (const [place, count] of missing)
    if (!told.has(fieldOf(place))) lost += Math.max(0, count - (made.coverage.left[place] ?? 0));
  return { texts, lost };
}

/** All texts of the bundle but the source itself, attachments decoded. */
function contentOf({ bundle }: Normalized): string {
  const texts: string[] = [];
  const walk = (value: unknown, key: string): void => {
    if (typeof value === 'string') texts.push(key === 'data' ? Buffer.from(value, 'base64').toString() : value);
    else if (typeof value === 'object' && value !== null)
      for (const [name, one] of Object.entries(value)) walk(one, name);
  };
  for (const { resource } of bundle.entry ?? []) if (resource?.resourceType !== 'Binary') walk(resource, '');
  return texts.join('\n');
}

/** `OBX[3]-5[2].1` → `OBX-5` */
function fieldOf(place: string): string {
  return place.replaceAll(/\[\d+\]/g, '').replace(/\..*$/, '');
}
