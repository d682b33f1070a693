/** PN, ON, AD, TEL → HumanName, text, Address, ContactPoint (C-CDA on FHIR, "Participations"). */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { isPlaceholder } from './nulls.ts';

const NAME_USE: Readonly<Record<string, fhir4.HumanName['use']>> = {
  L: 'official',
  C: 'official',
  OR: 'official',
  P: 'nickname',
  A: 'anonymous',
  ASGN: 'usual',
};

/** Names with parts or as plain text (WS/T 500 writes `<name>张三</name>`). */
export function namesOf(parent: XmlElement | undefined): fhir4.HumanName[] {
  return (parent?.elements('name') ?? []).flatMap((name) => humanNameOf(name) ?? []);
}

export function humanNameOf(name: XmlElement): fhir4.HumanName | undefined {
  if (name.attr('nullFlavor')) return undefined;
  const parts = (part: string) => name.elements(part).flatMap((p) => (p.text() ? [p.text()] : []));
  const family = parts('family').join(' ');
  const given = parts('given');
  const text = name.text();
  if (isPlaceholder(text)) return undefined;
  const use = NAME_USE[name.attr('use')?.split(/\s+/)[0] ?? ''];
  if (!family && !given.length) return { ...(use ? { use } : {}), text };
  return { ...(use ? { use } : {}), family, given, prefix: parts('prefix'), suffix: parts('suffix') };
}

/** Name of an organisation or device as text. */
export function plainName(parent: XmlElement | undefined): string | undefined {
  const text = parent?.child('name')?.text();
  return text && !isPlaceholder(text) ? text : undefined;
}

const ADDRESS_USE: Readonly<Record<string, fhir4.Address['use']>> = {
  H: 'home',
  HP: 'home',
  HV: 'home',
  WP: 'work',
  DIR: 'work',
  PUB: 'work',
  TMP: 'temp',
  BAD: 'old',
};

/** Parts that FHIR has no element for go into lines, in the order of a Chinese address. */
const LINE_PARTS = ['streetAddressLine', 'township', 'streetName', 'houseNumber', 'additionalLocator', 'unitID'];

export function addressesOf(parent: XmlElement | undefined): fhir4.Address[] {
  return (parent?.elements('addr') ?? []).flatMap((addr) => addressOf(addr) ?? []);
}

export function addressOf(addr: XmlElement): fhir4.Address | undefined {
  if (addr.attr('nullFlavor') || isPlaceholder(addr.text())) return undefined;
  const part = (name: string) => addr.child(name)?.text() || undefined;
  const line = LINE_PARTS.flatMap((name) => addr.elements(name).flatMap((l) => (l.text() ? [l.text()] : [])));
  const structured = addr.elements().length > 0;
  return {
    use: ADDRESS_USE[addr.attr('use')?.split(/\s+/)[0] ?? ''],
    text: structured ? undefined : addr.text(),
    line,
    city: part('city'),
    district: part('county'),
    state: part('state'),
    postalCode: part('postalCode'),
    country: part('country'),
  };
}

const TELECOM_USE: Readonly<Record<string, fhir4.ContactPoint['use']>> = {
  H: 'home',
  HP: 'home',
  HV: 'home',
  WP: 'work',
  DIR: 'work',
  PUB: 'work',
  MC: 'mobile',
  TMP: 'temp',
  BAD: 'old',
};
const SCHEMES: Readonly<Record<string, fhir4.ContactPoint['system']>> = {
  tel: 'phone',
  fax: 'fax',
  'x-text-fax': 'fax',
  mailto: 'email',
  sms: 'sms',
  http: 'url',
  https: 'url',
};

export function telecomsOf(parent: XmlElement | undefined): fhir4.ContactPoint[] {
  return (parent?.elements('telecom') ?? []).flatMap((telecom) => contactPointOf(telecom) ?? []);
}

export function contactPointOf(telecom: XmlElement): fhir4.ContactPoint | undefined {
  const text = telecom.attr('value')?.trim() ?? '';
  const match = /^([a-z-]+):(.*)$/i.exec(text);
  const scheme = match?.[1]?.toLowerCase() ?? '';
  const system = SCHEMES[scheme] ?? (text.includes('@') ? 'email' : 'phone');
  const value = match && SCHEMES[scheme] && system !== 'url' ? match[2]!.trim() : text;
  if (isPlaceholder(value)) return undefined;
  return { system, value, use: TELECOM_USE[telecom.attr('use')?.split(/\s+/)[0] ?? ''] };
}
