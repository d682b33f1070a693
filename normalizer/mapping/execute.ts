/** Runs compiled maps over items. Pure and synchronous; never throws for what an item holds. */
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { Draft, type Finish } from '../draft.ts';
import { reject, rejectError } from '../outcome.ts';
import type { CompiledMap } from './compile.ts';
import { runAll, type Step } from './resources.ts';
import { Run } from './run.ts';
import type { Opened } from './sources/format.ts';

/** An item and the map that takes it. */
export interface Task {
  readonly map: CompiledMap;
  readonly input: NormalizeInput;
  readonly context: NormalizeContext;
}

export function runMap(map: CompiledMap, input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  return runMaps([{ map, input, context }])[0]!;
}

/**
 * Runs several maps side by side: one step for all items before the next step. A map is some megabytes of code and of what
 * belongs to it, of which an item needs each part once: so the processor fetches it once for all of them. Nothing goes from
 * the one to the other.
 * @returns in the order of the tasks
 */
export function runMaps(tasks: readonly Task[]): (Normalized | Rejected)[] {
  const passages = tasks.map((task) => new Passage(task.context.trace ? { ...task, map: task.map.traced() } : task));
  for (const passage of passages) passage.open();
  for (const [{ steps }, together] of Map.groupBy(passages, ({ task }) => task.map))
    for (const step of steps) for (const passage of together) passage.take(step);
  return passages.map((passage) => passage.finish());
}

/** One item on its way through its map. */
class Passage {
  readonly task: Task;
  readonly #draft: Draft;
  #going: Going | undefined;
  /** Why it goes no further. */
  #refused: Rejected | undefined;

  constructor(task: Task) {
    this.task = task;
    this.#draft = new Draft(task.context, task.map.mapping);
  }

  open(): void {
    const { map, input, context } = this.task;
    try {
      const going = open(map, input, context, this.#draft);
      if ('run' in going) this.#going = going;
      else this.#refused = going;
    } catch (error) {
      this.#refuse(error);
    }
  }

  take(step: Step): void {
    if (!this.#going || this.#refused) return;
    try {
      step(this.#going.run);
    } catch (error) {
      this.#refuse(error);
    }
  }

  finish(): Normalized | Rejected {
    try {
      const end = this.#refused ?? close(this.task.map, this.#going!);
      return 'status' in end ? end : this.#draft.finish(end);
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): Rejected {
    const { code, issues } = rejectError(error);
    this.#refused = this.#draft.reject(code, issues[0]!.detail);
    return this.#refused;
  }
}

/** Everything but the gate: the draft is filled, and told how to finish. */
export function draw(
  map: CompiledMap,
  input: NormalizeInput,
  context: NormalizeContext,
  draft: Draft,
): Finish | Rejected {
  const going = open(map, input, context, draft);
  if (!('run' in going)) return going;
  runAll(map.steps, going.run);
  return close(map, going);
}

/** An item that its map takes, and whose patient is known. */
interface Going {
  readonly run: Run;
  readonly opened: Opened;
  readonly patient: Finish['patient'];
}

function open(map: CompiledMap, input: NormalizeInput, context: NormalizeContext, draft: Draft): Going | Rejected {
  const opened = map.format.open(input, context, draft, map.setup);
  opened.see();
  const run = new Run(draft, opened.native, input.sourceKey, { item: opened.root, parent: null });
  if (!map.match(opened.root, run))
    return draft.reject('item.unsupported', `the map ${map.name} does not take items like this`);
  run.element = 'refuse';
  const refusal = map.refusals.find(({ condition }) => condition.holds(run));
  if (refusal) return draft.reject(refusal.code, refusal.detail);
  run.element = 'owner';
  const patient = run.look(map.owner);
  if (patient === undefined) return draft.reject('item.no-patient', 'the item names no patient');
  run.owner = patient ?? undefined;
  return { run, opened, patient };
}

function close(map: CompiledMap, { run, opened, patient }: Going): Finish | Rejected {
  if (run.resources === 0)
    return run.draft.reject('item.unsupported', `the map ${map.name} makes nothing of this item`);
  run.element = 'occurred';
  const occurred = map.occurred?.get(run);
  return { patient, source: opened.keep(), ...(typeof occurred === 'string' ? { occurred } : {}) };
}

/**
 * The first map that takes the item.
 * @returns undefined where none does, or the refusal of an item that cannot be read
 */
export function selectMap(
  maps: readonly CompiledMap[],
  input: NormalizeInput,
  context: NormalizeContext,
): CompiledMap | Rejected | undefined {
  const opened = new Map<string, { root: Opened; draft: Draft }>();
  for (const map of maps) {
    const draft = new Draft(context, map.mapping);
    try {
      // Groups differ from map to map; everything else of an opened item is the same.
      const key =
        map.setup.structure || map.setup.groups.length > 0 || map.setup.namespaces.size > 0
          ? `${map.source} ${map.name}`
          : map.source;
      const known = opened.get(key) ?? { root: map.format.open(input, context, draft, map.setup), draft };
      opened.set(key, known);
      const run = new Run(known.draft, known.root.native, input.sourceKey, { item: known.root.root, parent: null });
      if (map.match(known.root.root, run)) return map;
    } catch (error) {
      const { code, issues } = rejectError(error);
      return reject(code, issues[0]!.detail);
    }
  }
  return undefined;
}
