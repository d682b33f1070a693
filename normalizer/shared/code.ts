/** Coded values as senders give them, with every triplet kept. */
import { singleSpaced } from './spaces.ts';

export interface CodeParts {
  readonly code?: string | undefined;
  readonly display?: string | undefined;
  /** URI. */
  readonly system?: string | undefined;
  readonly version?: string | undefined;
}

/** @param text the original text, as entered by a person; without it and without a code the displays serve as text */
export function concept(parts: readonly CodeParts[], text?: string): fhir4.CodeableConcept | undefined {
  const coded = parts.some((part) => part.code !== undefined);
  const said = text ?? (coded ? undefined : parts.find((part) => part.display)?.display);
  const coding = parts.flatMap((part) => {
    if (part.code !== undefined) return [codingOf(part)];
    return part.display === undefined || part.display === said ? [] : [{ display: part.display }];
  });
  if (coding.length === 0 && said === undefined) return undefined;
  const made: fhir4.CodeableConcept = {};
  if (coding.length > 0) made.coding = coding;
  if (said !== undefined) made.text = said;
  return made;
}

function codingOf({ code, display, system, version }: CodeParts): fhir4.Coding {
  const made: fhir4.Coding = { code: singleSpaced(code!) };
  if (system) made.system = system;
  if (version && system) made.version = version;
  if (display) made.display = display;
  return made;
}
