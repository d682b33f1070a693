/** What the maps of one message share: draft, message, and how a time without an offset is read. */
import type { Draft } from '../draft.ts';
import { isLater, pointInTime, type TimeFault, writtenOffset } from '../shared/datetime.ts';
import type { Message } from './reader/message.ts';
import type { Value } from './reader/value.ts';

export class Scope {
  readonly draft: Draft;
  readonly message: Message;
  /** Offset of MSH-7 where it has one, else the hospital's zone. */
  readonly #zone: string;
  readonly #zoneFromMessage: boolean;
  #told = false;

  constructor(draft: Draft, message: Message) {
    this.draft = draft;
    this.message = message;
    const offset = writtenOffset(message.header.field(7).decoded ?? '');
    this.#zone = offset ?? draft.context.hospital.timezone;
    this.#zoneFromMessage = offset !== undefined;
  }

  /** DTM, TS → FHIR dateTime; undefined with an issue where it is none. */
  time(value: Value): string | undefined {
    const text = value.text();
    if (text === undefined) return undefined;
    this.draft.peculiar += 1;
    const point = pointInTime(text, this.#zone);
    if (typeof point === 'string') return this.#fault(point, value);
    if (!point.zoned) this.#tellZone(value);
    return point.value;
  }

  /** Two DTM as a Period. An end before its start is told; it is kept beside the period (`normalizer/settle`). */
  period(from: Value, to: Value): fhir4.Period | undefined {
    const start = this.time(from);
    const end = this.time(to);
    if (start && end && isLater(start, end)) this.invalid(to, 'the end lies before the start');
    return start || end ? { ...(start ? { start } : {}), ...(end ? { end } : {}) } : undefined;
  }

  /** `period` of two parts, of which most are absent. */
  periodOf(value: Value, from: number, to: number): fhir4.Period | undefined {
    if (!value.present([from]) && !value.present([to])) return undefined;
    return this.period(value.part(from), value.part(to));
  }

  /** Reads without counting it as read. */
  look<T>(read: () => T): T {
    const before = this.message.silence(true);
    const made = read();
    this.message.silence(before);
    return made;
  }

  invalid(value: Value, what: string): undefined {
    this.draft.issue('warning', 'field.invalid', value.place, what);
    return undefined;
  }

  /** A code outside of its table: reported and counted. `system` is the table's. */
  unmapped(value: Value, system: string, code: string): undefined {
    this.draft.issue('warning', 'code.unmapped', value.place, 'the code is not in the table of this field');
    this.draft.unmappedCode(system, code);
    return undefined;
  }

  #fault(fault: TimeFault, value: Value): undefined {
    if (fault === 'invalid') return this.invalid(value, 'the value is no time that exists');
    this.draft.issue('information', 'field.placeholder', value.place, 'a placeholder for a missing time was left out');
    return undefined;
  }

  #tellZone(value: Value): void {
    if (this.#told || this.#zoneFromMessage) return;
    this.#told = true;
    this.draft.issue(
      'information',
      'field.no-zone',
      value.place,
      "this and later times have no offset; the hospital's zone was used",
    );
  }
}
