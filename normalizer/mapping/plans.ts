/**
 * Rules that are not asked: most rules of a map meet fields that are not there, and messages of one kind leave out the same
 * fields. Which rules can give something is found once for all items that are populated alike.
 */
import type { Reads } from './memory.ts';
import type { Run } from './run.ts';
import type { Shape } from './sources/shape.ts';

/** A rule of a map. Undefined, false and an empty list are nothing. */
export type Rule<O, T> = (run: Run, out: O) => T;

/** From so many rules on a look at the shape is worth its while. */
const FEWEST = 2;

/**
 * @param reads what each rule reads
 * @returns the rules to ask now, in their order. Left out are those that have given nothing, told nothing and made nothing where
 * all fields that they read were absent: they would do so again.
 */
export function planned<O, T>(
  rules: readonly Rule<O, T>[],
  reads: readonly Reads[],
): (run: Run) => readonly Rule<O, T>[] {
  if (rules.length < FEWEST || !reads.some(isPlannable)) return () => rules;
  const list = {};
  // Items of one shape come in rows.
  let last: Shape | undefined;
  let lastAsked = rules;
  return (run) => {
    const { shape } = run;
    if (shape === null) return rules;
    if (shape === last) return lastAsked;
    const plan = shape.plans.get(list) as readonly Rule<O, T>[] | Trial<O, T> | undefined;
    if (plan === undefined) {
      const trial = new Trial(rules, reads, run);
      shape.plan(list, trial);
      return trial.watched;
    }
    const asked = plan instanceof Trial ? plan.asked() : plan;
    if (asked !== plan) shape.plan(list, asked);
    last = shape;
    lastAsked = asked;
    return asked;
  };
}

function isPlannable({ named, addresses }: Reads): boolean {
  return !named && addresses.length > 0 && addresses.every(({ vacant }) => vacant);
}

/** A first time in which rules whose fields are all absent are watched. */
class Trial<O, T> {
  readonly watched: readonly Rule<O, T>[];
  readonly #rules: readonly Rule<O, T>[];
  readonly #idle = new Set<Rule<O, T>>();

  constructor(rules: readonly Rule<O, T>[], reads: readonly Reads[], run: Run) {
    this.#rules = rules;
    this.watched = rules.map((rule, index) => (isVacant(reads[index]!, run) ? this.#watch(rule) : rule));
  }

  #watch(rule: Rule<O, T>): Rule<O, T> {
    return (run, out) => {
      const before = run.deeds;
      const made = rule(run, out);
      if (isNothing(made) && run.deeds === before) this.#idle.add(rule);
      return made;
    };
  }

  asked(): readonly Rule<O, T>[] {
    return this.#rules.filter((rule) => !this.#idle.has(rule));
  }
}

function isVacant(reads: Reads, { scope }: Run): boolean {
  return isPlannable(reads) && reads.addresses.every(({ vacant }) => vacant!(scope));
}

function isNothing(made: unknown): boolean {
  return made === undefined || made === false || (Array.isArray(made) && made.length === 0);
}
