/** Names of code systems and assigning authorities → URIs. */
import type { NormalizeContext } from '../context.ts';
import { detachedText } from './detached.ts';

/** HL7 table 0396 and the names that Chinese senders use. ICD-10's Chinese versions have URIs of their own: their codes differ. */
const CODE_SYSTEMS: Readonly<Record<string, string>> = {
  LN: 'http://loinc.org',
  LOINC: 'http://loinc.org',
  SCT: 'http://snomed.info/sct',
  SNM: 'http://snomed.info/sct',
  SNOMED: 'http://snomed.info/sct',
  'SNOMED-CT': 'http://snomed.info/sct',
  I9C: 'http://hl7.org/fhir/sid/icd-9-cm',
  ICD9CM: 'http://hl7.org/fhir/sid/icd-9-cm',
  I10: 'http://hl7.org/fhir/sid/icd-10',
  ICD10: 'http://hl7.org/fhir/sid/icd-10',
  I10C: 'http://hl7.org/fhir/sid/icd-10-cm',
  'ICD-10-CM': 'http://hl7.org/fhir/sid/icd-10-cm',
  RXNORM: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  CVX: 'http://hl7.org/fhir/sid/cvx',
  NDC: 'http://hl7.org/fhir/sid/ndc',
  UCUM: 'http://unitsofmeasure.org',
  ISO639: 'urn:ietf:bcp:47',
  DCM: 'http://dicom.nema.org/resources/ontology/DCM',
  'GB/T2261.1': 'urn:oid:2.16.156.10011.2.3.3.4',
  'GB/T2261.2': 'urn:oid:2.16.156.10011.2.3.3.5',
  'GB/T14396': 'urn:oid:2.16.156.10011.2.3.3.11',
};

/** @returns undefined for an empty name; a name of the hospital's own is kept under a URI of the hospital */
export function codeSystem(name: string | undefined, context: NormalizeContext): string | undefined {
  if (!name) return undefined;
  const known = CODE_SYSTEMS[name.toUpperCase()];
  if (known) return known;
  const table = /^HL7(\d{4})$/i.exec(name)?.[1];
  if (table) return `http://terminology.hl7.org/CodeSystem/v2-${table}`;
  return uriOf(name) ?? `urn:dhc:${context.hospital.id}:code-system:${encodeURIComponent(name)}`;
}

export interface Authority {
  /** Name space id (HD.1, `assigningAuthorityName`). */
  readonly name?: string | undefined;
  /** HD.2, an OID, UUID or URI. */
  readonly id?: string | undefined;
  /** HD.3. */
  readonly type?: string | undefined;
}

/** Identifier system of an assigning authority; undefined where it is not named. */
export function identifierSystem(authority: Authority, context: NormalizeContext): string | undefined {
  const own = authority.id ? uriOf(authority.id) : undefined;
  if (own) return own;
  const name = authority.name ?? authority.id;
  if (!name) return undefined;
  const configured = context.assigners && Object.hasOwn(context.assigners, name) ? context.assigners[name] : undefined;
  return configured ?? `urn:dhc:${context.hospital.id}:assigner:${encodeURIComponent(name)}`;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * An OID, UUID or URI as URI; undefined for other text. Validators take OIDs of fewer than six characters for none, and
 * no authority that issues numbers or codes has one.
 */
export function uriOf(text: string): string | undefined {
  let uri = uris.get(text);
  if (uri === undefined) {
    uri = readUri(text) ?? '';
    if (uris.size >= MOST_URIS) uris.clear();
    if (text.length <= LONGEST_URI) uris.set(detachedText(text), detachedText(uri));
  }
  return uri || undefined;
}

/** Of authorities and code systems, which recur from message to message; empty for what is none. */
const uris = new Map<string, string>();
const MOST_URIS = 1024;
const LONGEST_URI = 128;

function readUri(text: string): string | undefined {
  const [, kind, name] = /^(urn:oid:|urn:uuid:)?(.*)$/is.exec(text)!;
  if (kind?.toLowerCase() !== 'urn:uuid:' && isOid(name!)) return `urn:oid:${name}`;
  if (kind?.toLowerCase() !== 'urn:oid:' && UUID.test(name!)) return `urn:uuid:${name!.toLowerCase()}`;
  return kind === undefined && /^(https?:\/\/|urn:)\S+$/.test(text) ? text : undefined;
}

function isOid(text: string): boolean {
  return text.length > 5 && /^[0-2](\.(0|[1-9]\d*))+$/.test(text);
}
