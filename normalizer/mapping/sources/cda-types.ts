/** Elements of a CDA document as values, by the readers of the coded CDA maps. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { countsAsField } from '../../cda/coverage.ts';
import { narrativeText } from '../../cda/narrative.ts';
import { referenceRange } from '../../cda/sections/observation.ts';
import { conceptOf } from '../../cda/types/codes.ts';
import { addressOf, contactPointOf, humanNameOf } from '../../cda/types/contact.ts';
import { type IdScope, identifierOf } from '../../cda/types/ids.ts';
import { absentReason } from '../../cda/types/nulls.ts';
import { intervalOf, quantityOf, ratioOf, unitNamed } from '../../cda/types/quantity.ts';
import { observedValue } from '../../cda/types/values.ts';
import type { Draft } from '../../draft.ts';
import type { Field, Native, NativeValue } from './format.ts';
import { XmlField } from './xml.ts';

/** Where a data type has its value, when it is asked for as a text. */
const CONTENT = ['code', 'value', 'extension'] as const;

export class CdaField extends XmlField {
  override raw(): string | undefined {
    const { element, attribute } = this.origin;
    if (attribute !== undefined) return super.raw();
    const content = CONTENT.map((name) => this.part(name)).find((field) => field?.raw()?.trim());
    if (content) return content.raw();
    return super.raw() ?? this.read((one) => narrativeText(one) || undefined, element);
  }

  /** `classCode` and `nullFlavor`, say, do not make an element populated. */
  protected override says(element: XmlElement, attribute: string, value: string): boolean {
    return countsAsField(element, attribute, value);
  }

  /** An attribute of the element, if it has it. */
  part(attribute: string, element: XmlElement = this.origin.element): CdaField | undefined {
    const there = element.attributes.some(({ name }) => name === attribute);
    return there ? new CdaField({ element, attribute }, this.sources) : undefined;
  }

  /** Calls a reader of elements, and tells what it has read. */
  read<T>(reader: (element: XmlElement) => T, element: XmlElement = this.origin.element): T {
    const made = reader(element);
    for (const below of element.walk()) {
      for (const { name, read } of below.attributes) if (read) this.sources.used(`${below.path()}/@${name}`);
      if (below.textRead && below.ownText()) this.sources.used(`${below.path()}/text()`);
    }
    return made;
  }

  consume(): void {
    const { element, attribute } = this.origin;
    if (attribute === undefined)
      for (const { name } of element.attributes) this.sources.used(`${element.path()}/@${name}`);
    else this.sources.used(this.place);
  }
}

/** The field when it is an element; attributes are texts. */
function typed(field: Field): CdaField | undefined {
  return field instanceof CdaField && field.origin.attribute === undefined ? field : undefined;
}

export function nativeOf(draft: Draft, scope: IdScope): Native {
  return {
    typed: (field) => typed(field) !== undefined,
    absent: (field) => typed(field)?.read((one) => (one.attr('nullFlavor') ? absentReason(one) : undefined)),
    code: (field) => typed(field)?.read(conceptOf),
    identifier: (field) => typed(field)?.read((one) => identifierOf(one, scope)),
    name: (field) => typed(field)?.read(humanNameOf),
    address: (field) => typed(field)?.read(addressOf),
    telecom: (field, use) => {
      const made = typed(field)?.read(contactPointOf);
      return made && use ? { ...made, use } : made;
    },
    quantity: (field) => typed(field)?.read(quantityOf),
    range: (field) => typed(field)?.read((one) => intervalOf(one)?.range),
    ratio: (field) => typed(field)?.read(ratioOf),
    referenceRange: (field) => typed(field)?.read((one) => referenceRange(one)[0]),
    embedded: (field) => typed(field)?.read(embedded),
    time: (field) => (typed(field) ? momentOf(typed(field)!) : field),
    interval: (field) => {
      const element = typed(field);
      return element && { start: below(element, 'low'), end: below(element, 'high') };
    },
    value: (field, unit) => (typed(field) ? declaredValue(typed(field)!, unit, draft) : undefined),
    tellsZone: true,
  };
}

/** IVL_TS, PIVL_TS: where a bound stands. */
function below(field: CdaField, bound: string): CdaField | undefined {
  const element = field.origin.element.child(bound);
  return element && field.part('value', element);
}

/** A point in time: its value, else the start, the middle or the end of the interval. */
function momentOf(field: CdaField): CdaField | undefined {
  return field.part('value') ?? below(field, 'low') ?? below(field, 'center') ?? below(field, 'high');
}

function declaredValue(field: CdaField, unit: string | undefined, draft: Draft): NativeValue | undefined {
  const type = field.origin.element.attr('xsi:type')?.replace(/^.*:/, '');
  if (type === 'TS' || (type === 'IVL_TS' && !below(field, 'high'))) return 'time';
  if (type === 'IVL_TS') return 'interval';
  const { dataAbsentReason, ...values } = field.read((one) => observedValue(one, draft));
  if (dataAbsentReason) return { type: '', value: undefined, beside: { dataAbsentReason } };
  const found = Object.entries(values).find(([, value]) => value !== undefined);
  if (!found) return undefined;
  const [name, value] = found;
  // REAL has no unit of its own; WS/T 500 has it in another data element.
  if (name === 'valueQuantity' && (value as fhir4.Quantity).unit === undefined)
    return { type: 'Quantity', value: { ...(value as fhir4.Quantity), ...unitNamed(unit) } };
  const plain = { valueString: 'string', valueBoolean: 'boolean', valueInteger: 'integer' }[name];
  return { type: plain ?? name.slice('value'.length), value };
}

/** ED with content of its own, in base64 or as text. */
function embedded(element: XmlElement): fhir4.Attachment | undefined {
  const url = element.child('reference')?.attr('value')?.trim();
  const text = element.text();
  const contentType = element.attr('mediaType')?.trim() || 'text/plain';
  if (!text) return url && !url.startsWith('#') ? { contentType, url } : undefined;
  if (element.attr('representation') !== 'B64')
    return { contentType, data: Buffer.from(element.rawText().trim(), 'utf8').toString('base64') };
  const data = text.replaceAll(/\s/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(data) && data.length % 4 === 0 ? { contentType, data } : undefined;
}
