/** HL7 nullFlavor → FHIR data-absent-reason (C-CDA on FHIR, "Null Flavor and Data Absent Reason"). */
import type { XmlElement } from '../../../core/xml/tree.ts';

const REASONS: Readonly<Record<string, string>> = {
  NI: 'unknown',
  UNK: 'unknown',
  NASK: 'not-asked',
  ASKU: 'asked-unknown',
  NAV: 'temp-unknown',
  NAVU: 'unknown',
  MSK: 'masked',
  NA: 'not-applicable',
  INV: 'error',
  OTH: 'unsupported',
  UNC: 'as-text',
  DER: 'unknown',
  TRC: 'unknown',
  QS: 'unknown',
  NINF: 'negative-infinity',
  PINF: 'positive-infinity',
  NP: 'not-performed',
};

export const DATA_ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';

/** Code of the data-absent-reason for the element's nullFlavor; `unknown` when it has none. */
export function absentReason(element: XmlElement | undefined): string {
  return REASONS[element?.attr('nullFlavor') ?? ''] ?? 'unknown';
}

export function absentExtension(element?: XmlElement): fhir4.Extension[] {
  return [{ url: DATA_ABSENT, valueCode: absentReason(element) }];
}

export function absentConcept(element?: XmlElement): fhir4.CodeableConcept {
  return {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: absentReason(element) }],
  };
}

/** What hospitals write into a field that they have to fill and cannot. */
export function isPlaceholder(text: string): boolean {
  return /^(-+|—+|\/+|无|不详|未知|N\/?A|null|none)?$/i.test(text.trim());
}
