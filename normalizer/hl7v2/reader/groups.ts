/**
 * Groups of ORU_R01 (HL7 v2.9 §7.3.1): one patient result with its order observations. Each OBR keeps its own ORC.
 * A segment where the structure does not expect it is reported and kept with the group that is open.
 */
import type { Message } from './message.ts';
import type { Segment } from './segment.ts';

export interface ObservationGroup {
  readonly obx: Segment;
  readonly notes: Segment[];
}

export interface SpecimenGroup {
  readonly spm: Segment;
  readonly observations: ObservationGroup[];
}

export interface OrderGroup {
  readonly orc?: Segment;
  readonly obr: Segment;
  /** Notes on the order, before the first OBX. */
  readonly notes: Segment[];
  readonly observations: ObservationGroup[];
  readonly specimens: SpecimenGroup[];
}

export interface PatientResult {
  readonly pid?: Segment;
  readonly pv1?: Segment;
  /** Every other segment before the first order. */
  readonly others: readonly Segment[];
  readonly orders: readonly OrderGroup[];
}

export interface ResultMessage {
  readonly results: readonly PatientResult[];
  readonly unexpected: readonly Segment[];
}

/** Segments that may stand within an order observation and open no group of their own. */
const WITHIN_ORDER = new Set(['TQ1', 'TQ2', 'CTD', 'FT1', 'CTI', 'PRT', 'ROL', 'SAC', 'DEV', 'SID', 'TCD', 'DSC']);
const BEFORE_ORDERS = new Set([
  'SFT',
  'UAC',
  'PD1',
  'NTE',
  'NK1',
  'ARV',
  'PV2',
  'PRT',
  'ROL',
  'OH1',
  'OH2',
  'OH3',
  'OH4',
  'OBX',
  'GT1',
  'IN1',
  'AL1',
  'DG1',
]);

export function groupResults(message: Message): ResultMessage {
  const grouping = new Grouping();
  for (const segment of message.segments.slice(1)) grouping.take(segment);
  return { results: grouping.results, unexpected: grouping.unexpected };
}

class Grouping {
  readonly results: { pid?: Segment; pv1?: Segment; others: Segment[]; orders: OrderGroup[] }[] = [];
  readonly unexpected: Segment[] = [];
  #orc: Segment | undefined;
  #order: OrderGroup | undefined;
  #observation: ObservationGroup | undefined;

  take(segment: Segment): void {
    switch (segment.name) {
      case 'PID':
        this.#open();
        this.#result().pid = segment;
        return;
      case 'PV1':
        if (this.#order || this.#result().pv1) this.unexpected.push(segment);
        this.#result().pv1 ??= segment;
        return;
      case 'ORC':
        if (this.#orc) this.unexpected.push(this.#orc);
        this.#orc = segment;
        return;
      case 'OBR':
        this.#openOrder(segment);
        return;
      case 'OBX':
        this.#observe(segment);
        return;
      case 'SPM':
        this.#specimen(segment);
        return;
      case 'NTE':
        this.#note(segment);
        return;
      default:
        this.#other(segment);
    }
  }

  #open(): void {
    this.results.push({ others: [], orders: [] });
    this.#order = undefined;
    this.#observation = undefined;
  }

  #result() {
    if (this.results.length === 0) this.#open();
    return this.results.at(-1)!;
  }

  #openOrder(obr: Segment): void {
    this.#order = { ...(this.#orc ? { orc: this.#orc } : {}), obr, notes: [], observations: [], specimens: [] };
    this.#orc = undefined;
    this.#observation = undefined;
    this.#result().orders.push(this.#order);
  }

  #observe(obx: Segment): void {
    if (!this.#order) {
      this.#result().others.push(obx);
      return;
    }
    this.#observation = { obx, notes: [] };
    (this.#order.specimens.at(-1) ?? this.#order).observations.push(this.#observation);
  }

  #specimen(spm: Segment): void {
    if (!this.#order) {
      this.unexpected.push(spm);
      return;
    }
    this.#observation = undefined;
    this.#order.specimens.push({ spm, observations: [] });
  }

  #note(nte: Segment): void {
    if (this.#observation) this.#observation.notes.push(nte);
    else if (this.#order) this.#order.notes.push(nte);
    else this.#result().others.push(nte);
  }

  #other(segment: Segment): void {
    const known = this.#order ? WITHIN_ORDER : BEFORE_ORDERS;
    if (!known.has(segment.name) && !segment.name.startsWith('Z')) this.unexpected.push(segment);
    if (!this.#order) this.#result().others.push(segment);
  }
}
