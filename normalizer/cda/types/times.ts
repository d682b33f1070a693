/** TS, IVL_TS → date, dateTime, Period. Precision is kept; a missing offset is the hospital's, and said so. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import type { Draft } from '../../draft.ts';
import { dateOf as dayOf, pointInTime, type TimeFault } from '../../shared/datetime.ts';

/** FHIR dateTime of `@value`; undefined (with an issue where there was something) when it is no time. */
export function dateTimeOf(element: XmlElement | undefined, draft: Draft): string | undefined {
  const text = element?.attr('value')?.trim();
  if (!element || !text) return undefined;
  const point = pointInTime(text, draft.context.hospital.timezone);
  if (typeof point === 'string') return fault(draft, element, point);
  if (!point.zoned) tellZone(draft, element);
  return point.value;
}

const told = new WeakSet<Draft>();

/** Once a document: a system that writes no offsets writes none anywhere. */
function tellZone(draft: Draft, element: XmlElement): void {
  if (told.has(draft)) return;
  told.add(draft);
  draft.issue(
    'information',
    'field.no-zone',
    element.path(),
    "times without an offset were read in the hospital's zone; this is the first",
  );
}

/** FHIR date: the day as the document writes it, for which no zone is needed. */
export function dateOf(element: XmlElement | undefined, draft: Draft): string | undefined {
  const text = element?.attr('value')?.trim();
  if (!element || !text) return undefined;
  const date = dayOf(text);
  return date === 'invalid' || date === 'placeholder' ? fault(draft, element, date) : date;
}

/** IVL_TS with low or high; undefined for a plain value and for an empty interval. */
export function periodOf(element: XmlElement | undefined, draft: Draft): fhir4.Period | undefined {
  const start = dateTimeOf(element?.child('low'), draft);
  const end = dateTimeOf(element?.child('high'), draft);
  if (!element || (!start && !end)) return undefined;
  // R4 per-1: a period that ends before it starts keeps its start.
  if (start && end && isBefore(end, start)) {
    invalid(draft, element, 'the interval ends before it starts');
    return { start };
  }
  return { ...(start ? { start } : {}), ...(end ? { end } : {}) };
}

/** One moment of an effectiveTime: its value, else its start, else its middle or end. */
export function momentOf(element: XmlElement | undefined, draft: Draft): string | undefined {
  if (!element) return undefined;
  return (
    dateTimeOf(element, draft) ??
    dateTimeOf(element.child('low'), draft) ??
    dateTimeOf(element.child('center'), draft) ??
    dateTimeOf(element.child('high'), draft)
  );
}

export interface Occurrence {
  readonly dateTime?: string | undefined;
  readonly period?: fhir4.Period | undefined;
}

/** effectiveTime of an event as FHIR's choice: a real interval is a period, anything else a moment. */
export function occurrenceOf(element: XmlElement | undefined, draft: Draft): Occurrence {
  const low = element?.child('low')?.attr('value');
  const high = element?.child('high')?.attr('value');
  if (high && high !== low) return { period: periodOf(element, draft) };
  return { dateTime: momentOf(element, draft) };
}

function isBefore(a: string, b: string): boolean {
  if (a.includes('T') && b.includes('T')) return Date.parse(a) < Date.parse(b);
  const both = Math.min(a.length, b.length, 10);
  return a.slice(0, both) < b.slice(0, both);
}

function fault(draft: Draft, element: XmlElement, found: TimeFault): undefined {
  if (found === 'invalid') invalid(draft, element, 'the value is no time that exists');
  else draft.issue('information', 'field.placeholder', element.path(), 'a placeholder for a missing time was left out');
}

function invalid(draft: Draft, element: XmlElement, detail: string): void {
  draft.issue('warning', 'field.invalid', element.path(), detail);
}
