/** Header of a study's first instance, by keyword (PS3.6). */
import type { DicomDataset, DicomElement } from '../../../core/dicom/dataset.ts';
import { attributes } from '../../../core/dicom/dictionary.ts';
import { readHeader } from '../../../core/dicom/header.ts';
import { BridgeError } from '../../../core/errors.ts';
import type { SourceTracker } from '../../sources.ts';
import { didYouMean } from '../problems.ts';
import { type Address, type AddressFault, type Field, outer, type Scope, type SourceFormat, steps } from './format.ts';

const keywords = new Map([...attributes.values()].map(({ keyword, vr }) => [keyword, vr]));

class Item {
  readonly dataset: DicomDataset;
  readonly place: string;
  readonly sources: SourceTracker;

  constructor(dataset: DicomDataset, place: string, sources: SourceTracker) {
    this.dataset = dataset;
    this.place = place;
    this.sources = sources;
  }

  below(keyword: string): Item[] {
    const items = Object.hasOwn(this.dataset, keyword) ? (this.dataset[keyword]!.items ?? []) : [];
    return items.map((one, index) => new Item(one, `${this.place}${keyword}[${index}].`, this.sources));
  }

  values(keyword: string): ElementField[] {
    const element = Object.hasOwn(this.dataset, keyword) ? this.dataset[keyword] : undefined;
    return (element?.values ?? []).map((value) => new ElementField(this, keyword, value, element!));
  }

  see(): void {
    for (const [keyword, { values, items }] of Object.entries(this.dataset)) {
      if (values.some((value) => value !== '')) this.sources.seen(`${this.place}${keyword}`);
      if (items) for (const item of this.below(keyword)) item.see();
    }
  }
}

class ElementField implements Field {
  readonly place: string;
  readonly isNull = false;
  readonly origin: DicomElement;
  readonly #value: string;
  readonly #sources: SourceTracker;

  constructor(item: Item, keyword: string, value: string, element: DicomElement) {
    this.place = `${item.place}${keyword}`;
    this.origin = element;
    this.#value = value;
    this.#sources = item.sources;
  }

  text(): string | undefined {
    return this.raw()?.trim() || undefined;
  }

  raw(): string | undefined {
    if (this.#value !== '') this.#sources.used(this.place);
    return this.#value || undefined;
  }
}

function address(text: string): Address | AddressFault {
  const { up, rest } = steps(text);
  const path = rest.replace(/^\./, '').split('.');
  const parsed: { keyword: string; index: string | undefined }[] = [];
  for (const [position, part] of path.entries()) {
    const match = /^([A-Za-z]\w*)(?:\[(\*|\d{1,3})\])?$/.exec(part);
    if (!match)
      return {
        message: `the address cannot be read at "${part.slice(0, 20)}"`,
        hint: 'write $PatientID or $SomeSequence[*].Keyword',
      };
    const [, keyword = '', index] = match;
    const vr = keywords.get(keyword);
    if (!vr)
      return {
        message: `${keyword} is no keyword that the bridge reads`,
        hint: didYouMean(keyword, keywords.keys(), 'keywords'),
      };
    if (position < path.length - 1 && vr !== 'SQ')
      return { message: `${keyword} is no sequence`, hint: 'only sequences hold other elements' };
    parsed.push({ keyword, index });
  }
  const last = parsed.at(-1)!;
  const sequence = keywords.get(last.keyword) === 'SQ';
  const holders = (scope: Scope): Item[] => {
    let here = [(up === 0 ? scope : outer(scope, up)).item as Item];
    for (const { keyword, index } of parsed.slice(0, -1))
      here = here.flatMap((item) => chosen(item.below(keyword), index));
    return here;
  };
  const fields = (scope: Scope) => holders(scope).flatMap((item) => chosen(item.values(last.keyword), last.index));
  return {
    text: `$${text}`,
    many: parsed.some(({ index }) => index === '*'),
    of: sequence ? 'item' : 'field',
    fields: sequence ? () => [] : fields,
    items: sequence
      ? (scope) => holders(scope).flatMap((item) => chosen(item.below(last.keyword), last.index))
      : fields,
  };
}

function chosen<T>(all: readonly T[], index: string | undefined): readonly T[] {
  return index === '*' ? all : all.slice(Number(index ?? 0), Number(index ?? 0) + 1);
}

export const dicom: SourceFormat = {
  kind: 'dicom',
  address,
  open({ headers, bytes }, context, draft) {
    const first = headers?.[0];
    if (!first) throw new BridgeError('item.format', 'the study has no instance');
    const header = readHeader(first.bytes, {
      complete: true,
      ...(context.charset ? { assumedCharset: context.charset } : {}),
    });
    const root = new Item(header!.dataset, '', draft.sources);
    return { root, native: {}, see: () => root.see(), keep: () => ({ contentType: 'application/json', bytes }) };
  },
  matchKeys: ['modality'],
  matches: (root, _key, values) =>
    (root as Item).values('Modality').some((field) => values.includes(field.raw() ?? '')),
};
