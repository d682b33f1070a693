/** Names of persons. Chinese names come divided (王 | 芳) or whole; a whole name is not divided here. */

export interface NameParts {
  readonly family?: string | undefined;
  readonly given?: readonly (string | undefined)[];
  readonly prefix?: readonly (string | undefined)[];
  readonly suffix?: readonly (string | undefined)[];
  readonly use?: fhir4.HumanName['use'] | undefined;
  /** ISO 21090 representation: alphabetic, syllabic (phonetic) or ideographic. */
  readonly representation?: 'ABC' | 'SYL' | 'IDE' | undefined;
}

const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';
const WHOLE_CHINESE_NAME = /^\p{Script=Han}[\p{Script=Han}·]+$/u;

export function humanName(parts: NameParts): fhir4.HumanName | undefined {
  const given = present(parts.given);
  const prefix = present(parts.prefix);
  const suffix = present(parts.suffix);
  const whole = given.length === 0 && parts.family !== undefined && WHOLE_CHINESE_NAME.test(parts.family);
  if (!parts.family && given.length + prefix.length + suffix.length === 0) return undefined;
  const made: fhir4.HumanName = {};
  if (parts.representation) made.extension = [{ url: REPRESENTATION, valueCode: parts.representation }];
  if (parts.use) made.use = parts.use;
  if (whole) made.text = parts.family!;
  else if (parts.family) made.family = parts.family;
  if (given.length > 0) made.given = given;
  if (prefix.length > 0) made.prefix = prefix;
  if (suffix.length > 0) made.suffix = suffix;
  return made;
}

function present(items: readonly (string | undefined)[] = []): string[] {
  return items.filter((item) => item !== undefined && item !== '') as string[];
}
