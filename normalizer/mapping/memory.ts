/**
 * What was made once within an item and would come out the same again: a report names its laboratory a hundred times. Kept is
 * only what told nothing, since issues name places, and nothing where a trace is made.
 */
import type { Run } from './run.ts';
import type { Address, Field, ReadMarks, Scope, SourceFormat } from './sources/format.ts';

/** What a rule depends on, besides what is the same for the whole item. */
export interface Reads {
  readonly addresses: Address[];
  /** It refers to resources of the map by their names: those differ from turn to turn. */
  named: boolean;
}

interface Kept<T> {
  readonly made: T;
  readonly marks: ReadMarks;
  readonly resources: number;
  readonly turns: number;
}

/** By the level of the field, then by its content. */
type Table<T> = Map<string, Kept<T>>[];

/** Keeps what is made of a field alone, by its content. */
export function rememberField<T>(make: (run: Run, field: Field) => T): (run: Run, field: Field) => T {
  const rule = {};
  return (run, field) => {
    if (run.trace || field.content === undefined) return make(run, field);
    const table = tableOf<T>(run, rule, field.level!);
    const kept = table.get(field.content);
    if (kept) {
      kept.marks.applyTo(field);
      run.resources += kept.resources;
      run.turns += kept.turns;
      return kept.made;
    }
    const before = { told: run.told, resources: run.resources, turns: run.turns };
    const { made, marks } = field.watch!(() => make(run, field));
    if (run.told === before.told) {
      const [resources, turns] = [run.resources - before.resources, run.turns - before.turns];
      table.set(field.content, { made, marks, resources, turns });
    }
    return made;
  };
}

function tableOf<T>(run: Run, rule: object, level: number): Map<string, Kept<T>> {
  let levels = run.memory.get(rule) as Table<T> | undefined;
  if (!levels) {
    levels = [];
    run.memory.set(rule, levels);
  }
  levels[level] ??= new Map();
  return levels[level];
}

/** Keeps what is made of the item of the innermost loop alone, by its content. */
export function rememberItem<T>(make: (run: Run) => T, reads: Reads): (run: Run) => T {
  if (reads.named || !reads.addresses.every(({ depends }) => depends === 'item')) return make;
  const remembered = rememberField<T>(make);
  return (run) => {
    const { item } = run.scope;
    return isRecurring(item) ? remembered(run, item) : make(run);
  };
}

function isRecurring(item: unknown): item is Field {
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
    const kept = run.memory.get(rule) as { readonly scope: Scope; readonly made: T } | undefined;
    if (kept?.scope === scope) return kept.made;
    const before = run.told;
    const made = make(run);
    if (run.told === before) run.memory.set(rule, { scope, made });
    return made;
  };
}
