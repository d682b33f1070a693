/** Codes. The local coding always stays; a mapped one is added; a miss is counted and told once. */
import { singleSpaced } from '../../shared/spaces.ts';
import type { CodeMap, CodeTarget } from '../codes/code-map.ts';
import { type Run, Typed } from '../run.ts';
import type { Field } from '../sources/format.ts';
import type { TextOf } from '../template.ts';
import type { Args, Convert, Converter } from './spec.ts';

const OPTIONS = {
  map: 'codes',
  system: 'text',
  display: 'text',
  version: 'text',
  text: 'text',
  default: 'text',
  value: 'text',
  table: 'text',
  original: 'text',
} as const;

export const code: Converter = {
  summary: 'a code: the local coding stays, the mapped one is added',
  types: ['CodeableConcept', 'Coding', 'code'],
  recurs: 'between',
  from: 'optional',
  options: OPTIONS,
  compile: (args, type) => (type === 'code' ? plainCode(args) : type === 'Coding' ? coding(args) : concept(args)),
};

export const codingConverter: Converter = {
  ...code,
  summary: 'one coding: the mapped one, else the local one',
  types: ['Coding'],
};

function miss(run: Run, map: CodeMap, system: string | undefined, code: string, place: string): void {
  run.unmapped(map.source ?? system ?? map.name, code, place);
  run.onceAt(map.name, 'warning', 'code.unmapped', place, `the code is not in the code map ${map.name}`);
}

/** Targets of a code; its miss is counted, and answered by the default of the code map. */
function look(run: Run, map: CodeMap, system: string | undefined, sent: string, field: Field): readonly CodeTarget[] {
  const found = map.targets(sent);
  if (found) {
    field.consume?.();
    return found;
  }
  miss(run, map, system, sent, field.place);
  return map.default ? [map.default] : [];
}

const ALTERNATE_CODES = 'http://hl7.org/fhir/StructureDefinition/alternate-codes';

/** A plain code, with the coding that was sent beside it where the map says its table (`original`). */
function plainCode(args: Args): Convert {
  const [convert, original] = [mappedCode(args), args.text('original')];
  if (!original) return convert;
  return (run, field) => {
    const made = convert(run, field);
    const sent = made === undefined || !field ? undefined : run.native.code?.(field, original(run));
    if (!sent) return made;
    return new Typed('code', made, { _: { extension: [{ url: ALTERNATE_CODES, valueCodeableConcept: sent }] } });
  };
}

function mappedCode(args: Args): Convert {
  const map = args.codes('map');
  const [value, fallback] = [args.text('value'), args.text('default')];
  const required = args.required?.codes;
  return (run, field) => {
    const sent = field?.text();
    if (sent === undefined) return value?.(run) ?? (field ? fallback?.(run) : undefined) ?? fallback?.(run);
    if (!map) {
      const made = singleSpaced(sent);
      if (!required || required.has(made)) return made;
      run.onceAt('binding', 'warning', 'code.unmapped', field!.place, 'the code is not one of this element');
      return fallback?.(run);
    }
    return look(run, map, undefined, sent, field!)[0]?.code ?? fallback?.(run);
  };
}

interface Local {
  readonly coding: readonly fhir4.Coding[];
  readonly text: string | undefined;
}

/** A text that gives way to another one is kept as a display, unless a coding shows it. */
function withText(coding: readonly fhir4.Coding[], own: string | undefined, said: string): readonly fhir4.Coding[] {
  const shown = own === undefined || own === said || coding.some(({ display }) => display === own);
  return shown ? coding : [...coding, { display: own }];
}

/** What the source says, without any mapping. */
function local(args: Args): (run: Run, field: Field | undefined) => Local {
  const [system, display, version, text, table, value] = ['system', 'display', 'version', 'text', 'table', 'value'].map(
    (name) => args.text(name),
  ) as (TextOf | undefined)[];
  return (run, field) => {
    const shown = display?.(run);
    const native = field && run.native.code?.(field, table?.(run));
    const said = text?.(run);
    if (native && !system) {
      const sent = native.coding ?? [];
      const coding = shown ? sent.map((one) => ({ display: shown, ...one })) : sent;
      return said === undefined
        ? { coding, text: native.text }
        : { coding: withText(coding, native.text, said), text: said };
    }
    const sent = field?.text() ?? value?.(run);
    const uri = system?.(run);
    if (sent === undefined) return { coding: [], text: said ?? shown };
    // Without a system a code says no more than a text.
    if (uri === undefined) return { coding: [], text: said ?? shown ?? sent };
    const edition = version?.(run);
    return {
      coding: [
        {
          system: uri,
          ...(edition ? { version: edition } : {}),
          code: singleSpaced(sent),
          ...(shown ? { display: shown } : {}),
        },
      ],
      text: said ?? (field ? shown : undefined),
    };
  };
}

/** Of a value with codes of the hospital alone each is counted as unmapped. */
export function countLocal(run: Run, codings: readonly fhir4.Coding[], place: string): void {
  if (codings.every(({ system }) => system?.startsWith('urn:dhc:')))
    for (const { system, code: sent } of codings) run.unmapped(system!, sent!, place);
}

function mapped(run: Run, map: CodeMap | undefined, said: Local, field: Field | undefined): fhir4.Coding[] {
  if (!field) return [];
  const own = said.coding[0];
  if (!map) {
    countLocal(run, said.coding, field.place);
    return [];
  }
  const sent = own?.code ?? field.text();
  if (sent === undefined) return [];
  // Of a coded value with two codings each may be the one that the map knows.
  const known = said.coding.find((one) => one.code !== undefined && map.has(one.code))?.code ?? sent;
  return look(run, map, own?.system, known, field).map((target) => ({
    ...(target.system ? { system: target.system } : {}),
    code: target.code,
    ...(target.display ? { display: target.display } : {}),
  }));
}

function fallbackOf(args: Args): (run: Run) => fhir4.Coding[] {
  const [fallback, map] = [args.text('default'), args.codes('map')];
  return (run) => {
    const made = fallback?.(run);
    return made === undefined ? [] : [{ ...(map?.system ? { system: map.system } : {}), code: made }];
  };
}

function concept(args: Args): Convert {
  const [read, map, fallback] = [local(args), args.codes('map'), fallbackOf(args)];
  const required = args.required?.codings;
  return (run, field) => {
    const said = read(run, field);
    const found = mapped(run, map, said, field);
    const added = found.length > 0 ? found : fallback(run);
    const more = added.filter((one) => !said.coding.some((own) => own.system === one.system && own.code === one.code));
    if (said.coding.length === 0 && more.length === 0 && said.text === undefined) return undefined;
    // Of a required value set nothing else is taken; the miss was told and counted.
    if (required && ![...more, ...said.coding].some((one) => required.has(`${one.system}|${one.code}`)))
      return undefined;
    return {
      ...(said.coding.length + more.length > 0 ? { coding: [...more, ...said.coding] } : {}),
      ...(said.text === undefined ? {} : { text: said.text }),
    };
  };
}

/** One coding has room for one code: the mapped one where there is one. */
function coding(args: Args): Convert {
  const [read, map, fallback] = [local(args), args.codes('map'), fallbackOf(args)];
  return (run, field) => {
    const said = read(run, field);
    return mapped(run, map, said, field)[0] ?? fallback(run)[0] ?? said.coding[0];
  };
}
