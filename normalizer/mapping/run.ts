/** What is in hand while one item is mapped. */
import type { ErrorCode } from '../../core/codes.ts';
import type { Issue, PatientIdentifier } from '../../core/types.ts';
import type { Draft } from '../draft.ts';
import { type Lasting, lastingOf } from './lasting.ts';
import type { Native, Scope } from './sources/format.ts';
import type { Shape } from './sources/shape.ts';

/** One turn of a loop, or the map itself. Resources that were made in it are found by their names. */
export class Frame {
  readonly parent: Frame | null;
  readonly depth: number;
  readonly scope: Scope;
  /** Of a list of resources; false for a turn of one resource that loops by itself. */
  readonly isList: boolean;
  /** Resources of this turn itself: name → its URN; null where its condition does not hold. */
  readonly own = new Map<string, string | null>();
  /** Resources of this turn and of all below it; only of lists, of which they are asked. */
  #all: Map<string, Set<string>> | undefined;

  constructor(parent: Frame | null, scope: Scope, isList: boolean) {
    this.parent = parent;
    this.depth = parent ? parent.depth + 1 : 0;
    this.scope = scope;
    this.isList = isList;
  }

  /** Notes a resource of a name of which all are asked for. */
  made(name: string, urn: string): void {
    for (let frame: Frame | null = this; frame; frame = frame.parent) {
      if (!frame.isList) continue;
      frame.#all ??= new Map();
      const known = frame.#all.get(name);
      if (known) known.add(urn);
      else frame.#all.set(name, new Set([urn]));
    }
  }

  /** URNs of the resources of a name, in the order in which they were made first. */
  all(name: string): readonly string[] {
    return [...(this.#all?.get(name) ?? [])];
  }
}

/** Bounds of one item: a map cannot make more than this of it, whatever its loops say. */
export const LIMITS = { resources: 20_000, turns: 200_000 } as const;

/** What can be told of another place again: a code without a mapping, or an issue of some kind. */
export type Telling =
  | { readonly system: string; readonly code: string }
  | { readonly kind: string; readonly severity: Issue['severity']; readonly issue: ErrorCode; readonly detail: string };

/** What is told of one field while something is made of it, so that it can be told of another. */
export interface Hearing {
  readonly place: string;
  readonly tellings: Telling[];
  /** By how much `Run.told` has grown with them. */
  told: number;
  readonly outer: Hearing | undefined;
}

let runs = 0;

export class Run {
  /** Tells runs apart. */
  readonly number = ++runs;
  readonly draft: Draft;
  readonly native: Native;
  readonly sourceKey: string;
  readonly trace: boolean;
  readonly #zone: string;
  scope: Scope;
  frame: Frame;
  /** Of the element that is being made, for the trace. */
  element = '';
  owner: PatientIdentifier | undefined;
  /** What is read now is only looked at. */
  silent = false;
  turns = 0;
  resources = 0;
  /** Rule → what it made; see `memory.ts`. */
  readonly memory = new Map<object, unknown>();
  /** What items before it have left; none where nothing may be remembered. */
  readonly lasting: Lasting | undefined;
  /** The innermost. */
  hearing: Hearing | undefined;
  #toldAgain = 0;
  /** Issues that are told once an item. */
  readonly #told = new Set<string>();
  /** Name and URN of a resource → how often its key was there. */
  readonly #times = new Map<string, number>();
  /** `aliasOf` → `urn:uuid:…` of the resource that was made last under it. */
  readonly aliases = new Map<string, string>();
  /** In a trace: resources made, by type. */
  readonly counts = new Map<string, number>();

  constructor(draft: Draft, native: Native, sourceKey: string, root: Scope) {
    this.draft = draft;
    this.native = native;
    this.sourceKey = sourceKey;
    this.trace = draft.context.trace ?? false;
    this.#zone = native.zone ?? draft.context.hospital.timezone;
    this.lasting = this.trace || !native.recurs ? undefined : lastingOf(draft.context);
    this.scope = root;
    this.frame = new Frame(null, root, true);
  }

  /** @param detail one sentence without any patient value */
  issue(severity: Issue['severity'], code: ErrorCode, place: string, detail: string): undefined {
    this.draft.issue(severity, code, place, detail);
    return undefined;
  }

  /** Counts a code without a mapping, once a place: one value may be read for several elements. */
  unmapped(system: string, code: string, place: string): void {
    const before = this.told;
    if (this.#isFirst(`unmapped ${place} ${system} ${code}`)) this.draft.unmappedCode(system, code);
    if (this.hearing) this.#heard(place, before, { system, code });
  }

  /** An issue that is told once an item. */
  once(key: string, severity: Issue['severity'], code: ErrorCode, place: string, detail: string): void {
    if (this.#isFirst(key)) this.draft.issue(severity, code, place, detail);
  }

  /** An issue that is told once a place. */
  onceAt(kind: string, severity: Issue['severity'], code: ErrorCode, place: string, detail: string): void {
    const before = this.told;
    this.once(`${kind} ${place}`, severity, code, place, detail);
    if (this.hearing) this.#heard(place, before, { kind, severity, issue: code, detail });
  }

  tell(telling: Telling, place: string): void {
    if ('system' in telling) this.unmapped(telling.system, telling.code, place);
    else this.onceAt(telling.kind, telling.severity, telling.issue, place, telling.detail);
  }

  #isFirst(key: string): boolean {
    this.#toldAgain += 1;
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    return true;
  }

  #heard(place: string, before: number, telling: Telling): void {
    for (let hearing = this.hearing; hearing; hearing = hearing.outer) {
      if (hearing.place !== place) continue;
      hearing.tellings.push(telling);
      hearing.told += this.told - before;
    }
  }

  /** Grows with all that is told of the item, also with what is told only once. */
  get told(): number {
    return this.#toldAgain + this.draft.told;
  }

  /** Grows with all that a rule does besides giving a value. */
  get deeds(): number {
    return this.told + this.draft.peculiar + this.resources + this.turns;
  }

  /** Of the current scope, where what is known of others like it holds for it. */
  get shape(): Shape | null {
    const { scope } = this;
    if (scope.known === undefined) scope.known = this.#known(scope);
    return scope.known;
  }

  #known(scope: Scope): Shape | null {
    const shape = this.lasting && this.native.shape?.(scope, this.lasting.shapes);
    return shape && shape.seen > 1 ? shape : null;
  }

  get zone(): string {
    this.draft.peculiar += 1;
    return this.#zone;
  }

  /** How often the key of this URN was there under a name, with this time: two turns of a loop with one key are two resources. */
  times(name: string, urn: string): number {
    const key = `${name} ${urn}`;
    const count = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, count);
    return count;
  }

  /** Reads without counting it: what decides on a record and what is in it are two things. */
  look<T>(read: (run: Run) => T): T {
    if (this.silent) return read(this);
    this.silent = true;
    this.native.silence?.(true);
    const found = read(this);
    this.native.silence?.(false);
    this.silent = false;
    return found;
  }

  /** What is read from now on is read for this element by the rule at this place. */
  reading(rule: string): void {
    this.draft.sources.readFor(this.element, rule);
  }
}

/**
 * A value whose FHIR type is known only now; `beside` goes into the element that holds it, where it says nothing yet.
 * `_` in it is what R4 writes beside a primitive: its extensions.
 */
export class Typed {
  readonly type: string;
  readonly value: unknown;
  readonly beside: Readonly<Record<string, unknown>> | undefined;

  constructor(type: string, value: unknown, beside?: Readonly<Record<string, unknown>>) {
    this.type = type;
    this.value = value;
    this.beside = beside;
  }
}

/** No value, and why (R4 data-absent-reason). */
export class Absent {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}
