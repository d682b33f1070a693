/** HL7 v2 data types → R4 data types, by the v2-to-FHIR guide's data type maps. */
import { type AddressParts, address } from '../shared/address.ts';
import { type CodeParts, concept } from '../shared/code.ts';
import { humanName, type NameParts } from '../shared/name.ts';
import { codeSystem, identifierSystem } from '../shared/systems.ts';
import type { Value } from './reader/value.ts';
import type { Scope } from './scope.ts';

const IDENTIFIER_TYPE = 'http://terminology.hl7.org/CodeSystem/v2-0203';

/** HD (v2.9 §2A.3.29) → identifier system. */
export function authoritySystem(scope: Scope, hd: Value): string | undefined {
  const name = hd.part(1).trimmed;
  const id = hd.part(2).trimmed;
  const type = hd.part(3).trimmed;
  return identifierSystem({ name, id, type }, scope.draft.context);
}

/** CX (§2A.3.14). */
export function cx(scope: Scope, value: Value): fhir4.Identifier | undefined {
  const id = value.part(1).trimmed;
  if (id === undefined) return undefined;
  const type = value.part(5).code;
  const system = authoritySystem(scope, value.part(4));
  const period = scope.period(value.part(7), value.part(8));
  return {
    ...(type ? { type: { coding: [{ system: IDENTIFIER_TYPE, code: type }] } } : {}),
    ...(system ? { system } : {}),
    value: id,
    ...(period ? { period } : {}),
  };
}

/** EI (§2A.3.20); its authority stands in components 2 to 4. */
export function ei(scope: Scope, value: Value, type?: string): fhir4.Identifier | undefined {
  const id = value.part(1).trimmed;
  if (id === undefined) return undefined;
  const [name, uid, kind] = [value.part(2).trimmed, value.part(3).trimmed, value.part(4).trimmed];
  const system = identifierSystem({ name, id: uid, type: kind }, scope.draft.context);
  return {
    ...(type ? { type: { coding: [{ system: IDENTIFIER_TYPE, code: type }] } } : {}),
    ...(system ? { system } : {}),
    value: id,
  };
}

const NAME_USE: Readonly<Record<string, fhir4.HumanName['use']>> = {
  L: 'official',
  R: 'official',
  D: 'usual',
  M: 'maiden',
  N: 'nickname',
  BAD: 'old',
  MSK: 'anonymous',
  NAV: 'temp',
  TEMP: 'temp',
};
const REPRESENTATION: Readonly<Record<string, NameParts['representation']>> = { A: 'ABC', I: 'IDE', P: 'SYL' };

/** XPN (§2A.3.88), or the name part of XCN from component 2 on. */
export function xpn(scope: Scope, value: Value, first = 1, codes = { type: 7, representation: 8 }) {
  const at = (offset: number) => value.part(first + offset).trimmed;
  const type = value.part(codes.type).trimmed;
  const use = type ? NAME_USE[type] : undefined;
  const representation = value.part(codes.representation).trimmed;
  const name = humanName({
    family: at(0),
    given: [at(1), at(2)],
    suffix: [at(3), at(5)],
    prefix: [at(4)],
    use,
    representation: representation ? REPRESENTATION[representation] : undefined,
  });
  if (type && !use && !'ABCFIKPSTUNBNOUSEREL'.includes(type)) scope.unmapped(value.part(codes.type), 'HL70200', type);
  return name;
}

const ADDRESS_USE: Readonly<Record<string, AddressParts['use']>> = {
  H: 'home',
  B: 'work',
  O: 'work',
  C: 'temp',
  BA: 'old',
  BI: 'billing',
};
const ADDRESS_TYPE: Readonly<Record<string, AddressParts['type']>> = { M: 'postal', SH: 'postal' };

/** XAD (§2A.3.83). */
export function xad(value: Value): fhir4.Address | undefined {
  const type = value.part(7).trimmed;
  return address({
    lines: [
      ...value
        .part(1)
        .parts()
        .map((part) => part.trimmed),
      value.part(2).trimmed,
    ],
    city: value.part(3).trimmed,
    state: value.part(4).trimmed,
    postalCode: value.part(5).trimmed,
    country: value.part(6).trimmed,
    district: value.part(9).trimmed,
    use: type ? ADDRESS_USE[type] : undefined,
    type: type ? ADDRESS_TYPE[type] : undefined,
  });
}

const TELECOM_USE: Readonly<Record<string, fhir4.ContactPoint['use']>> = { PRN: 'home', WPN: 'work', PRS: 'mobile' };
const TELECOM_SYSTEM: Readonly<Record<string, fhir4.ContactPoint['system']>> = {
  PH: 'phone',
  CP: 'phone',
  FX: 'fax',
  BP: 'pager',
  Internet: 'email',
  'X.400': 'email',
  MD: 'other',
  SAT: 'other',
  TDD: 'other',
  TTY: 'other',
};

/** XTN (§2A.3.89): the number as sent (component 1 or 12), or the address of an e-mail, or country, area, number and extension. */
export function xtn(value: Value, use?: fhir4.ContactPoint['use']): fhir4.ContactPoint | undefined {
  const sent = value.part(1).trimmed ?? value.part(12).trimmed;
  const email = value.part(4).trimmed;
  const number = sent ?? email ?? dialled(value);
  if (number === undefined) return undefined;
  const kind = value.part(3).trimmed;
  const where = value.part(2).trimmed;
  const mobile = kind === 'CP' ? 'mobile' : undefined;
  const system = (kind ? TELECOM_SYSTEM[kind] : undefined) ?? (sent === undefined && email ? 'email' : 'phone');
  const known = mobile ?? (where ? TELECOM_USE[where] : undefined) ?? use;
  return { system, value: number, ...(known ? { use: known } : {}) };
}

function dialled(value: Value): string | undefined {
  const local = value.part(7).trimmed;
  if (local === undefined) return undefined;
  const [country, area, extension] = [value.part(5).trimmed, value.part(6).trimmed, value.part(8).trimmed];
  const pieces = [country ? `+${country.replace(/^\+/, '')}` : '', area ?? '', local];
  return pieces.filter(Boolean).join(' ') + (extension ? ` x${extension}` : '');
}

/** CWE, CE, CNE, CF and, in older versions, a plain code: both triplets, versions and original text (§2A.3.13). */
export function codedValue(scope: Scope, value: Value, table?: string): fhir4.CodeableConcept | undefined {
  if (value.isNull) {
    value.use();
    return undefined;
  }
  const first = triplet(scope, value, [1, 2, 3, 7], table);
  const second = triplet(scope, value, [4, 5, 6, 8]);
  const text = value.part(9).trimmed;
  return concept(withoutTwins([first, second]), text ?? first.display ?? second.display);
}

function triplet(scope: Scope, value: Value, [code, text, system, version]: number[], table?: string): CodeParts {
  const name = value.part(system!).trimmed ?? table;
  const id = value.part(code!).trimmed;
  const display = value.part(text!).trimmed;
  if (id && !name && !display && isProse(id)) return { display: id };
  return {
    code: id,
    display,
    system: id ? codeSystem(name, scope.draft.context) : undefined,
    version: value.part(version!).trimmed,
  };
}

/** Senders write plain words where a code is expected. */
function isProse(text: string): boolean {
  return /\p{Script=Han}|\S\s+\S/u.test(text);
}

function withoutTwins(parts: readonly CodeParts[]): CodeParts[] {
  return parts.filter(
    (part, index) => !parts.slice(0, index).some((other) => other.code === part.code && other.system === part.system),
  );
}
