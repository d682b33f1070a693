/** The reference conversions that are at hand: messages of the open corpus, each with another converter's bundle. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CORPUS = join(import.meta.dirname, '../../../../shared/corpus/hl7v2');
/** Output of tools/linuxforhealth over the corpus' own messages, `<name>.json` each. */
const LINUX_FOR_HEALTH = process.env.DHC_LFH_OUTPUT ?? join(tmpdir(), 'dhc-linuxforhealth');

export interface Conversion {
  /** File name of the message. */
  readonly name: string;
  /** MSH-9.1 and MSH-9.2, `ADT^A01`. */
  readonly event: string;
  readonly bytes: Uint8Array;
  readonly reference: fhir4.Bundle;
}

export const referenceSets = ['microsoft', 'hl7-ig', 'linuxforhealth'] as const;
export type ReferenceSet = (typeof referenceSets)[number];

/** @returns none where the set is not on this machine */
export function conversions(set: ReferenceSet): Conversion[] {
  const folder = join(CORPUS, set);
  if (!existsSync(folder)) return [];
  const messages = readdirSync(folder)
    .filter((name) => name.endsWith('.hl7'))
    .sort();
  return messages.flatMap((name) => {
    const path = referenceOf(set, name);
    if (!path) return [];
    const bytes = readFileSync(join(folder, name));
    const reference = JSON.parse(readFileSync(path, 'utf8')) as fhir4.Bundle;
    return [{ name, event: eventOf(bytes), bytes, reference }];
  });
}

function referenceOf(set: ReferenceSet, name: string): string | undefined {
  const path = {
    microsoft: join(CORPUS, set, name.replace(/hl7$/, 'expected.json')),
    'hl7-ig': join(CORPUS, set, `FHIR_bundle.hl7_${/IG-(\w+)/.exec(name)?.[1]}.json`),
    linuxforhealth: join(LINUX_FOR_HEALTH, name.replace(/hl7$/, 'json')),
  }[set];
  // The guide's bundle of MDM_T02 is XML under the name of JSON.
  return existsSync(path) && readFileSync(path, 'utf8').trimStart().startsWith('{') ? path : undefined;
}

function eventOf(bytes: Uint8Array): string {
  const [type = '', event = ''] = (
    Buffer.from(bytes)
      .toString('latin1')
      .split(/[\r\n]/, 1)[0]!
      .split('|')[8] ?? ''
  ).split('^');
  return `${type}^${event}`;
}
