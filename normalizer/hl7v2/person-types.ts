/** Names, addresses and numbers of people (XPN, XCN, XAD, XTN) → R4, by the v2-to-FHIR guide's data type maps. */
import { type AddressParts, address } from '../shared/address.ts';
import { humanName, type NameParts } from '../shared/name.ts';
import type { Value } from './reader/value.ts';
import type { Scope } from './scope.ts';

const NAME_USE: ReadonlyMap<string, fhir4.HumanName['use']> = new Map(
  Object.entries({
    L: 'official',
    R: 'official',
    D: 'usual',
    M: 'maiden',
    N: 'nickname',
    BAD: 'old',
    MSK: 'anonymous',
    NAV: 'temp',
    TEMP: 'temp',
  } as const),
);
const REPRESENTATION: ReadonlyMap<string, NameParts['representation']> = new Map(
  Object.entries({ A: 'ABC', I: 'IDE', P: 'SYL' } as const),
);

interface NamePlaces {
  readonly family: number;
  readonly type: number;
  readonly representation: number;
  /** DR, as versions before 2.7 have it. */
  readonly range: number;
  readonly start: number;
  readonly end: number;
  readonly professional: number;
}

const XPN: NamePlaces = { family: 1, type: 7, representation: 8, range: 10, start: 12, end: 13, professional: 14 };
const XCN: NamePlaces = { family: 2, type: 10, representation: 15, range: 17, start: 19, end: 20, professional: 21 };

/** XPN (v2.9 §2A.3.88). */
export function xpn(scope: Scope, value: Value): fhir4.HumanName | undefined {
  return nameAt(scope, value, XPN);
}

/** The name in an XCN (§2A.3.86). */
export function xcnName(scope: Scope, value: Value): fhir4.HumanName | undefined {
  return nameAt(scope, value, XCN);
}

function nameAt(scope: Scope, value: Value, places: NamePlaces): fhir4.HumanName | undefined {
  const at = (offset: number) => value.textOf(places.family + offset);
  if (value.isNull) value.consume();
  if (!value.isPopulatedWithin(places.family, places.family + 5)) return undefined;
  const use = value.part(places.type).in(NAME_USE);
  const name = humanName({
    family: at(0),
    given: [at(1), at(2)],
    suffix: [at(3), at(5), value.textOf(places.professional)],
    prefix: [at(4)],
    use,
    representation: value.part(places.representation).in(REPRESENTATION),
  });
  const type = use ? undefined : value.textOf(places.type);
  if (type && !'ABCFIKPSTUNBNOUSEREL'.includes(type)) scope.unmapped(value.part(places.type), 'HL70200', type);
  if (!name) return undefined;
  const period = scope.periodOf(value, places.start, places.end) ?? rangeOf(scope, value, places.range);
  const text = name.text ?? spoken(name);
  if (text) name.text = text;
  if (period) name.period = period;
  const surname = surnameParts(value.present([places.family]));
  if (surname && name.family) name._family = { extension: surname };
  return name;
}

/** FN (§2A.3.30): what a surname is made of, in the order of its sub-components from the second on. */
const SURNAME_PARTS = ['own-prefix', 'own-name', 'partner-prefix', 'partner-name'];

function surnameParts(surname: Value | undefined): fhir4.Extension[] | undefined {
  if (!surname?.isPopulatedWithin(2, 5)) return undefined;
  return SURNAME_PARTS.flatMap((part, index) => {
    const said = surname.textOf(index + 2);
    return said ? [{ url: `http://hl7.org/fhir/StructureDefinition/humanname-${part}`, valueString: said }] : [];
  });
}

/** DR in one part. */
function rangeOf(scope: Scope, value: Value, number: number): fhir4.Period | undefined {
  const range = value.present([number]);
  return range && scope.period(range.part(1), range.part(2));
}

/** The name as it is read out: a Chinese one begins with the family and has no spaces. */
function spoken({ family, given = [], prefix = [], suffix = [] }: fhir4.HumanName): string {
  const parts = /\p{Script=Han}/u.test(family ?? '')
    ? [[family, ...given].join('')]
    : [...prefix, ...given, ...(family ? [family] : []), ...suffix];
  return parts.join(' ');
}

const ADDRESS_USE: ReadonlyMap<string, AddressParts['use']> = new Map(
  Object.entries({
    H: 'home',
    B: 'work',
    O: 'work',
    C: 'temp',
    BA: 'old',
    BI: 'billing',
  } as const),
);
const ADDRESS_TYPE: ReadonlyMap<string, AddressParts['type']> = new Map(
  Object.entries({ M: 'postal', SH: 'postal' } as const),
);
/** Table 0136, of a temporary address. */
const TEMPORARY = new Map([['Y', 'temp']] as const);

/** XAD (§2A.3.83). */
export function xad(scope: Scope, value: Value): fhir4.Address | undefined {
  const type = value.part(7);
  const made = address({
    lines: [...texts(value.part(1)), value.textOf(2), value.textOf(19)],
    city: value.textOf(3),
    state: value.textOf(4),
    postalCode: value.textOf(5),
    country: value.textOf(6),
    district: texts(value.part(9)).find((text) => text !== undefined),
    use: value.part(16).in(TEMPORARY) ?? type.in(ADDRESS_USE),
    type: type.in(ADDRESS_TYPE),
  });
  if (!made) return undefined;
  const period = scope.periodOf(value, 13, 14) ?? rangeOf(scope, value, 12);
  if (period) made.period = period;
  return made;
}

function texts(value: Value): (string | undefined)[] {
  return value.pieces().map((part) => part.text());
}

const TELECOM_USE: ReadonlyMap<string, fhir4.ContactPoint['use']> = new Map(
  Object.entries({ PRN: 'home', WPN: 'work', PRS: 'mobile' } as const),
);
const TELECOM_SYSTEM: ReadonlyMap<string, fhir4.ContactPoint['system']> = new Map(
  Object.entries({
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
  } as const),
);
const MOBILE = new Map([['CP', 'mobile']] as const);

/** Components of XTN that may hold what is dialled. */
const NUMBERS = [1, 4, 7, 12];

/**
 * XTN (§2A.3.89): the address of an e-mail; else the number as sent without a form (component 12), or in its parts
 * (5 to 8), or in the form of older versions (1).
 */
export function xtn(scope: Scope, value: Value, use?: fhir4.ContactPoint['use']): fhir4.ContactPoint | undefined {
  if (value.isNull) value.consume();
  if (!NUMBERS.some((part) => value.present([part])?.isPopulated)) return undefined;
  const [kind, email] = [value.part(3), value.part(4)];
  const sent = kind.in(TELECOM_SYSTEM);
  const isEmail = kind.isPopulated ? sent === 'email' : email.isPopulated;
  const number =
    (isEmail ? email.text() : undefined) ?? value.textOf(12) ?? dialled(value) ?? value.textOf(1) ?? email.text();
  if (number === undefined) return undefined;
  const system = sent ?? (isEmail ? 'email' : 'phone');
  const known = kind.in(MOBILE) ?? value.part(2).in(TELECOM_USE) ?? use;
  const period = scope.periodOf(value, 13, 14);
  const rank = value.textOf(18);
  const made: fhir4.ContactPoint = { system, value: number };
  if (known) made.use = known;
  if (rank && /^[1-9]\d{0,8}$/.test(rank)) made.rank = Number(rank);
  if (period) made.period = period;
  return made;
}

/** The parts as one number; as it was written, where component 1 says the same. */
function dialled(value: Value): string | undefined {
  const local = value.textOf(7);
  if (local === undefined) return undefined;
  const [country, area, extension] = [value.textOf(5), value.textOf(6), value.textOf(8)];
  const pieces = [country ? `+${country.replace(/^\+/, '')}` : '', area ?? '', local];
  const number = pieces.filter(Boolean).join(' ') + (extension ? ` x${extension}` : '');
  const written = value.part(1);
  return (digits(written.content) === digits(number) ? written.text() : undefined) ?? number;
}

function digits(text: string): string {
  return text.replaceAll(/\D/g, '');
}
