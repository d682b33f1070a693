/**
 * What was made once and would come out the same again: within an item, where a report names its laboratory a hundred times,
 * and, of what is no patient's own, from item to item. Kept is only what told nothing, or can tell it of another place; and
 * nothing where a trace is made.
 */
import { type Entry, recurrent } from '../draft.ts';
import { share } from '../parts.ts';
import { detached } from '../shared/detached.ts';
import { Rule } from './lasting.ts';
import { Absent, type Hearing, type Run, type Telling, Typed } from './run.ts';
import type { Address, Field, ReadMarks, Recurring, Scope, SourceFormat } from './sources/format.ts';

/** What a rule depends on, besides what is the same for the whole item. */
export interface Reads {
  readonly addresses: Address[];
  /** It refers to resources of the map by their names: those differ from turn to turn. */
  named: boolean;
  /** It refers to a resource that is made of its own item, and is nobody's own. */
  makes: boolean;
}

interface Kept<T> {
  readonly made: T;
  readonly marks: ReadMarks;
  /** Resources that were added with it. */
  readonly added: readonly Entry[];
  /** Number of the run in which they were added last. */
  addedTo: number;
  readonly resources: number;
  readonly turns: number;
  /** How often something was read that only this item can know. */
  readonly peculiar: number;
  /** What was told of the field. */
  readonly tellings: readonly Telling[];
}

type Make<T, F = Field> = (run: Run, field: F) => T;

/**
 * Keeps what is made of a field alone, by its content.
 * @param lasts also for the items that follow
 * @param turns of loops after which it is worth its while within an item
 */
export function rememberField<T, F extends Recurring | undefined>(
  make: Make<T, F>,
  lasts: boolean,
  turns = 0,
): Make<T, F> {
  const rules = [new Rule(), new Rule(), new Rule()];
  return (run, field) => {
    const isLasting = lasts && run.lasting !== undefined;
    if (!field || !(isLasting || run.turns >= turns) || run.trace) return make(run, field);
    const { content } = field;
    if (content === undefined) return make(run, field);
    const rule = rules[field.level!]!;
    const lasting = isLasting && !run.silent ? run.lasting : undefined;
    const before = lasting?.find(rule, content) as Kept<T> | undefined;
    if (before) return again(run, field, before, true);
    const table = tableOf<T>(run, rule);
    const kept = table.get(content);
    if (kept) return again(run, field, kept, false);
    const fresh = watched(run, field, make);
    // What was made while nothing counts as read does not know what it would have read.
    if (fresh.told || run.silent) return fresh.made;
    table.set(content, fresh);
    if (lasting && fresh.peculiar === 0) lasting.keep(rule, content, outlivingAll(fresh));
    return fresh.made;
  };
}

function outlivingAll<T>(fresh: Kept<T>): Kept<T> {
  const { made, added, tellings } = fresh;
  return { ...fresh, made: outliving(made), added: detached(added).map(recurrent), tellings: detached(tellings) };
}

/** Holds on to nothing of its item; what stands in many bundles is checked and written once (`parts.ts`). */
function outliving<T>(made: T): T {
  if (made instanceof Absent) return made;
  if (made instanceof Typed) return new Typed(made.type, outliving(made.value), detached(made.beside)) as T;
  const copy = detached(made);
  return typeof copy === 'object' && copy !== null && !Array.isArray(copy) ? share(copy) : copy;
}

function again<T>(run: Run, field: Recurring, kept: Kept<T>, adds: boolean): T {
  kept.marks.applyTo(field);
  run.resources += kept.resources;
  run.turns += kept.turns;
  run.draft.peculiar += kept.peculiar;
  if (run.draft.isGathering || (adds && kept.addedTo !== run.number)) {
    for (const entry of kept.added) run.draft.addMade(entry);
    if (adds) kept.addedTo = run.number;
  }
  if (kept.tellings.length > 0) for (const telling of kept.tellings) run.tell(telling, field.place);
  return kept.made;
}

function watched<T, F extends Recurring>(run: Run, field: F, make: Make<T, F>): Kept<T> & { readonly told: boolean } {
  const { told, resources, turns } = run;
  const { peculiar } = run.draft;
  const added: Entry[] = [];
  const outer = run.draft.gather(added);
  const hearing: Hearing = { place: field.place, tellings: [], told: 0, outer: run.hearing };
  run.hearing = hearing;
  const { made, marks } = field.watch!(() => make(run, field));
  run.hearing = hearing.outer;
  run.draft.gather(outer);
  if (outer) outer.push(...added);
  return {
    made,
    marks: marks ?? NO_MARKS,
    added,
    addedTo: run.number,
    resources: run.resources - resources,
    turns: run.turns - turns,
    peculiar: run.draft.peculiar - peculiar,
    tellings: hearing.tellings,
    told: marks === undefined || run.told !== told + hearing.told,
  };
}

const NO_MARKS: ReadMarks = { applyTo: () => {} };

function tableOf<T>(run: Run, rule: object): Map<string, Kept<T>> {
  let table = run.memory.get(rule) as Map<string, Kept<T>> | undefined;
  if (!table) {
    table = new Map();
    run.memory.set(rule, table);
  }
  return table;
}

/** Keeps what is the same for every item of a feed, such as a coding of the map. */
export function rememberConstant(make: (run: Run) => unknown): (run: Run) => unknown {
  const rule = new Rule();
  return (run) => {
    const known = run.lasting?.find(rule, '');
    if (known !== undefined) return known;
    const before = run.told + run.draft.peculiar;
    const made = make(run);
    if (made !== undefined && run.told + run.draft.peculiar === before) run.lasting?.keep(rule, '', outliving(made));
    return made;
  };
}

/** Keeps what is made of a few texts of an item, which are nobody's own: a reference range and its unit. */
export function rememberTexts<T extends object>(
  make: (texts: readonly string[]) => T,
): (run: Run, texts: readonly string[]) => T {
  const rule = new Rule();
  return (run, texts) => {
    if (!run.lasting) return make(texts);
    const key = texts.join('\0');
    const known = run.lasting.find(rule, key) as T | undefined;
    if (known) return known;
    const made = outliving(make(texts));
    run.lasting.keep(rule, key, made);
    return made;
  };
}

/** Keeps a part that refers to a resource of its own item, and says nothing but what that item holds. */
export function rememberPart<T>(make: (run: Run) => T, reads: Reads): (run: Run) => T {
  return reads.makes ? rememberItem(make, reads, true) : make;
}

/** Resources that say nothing of a patient: a hospital's staff, its wards and what it has in stock. */
const NOBODYS = new Set(
  'Device HealthcareService Location Medication Organization Practitioner PractitionerRole Substance'.split(' '),
);

export function isNobodys(type: string): boolean {
  return NOBODYS.has(type);
}

/**
 * Keeps what is made of the item of the innermost loop, by its content, where nothing else that it reads is there.
 * @param lasts also for the items that follow
 */
export function rememberItem<T>(make: (run: Run) => T, reads: Reads, lasts: boolean): (run: Run) => T {
  const others = reads.addresses.filter(({ depends }) => depends !== 'item');
  if (reads.named || !others.every(({ depends, present }) => depends && present)) return make;
  const remembered = rememberField<T, Field>(make, lasts);
  return (run) => {
    const { item } = run.scope;
    if (!isRecurring(item)) return make(run);
    for (const { present } of others) if (present!(run.scope)) return make(run);
    return remembered(run, item);
  };
}

export function isRecurring(item: unknown): item is Field {
  return typeof item === 'object' && item !== null && 'content' in item;
}

/** Keeps what no inner loop changes: values of the order while its results are looped over. */
export function rememberScope<T>(make: (run: Run) => T, reads: Reads, format: SourceFormat): (run: Run) => T {
  const names = reads.addresses.map(({ depends }) => (typeof depends === 'object' ? depends.segment : undefined));
  const { holder } = format;
  if (!holder || reads.named || names.length === 0 || names.includes(undefined)) return make;
  const segments = [...new Set(names as string[])];
  const rule = {};
  return (run) => {
    if (run.trace) return make(run);
    const scope = holder(run.scope, segments);
    // Of the innermost item itself it is asked once.
    if (scope === run.scope) return make(run);
    const kept = run.memory.get(rule) as { readonly scope: Scope; readonly made: T } | undefined;
    if (kept?.scope === scope) return kept.made;
    const before = run.told;
    const made = make(run);
    if (run.told === before) run.memory.set(rule, { scope, made });
    return made;
  };
}
