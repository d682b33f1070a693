/** Headers of a study, by keyword (PS3.6). */
import { createHash } from 'node:crypto';
import { attributes } from '../../../core/dicom/dictionary.ts';
import { nameOf } from '../../dicom/name.ts';
import { addParts } from '../../dicom/parts.ts';
import { readStudy } from '../../dicom/study.ts';
import type { Draft } from '../../draft.ts';
import { codeSystem, identifierSystem } from '../../shared/systems.ts';
import { didYouMean } from '../problems.ts';
import { codeField, ElementField, Item, see } from './dicom-items.ts';
import {
  type Address,
  type AddressFault,
  type Field,
  type Native,
  outer,
  type Scope,
  type SourceFormat,
  steps,
} from './format.ts';

const keywords = new Map([...attributes.values()].map(({ keyword, vr }) => [keyword, vr]));
/** What a study is divided into; no keyword begins with a small letter. */
const DIVISIONS = new Set(['series', 'instance']);
/** Counted, never read: the attributes of these names are often wrong. */
const COUNTED: Readonly<Record<string, (item: Item) => number>> = {
  numberOfSeries: ({ instances }) => new Set(instances.map(({ seriesUid }) => seriesUid)).size,
  numberOfInstances: ({ instances }) => instances.length,
};

interface Part {
  readonly keyword: string;
  readonly index: string | undefined;
}

function parsePath(rest: string): Part[] | AddressFault {
  const path = rest.replace(/^\./, '').split('.');
  const parsed: Part[] = [];
  for (const [position, part] of path.entries()) {
    const match = /^([A-Za-z]\w*)(?:\[(\*|\d{1,3})\])?$/.exec(part);
    if (!match)
      return {
        message: `the address cannot be read at "${part.slice(0, 20)}"`,
        hint: 'write $PatientID or $SomeSequence[*].Keyword',
      };
    const [, keyword = '', index] = match;
    const vr = DIVISIONS.has(keyword) ? 'SQ' : Object.hasOwn(COUNTED, keyword) ? 'UL' : keywords.get(keyword);
    if (!vr)
      return {
        message: `${keyword} is no keyword that the bridge reads`,
        hint: didYouMean(keyword, [...keywords.keys(), ...DIVISIONS, ...Object.keys(COUNTED)], 'keywords'),
      };
    if (position < path.length - 1 && vr !== 'SQ')
      return { message: `${keyword} is no sequence`, hint: 'only sequences hold other elements' };
    parsed.push({ keyword, index });
  }
  return parsed;
}

function address(text: string): Address | AddressFault {
  const { up, rest } = steps(text);
  if (rest === '.') return { text: `$${text}`, many: false, of: 'field', fields: itself, items: itself };
  if (rest === '.[*]') return { text: `$${text}`, many: true, of: 'field', fields: itsForms, items: itsForms };
  const parsed = parsePath(rest);
  if ('message' in parsed) return parsed;
  const { keyword, index } = parsed.at(-1)!;
  const holders = (scope: Scope): Item[] => {
    let here = [(up === 0 ? scope : outer(scope, up)).item as Item];
    for (const part of parsed.slice(0, -1))
      here = here.flatMap((item) => chosen(within(item, part.keyword), part.index));
    return here;
  };
  const items = (scope: Scope) => holders(scope).flatMap((item) => chosen(within(item, keyword), index));
  const values = (scope: Scope) =>
    holders(scope).flatMap((item) => {
      if (Object.hasOwn(COUNTED, keyword)) return [counted(item, keyword)];
      return chosen(item.values(keyword, index === '*'), index);
    });
  const forms = (scope: Scope) => values(scope).flatMap((one) => (index === '*' ? one.forms() : one));
  const sequence = keywords.get(keyword) === 'SQ';
  const base = { text: `$${text}`, many: parsed.some((part) => part.index === '*') };
  if (DIVISIONS.has(keyword)) return { ...base, of: 'item', fields: () => [], items };
  if (sequence) return { ...base, of: 'field', fields: (scope) => items(scope).map(codeField), items };
  return { ...base, of: 'field', fields: forms, items: values };
}

/** `$.` in a loop over values, or over the items of a code sequence. */
function itself({ item }: Scope): Field[] {
  return [item instanceof Item ? codeField(item) : (item as Field)];
}

/** `$.[*]` in a loop over names: each form of this one. */
function itsForms(scope: Scope): Field[] {
  return itself(scope).flatMap((field): Field[] => (field instanceof ElementField ? field.forms() : [field]));
}

function within(item: Item, keyword: string): Item[] {
  return keyword === 'series' || keyword === 'instance' ? item.divided(keyword) : item.below(keyword);
}

function counted(item: Item, keyword: string): ElementField {
  return new ElementField(item, keyword, String(COUNTED[keyword]!(item)), { vr: 'UL', values: [] });
}

function chosen<T>(all: readonly T[], index: string | undefined): readonly T[] {
  return index === '*' ? all : all.slice(Number(index ?? 0), Number(index ?? 0) + 1);
}

function nativeOf(draft: Draft, root: Item): Native {
  const offset = /^([+-]\d\d)(\d\d)$/.exec(root.values('TimezoneOffsetFromUTC')[0]?.text() ?? '');
  return {
    typed: (field) => field instanceof ElementField && field.isName,
    name: (field) =>
      field instanceof ElementField && field.isName ? nameOf(field.text() ?? '', field.several) : undefined,
    identifier: (field) => {
      const value = field instanceof ElementField ? field.text() : undefined;
      if (value === undefined) return undefined;
      const system = identifierSystem((field as ElementField).issuer(), draft.context);
      return { ...(system ? { system } : {}), value };
    },
    code: (field) => {
      const item = field instanceof ElementField ? field.codeItem : undefined;
      if (!item) return undefined;
      const text = (keyword: string) => item.values(keyword)[0]?.text();
      const [code, system] = [text('CodeValue'), codeSystem(text('CodingSchemeDesignator'), draft.context)];
      const display = text('CodeMeaning');
      if (code === undefined) return display === undefined ? undefined : { text: display };
      return { coding: [{ ...(system ? { system } : {}), code, ...(display ? { display } : {}) }] };
    },
    ...(offset ? { zone: `${offset[1]}:${offset[2]}` } : {}),
    tellsZone: true,
  };
}

export const dicom: SourceFormat = {
  kind: 'dicom',
  address,
  open(input, _context, draft) {
    const study = readStudy(draft, input);
    const root = Item.of(study.instances, draft.sources);
    return {
      root,
      native: nativeOf(draft, root),
      see: () => {
        for (const { dataset, place } of root.layers) see(dataset, place, draft.sources);
        // It says how the others are written.
        for (const field of root.values('SpecificCharacterSet', true)) field.text();
      },
      keep: () => {
        const made = { patient: draft.first('Patient'), imaging: draft.first('ImagingStudy') };
        const sha256 = createHash('sha256').update(input.bytes).digest('hex');
        return { reference: addParts(draft, study.uid, input.headers ?? [], made), sha256 };
      },
    };
  },
  matchKeys: ['modality'],
  matches: (root, _key, values) =>
    (root as Item).layers.some(({ dataset }) => dataset.Modality?.values.some((one) => values.includes(one))),
};
