/** II → Identifier and the business key made of it (C-CDA on FHIR, "Mapping ID"). */
import type { XmlElement } from '../../../core/xml/tree.ts';
import type { HospitalContext } from '../../context.ts';
import { OID, UUID, uriOf } from './oids.ts';

/** 病案号: numbers of one hospital under a national root (WS/T 500). */
const RECORD_NUMBER = '2.16.156.10011.1.13';
const NATIONAL = '2.16.156.10011.1.';
const NATIONAL_ARC = /^2\.16\.156\.10011\.1\.\d+$/;
/** Numbers under the national root that mean the same everywhere: 身份证, 健康档案, 医疗机构, 健康卡. */
const NATION_WIDE = new Set(['2', '3', '5', '19'].map((arc) => NATIONAL + arc));

export interface IdScope {
  readonly hospital: HospitalContext;
  /** Root → system URI, from the feed's config. */
  readonly assigners?: Readonly<Record<string, string>>;
}

/** @returns undefined for an id without a value (nullFlavor, `-`, empty) */
export function identifierOf(element: XmlElement, scope: IdScope): fhir4.Identifier | undefined {
  const root = element.attr('root')?.trim() ?? '';
  const extension = clean(element.attr('extension'));
  if (!extension) return identifierOfRoot(root, element);
  const identifier: fhir4.Identifier = { system: systemOf(root, scope), value: extension };
  if (NATIONAL_ARC.test(root) && !NATION_WIDE.has(root)) identifier.assigner = { display: scope.hospital.name };
  return identifier;
}

function identifierOfRoot(root: string, element: XmlElement): fhir4.Identifier | undefined {
  // A national root alone says only which kind of number is missing.
  if (element.attr('nullFlavor') || root.startsWith(NATIONAL)) return undefined;
  if (UUID.test(root)) return { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${root.toLowerCase()}` };
  if (OID.test(root)) return { system: 'urn:ietf:rfc:3986', value: `urn:oid:${root}` };
  return root ? { system: 'urn:dhc:cda:root', value: root } : undefined;
}

function systemOf(root: string, scope: IdScope): string {
  const configured = scope.assigners && Object.hasOwn(scope.assigners, root) ? scope.assigners[root] : undefined;
  if (configured) return configured;
  if (root === RECORD_NUMBER && scope.hospital.patientSystem) return scope.hospital.patientSystem;
  if (UUID.test(root)) return `urn:uuid:${root.toLowerCase()}`;
  // No root or no OID: unique within the hospital at best.
  return uriOf(root) ?? `urn:dhc:hospital:${scope.hospital.id}:cda:${encodeURIComponent(root || 'no-root')}`;
}

function clean(value: string | undefined): string {
  const text = value?.replace(/\s+/g, ' ').trim() ?? '';
  return /^[-—/]*$/.test(text) ? '' : text;
}

/** All ids of an element that carry a value, each once. */
export function identifiersOf(parent: XmlElement | undefined, scope: IdScope): fhir4.Identifier[] {
  const all = (parent?.elements('id') ?? []).flatMap((id) => identifierOf(id, scope) ?? []);
  return all.filter((a, i) => all.findIndex((b) => a.system === b.system && a.value === b.value) === i);
}

export function keyOf(identifier: fhir4.Identifier): [string, string] {
  return [identifier.system ?? '', identifier.value ?? ''];
}
