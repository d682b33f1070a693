/** What DICOM addresses walk over: the study, its series and instances, and items of sequences. */
import type { DicomDataset, DicomElement } from '../../../core/dicom/dataset.ts';
import { formsOf } from '../../dicom/name.ts';
import type { Instance } from '../../dicom/study.ts';
import type { Authority } from '../../shared/systems.ts';
import type { SourceTracker } from '../../sources.ts';
import type { Field } from './format.ts';

/** The same thing in one instance: the attributes of a study stand in each of its instances. */
interface Layer {
  readonly dataset: DicomDataset;
  /** `Instance[2].`, with the sequences above it. */
  readonly place: string;
}

export class Item {
  readonly layers: readonly Layer[];
  /** Of a study or series; items of sequences have none. */
  readonly instances: readonly Instance[];
  readonly sources: SourceTracker;

  constructor(layers: readonly Layer[], instances: readonly Instance[], sources: SourceTracker) {
    this.layers = layers;
    this.instances = instances;
    this.sources = sources;
  }

  static of(instances: readonly Instance[], sources: SourceTracker): Item {
    const layers = instances.map(({ dataset, part }) => ({ dataset, place: `Instance[${part + 1}].` }));
    return new Item(layers, instances, sources);
  }

  /** Series or instances in the order of their numbers. */
  divided(by: 'series' | 'instance'): Item[] {
    const groups = Map.groupBy(this.instances, (one) => (by === 'series' ? one.seriesUid : one));
    const keyword = by === 'series' ? 'SeriesNumber' : 'InstanceNumber';
    const number = ([first]: readonly Instance[]) => {
      const text = valuesIn(first!.dataset, keyword)[0]?.trim();
      return text && /^\d{1,9}$/.test(text) ? Number(text) : Infinity;
    };
    const uid = ([first]: readonly Instance[]) => (by === 'series' ? first!.seriesUid : first!.uid);
    return [...groups.values()]
      .sort((a, b) => number(a) - number(b) || (uid(a) < uid(b) ? -1 : 1) || 0)
      .map((group) => Item.of(group, this.sources));
  }

  below(keyword: string): Item[] {
    const most = Math.max(0, ...this.layers.map(({ dataset }) => itemsIn(dataset, keyword).length));
    return Array.from({ length: most }, (_, index) => {
      const layers = this.layers.flatMap(({ dataset, place }) => {
        const item = itemsIn(dataset, keyword)[index];
        return item ? [{ dataset: item, place: `${place}${keyword}[${index + 1}].` }] : [];
      });
      return new Item(layers, [], this.sources);
    });
  }

  /** Of the first instance that says anything; with `all`, of each that says something else. */
  values(keyword: string, all = false): ElementField[] {
    const said = new Map<string, DicomElement>();
    for (const { dataset } of this.layers)
      if (valuesIn(dataset, keyword).some((value) => value.trim() !== '')) {
        const whole = valuesIn(dataset, keyword).join('\\');
        if (!said.has(whole)) said.set(whole, dataset[keyword]!);
        if (!all) break;
      }
    return [...said].flatMap(([whole, element]) =>
      element.values.map((value) => new ElementField(this, keyword, value, element, whole)),
    );
  }

  /** Marks an attribute as read in all instances that say this; one that says something else stays unread. */
  use(keyword: string, said: string): void {
    for (const { dataset, place } of this.layers)
      if (valuesIn(dataset, keyword).join('\\') === said) this.sources.used(place + keyword);
  }

  texts(): string[] {
    return Object.values(this.layers[0]?.dataset ?? {}).flatMap(({ values }) => values);
  }

  place(keyword: string): string {
    return (this.layers[0]?.place ?? '') + keyword;
  }
}

function valuesIn(dataset: DicomDataset, keyword: string): readonly string[] {
  return Object.hasOwn(dataset, keyword) ? dataset[keyword]!.values : [];
}

function itemsIn(dataset: DicomDataset, keyword: string): readonly DicomDataset[] {
  return Object.hasOwn(dataset, keyword) ? (dataset[keyword]!.items ?? []) : [];
}

/** Tells the coverage what is populated. */
export function see(dataset: DicomDataset, place: string, sources: SourceTracker): void {
  for (const [keyword, { values, items }] of Object.entries(dataset)) {
    if (values.some((value) => value !== '')) sources.seen(place + keyword);
    for (const [index, item] of (items ?? []).entries()) see(item, `${place}${keyword}[${index + 1}].`, sources);
  }
}

export class ElementField implements Field {
  readonly isNull = false;
  readonly origin: DicomElement | Item;
  readonly #item: Item;
  readonly #keyword: string;
  readonly value: string;
  /** One of several forms of a name. */
  readonly several: boolean;
  /** All values of the attribute. */
  readonly #said: string;

  constructor(item: Item, keyword: string, value: string, origin: DicomElement | Item, said = value, several = false) {
    this.several = several;
    this.#item = item;
    this.#keyword = keyword;
    this.value = value;
    this.origin = origin;
    this.#said = said;
  }

  get place(): string {
    return this.#item.place(this.#keyword);
  }

  text(): string | undefined {
    return this.raw()?.trim() || undefined;
  }

  /** Without the control characters that broken files hold, and R4 strings cannot. */
  raw(): string | undefined {
    const value = this.value.replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '');
    if (value !== '') this.#item.use(this.#keyword, this.#said);
    return value || undefined;
  }

  /** Of the item of a sequence: anything that it holds. */
  parts(): string[] {
    return this.origin instanceof Item ? this.origin.texts() : [this.value];
  }

  get isName(): boolean {
    return !(this.origin instanceof Item) && this.origin.vr === 'PN';
  }

  get codeItem(): Item | undefined {
    return this.origin instanceof Item ? this.origin : undefined;
  }

  /** Of a name: one field for each of the alphabetic, ideographic and phonetic forms. */
  forms(): ElementField[] {
    if (this.origin instanceof Item || !this.isName || !this.value.includes('=')) return [this];
    const { origin } = this;
    const written = formsOf(this.value);
    return written.map(
      (form) => new ElementField(this.#item, this.#keyword, form, origin, this.#said, written.length > 1),
    );
  }

  /** Who gave the number: its universal id, else its name (PS3.3 C.7.1.1, C.12.1.1.10). */
  issuer(): Authority {
    const { sequence, name } = ISSUERS[this.#keyword] ?? {};
    const [issuer] = sequence ? this.#item.below(sequence) : [];
    const said = (item: Item | undefined, keyword: string) => item?.values(keyword)[0]?.text();
    return {
      name: (name && said(this.#item, name)) ?? said(issuer, 'LocalNamespaceEntityID'),
      id: said(issuer, 'UniversalEntityID'),
      type: said(issuer, 'UniversalEntityIDType'),
    };
  }
}

/** Attributes beside a number that tell who gave it. */
const ISSUERS: Readonly<Record<string, { readonly sequence: string; readonly name?: string }>> = {
  PatientID: { sequence: 'IssuerOfPatientIDQualifiersSequence', name: 'IssuerOfPatientID' },
  AccessionNumber: { sequence: 'IssuerOfAccessionNumberSequence' },
  AdmissionID: { sequence: 'IssuerOfAdmissionIDSequence' },
};

/** Item of a code sequence (PS3.3 §8): its text is the code. */
export function codeField(item: Item): ElementField {
  const code = item.values('CodeValue')[0]?.value ?? '';
  return new ElementField(item, 'CodeValue', code, item);
}
