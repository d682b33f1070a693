/** Coded values as senders give them, with every triplet kept. */

export interface CodeParts {
  readonly code?: string | undefined;
  readonly display?: string | undefined;
  /** URI. */
  readonly system?: string | undefined;
  readonly version?: string | undefined;
}

/** @param text the original text, as entered by a person; without it and without a code the displays serve as text */
export function concept(parts: readonly CodeParts[], text?: string): fhir4.CodeableConcept | undefined {
  const coding = parts.filter((part) => part.code !== undefined).map(codingOf);
  const said = text ?? (coding.length === 0 ? parts.find((part) => part.display)?.display : undefined);
  if (coding.length === 0 && said === undefined) return undefined;
  return { ...(coding.length > 0 ? { coding } : {}), ...(said === undefined ? {} : { text: said }) };
}

function codingOf({ code, display, system, version }: CodeParts): fhir4.Coding {
  // R4 code: no white space at the ends, single spaces within.
  const clean = code!.trim().replaceAll(/\s+/g, ' ');
  return {
    ...(system ? { system } : {}),
    ...(version && system ? { version } : {}),
    code: clean,
    ...(display ? { display } : {}),
  };
}
