/** Names, addresses, telecoms, identifiers. */
import { ID_CARD, isIdCard } from '../../cda/header/id-card.ts';
import { address as makeAddress } from '../../shared/address.ts';
import { humanName } from '../../shared/name.ts';
import { halfWidth } from '../../shared/result.ts';
import { uriOf } from '../../shared/systems.ts';
import type { Run } from '../run.ts';
import type { Field } from '../sources/format.ts';
import type { Args, Converter } from './spec.ts';

const IDENTIFIER_TYPE = 'http://terminology.hl7.org/CodeSystem/v2-0203';
const NAME_USES = ['usual', 'official', 'temp', 'nickname', 'anonymous', 'old', 'maiden'] as const;

/** What the format's own reader finds nothing in says nothing; a text of the map or an attribute is read as text. */
function isNative(run: Run, field: Field | undefined, reader: 'identifier' | 'name' | 'address' | 'telecom'): boolean {
  const { native } = run;
  return native[reader] !== undefined && (!field || (native.typed?.(field) ?? true));
}

function texts(args: Args, name: string): (run: Run) => string[] {
  return args.texts(name) ?? (() => []);
}

export const name: Converter = {
  summary: 'a name of a person; a whole Chinese name is kept whole',
  types: ['HumanName'],
  recurs: 'within',
  from: 'optional',
  options: {
    family: 'text',
    given: 'texts',
    prefix: 'texts',
    suffix: 'texts',
    text: 'text',
    use: NAME_USES,
    as: ['XPN', 'XCN'],
  },
  compile(args) {
    const [family, text] = [args.text('family'), args.text('text')];
    const [given, prefix, suffix] = [texts(args, 'given'), texts(args, 'prefix'), texts(args, 'suffix')];
    const use = args.literal('use') as fhir4.HumanName['use'];
    const parts = family !== undefined || args.texts('given') !== undefined;
    return (run, field) => {
      const native = !parts && field ? run.native.name?.(field, args.literal('as')) : undefined;
      const made =
        native ??
        humanName({
          family: family?.(run) ?? (parts || isNative(run, field, 'name') ? undefined : field?.text()),
          given: given(run),
          prefix: prefix(run),
          suffix: suffix(run),
        });
      const whole = text?.(run);
      if (!made && whole === undefined) return undefined;
      return { ...made, ...(use ? { use } : {}), ...(whole === undefined ? {} : { text: whole }) };
    };
  },
};

const ADDRESS_USES = ['home', 'work', 'temp', 'old', 'billing'] as const;

export const address: Converter = {
  summary: 'a postal address; one text is kept as text',
  types: ['Address'],
  recurs: 'within',
  from: 'optional',
  options: {
    line: 'texts',
    district: 'text',
    city: 'text',
    state: 'text',
    postalCode: 'text',
    country: 'text',
    use: ADDRESS_USES,
  },
  compile(args) {
    const line = texts(args, 'line');
    const part = (option: string) => args.text(option) ?? (() => undefined);
    const [district, city, state, postalCode, country] = ['district', 'city', 'state', 'postalCode', 'country'].map(
      part,
    ) as [
      (run: Run) => string | undefined,
      (run: Run) => string | undefined,
      (run: Run) => string | undefined,
      (run: Run) => string | undefined,
      (run: Run) => string | undefined,
    ];
    const use = args.literal('use') as fhir4.Address['use'];
    return (run, field) => {
      const native = field ? run.native.address?.(field) : undefined;
      if (native) return use ? { ...native, use } : native;
      const made = makeAddress({
        lines: line(run),
        district: district(run),
        city: city(run),
        state: state(run),
        postalCode: postalCode(run),
        country: country(run),
        use,
      });
      const text = isNative(run, field, 'address') ? undefined : field?.text();
      if (!made && text === undefined) return undefined;
      return { ...(use ? { use } : {}), ...made, ...(text === undefined ? {} : { text }) };
    };
  },
};

const TELECOM_USES = ['home', 'work', 'temp', 'old', 'mobile'] as const;
const TELECOM_SYSTEMS = ['phone', 'fax', 'email', 'pager', 'url', 'sms', 'other'] as const;

export const telecom: Converter = {
  summary: 'a phone number or other address; e-mail and Chinese mobile numbers are told by their form',
  types: ['ContactPoint'],
  recurs: 'within',
  from: 'required',
  options: { use: TELECOM_USES, system: TELECOM_SYSTEMS },
  compile(args) {
    const use = args.literal('use') as fhir4.ContactPoint['use'];
    const system = args.literal('system') as fhir4.ContactPoint['system'];
    return (run, field) => {
      const native = field ? run.native.telecom?.(field, use) : undefined;
      if (native) return { ...native, ...(system ? { system } : {}) };
      const sent = field?.text();
      if (sent === undefined || isNative(run, field, 'telecom')) return undefined;
      const value = halfWidth(sent);
      const mobile = /^(?:\+?86[- ]?)?1[3-9]\d{9}$/.test(value) ? 'mobile' : undefined;
      const kind = system ?? (/^\S+@\S+$/.test(value) ? 'email' : 'phone');
      const where = use ?? (kind === 'phone' ? mobile : undefined);
      return { system: kind, value, ...(where ? { use: where } : {}) };
    };
  },
};

export const identifier: Converter = {
  summary: 'a business identifier',
  types: ['Identifier'],
  recurs: 'within',
  from: 'required',
  options: {
    system: 'text',
    type: 'text',
    use: ['usual', 'official', 'temp', 'secondary', 'old'],
    assigner: 'text',
    check: ['id-card'],
    own: 'text',
    as: ['CX', 'EI', 'XCN', 'XON'],
  },
  compile(args) {
    const [system, type, assigner] = [args.text('system'), args.text('type'), args.text('assigner')];
    const own = args.text('own');
    const [use, as] = [args.literal('use') as fhir4.Identifier['use'], args.literal('as')];
    const card = args.literal('check') === 'id-card';
    return (run, field) => {
      const native = field ? run.native.identifier?.(field, as) : undefined;
      const sent = native ? native.value : isNative(run, field, 'identifier') ? undefined : field?.text();
      if (sent === undefined) return undefined;
      const value = card ? halfWidth(sent).toUpperCase() : sent;
      // Kept as sent: only the sender can say what is right.
      if (card && !isIdCard(value))
        run.issue('warning', 'field.check-digit', field!.place, 'the id card number has a wrong form or check digit');
      const uri = system?.(run) ?? (card ? ID_CARD : undefined) ?? (native && isOwn(native) ? own?.(run) : undefined);
      const kind = type?.(run);
      const display = assigner?.(run);
      const made: fhir4.Identifier = { ...native, value: card && isIdCard(value) ? value : sent };
      if (use) made.use = use;
      if (kind) made.type = { coding: [{ system: IDENTIFIER_TYPE, code: kind }] };
      if (uri) made.system = uriOf(uri) ?? uri;
      if (display) made.assigner = { display };
      return made;
    };
  },
};

/** A number without an authority, and of no type that others give, is the sender's own. */
function isOwn({ system, type }: fhir4.Identifier): boolean {
  const code = type?.coding?.[0]?.code;
  return system === undefined && (code === undefined || code === 'MR' || code === 'PI');
}
