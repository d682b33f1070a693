/** Runs a compiled map over one item. Pure and synchronous; never throws for what the item holds. */
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { Draft, type Finish } from '../draft.ts';
import { reject, rejectError } from '../outcome.ts';
import type { CompiledMap } from './compile.ts';
import { runAll } from './resources.ts';
import { Run } from './run.ts';
import type { Opened } from './sources/format.ts';

export function runMap(map: CompiledMap, input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  const draft = new Draft(context, map.mapping);
  try {
    const end = draw(map, input, context, draft);
    return 'status' in end ? end : draft.finish(end);
  } catch (error) {
    const { code, issues } = rejectError(error);
    return draft.reject(code, issues[0]!.detail);
  }
}

/** Everything but the gate: the draft is filled, and told how to finish. */
export function draw(
  map: CompiledMap,
  input: NormalizeInput,
  context: NormalizeContext,
  draft: Draft,
): Finish | Rejected {
  const opened = map.format.open(input, context, draft, map.setup);
  opened.see();
  const run = new Run(draft, opened.native, input.sourceKey, { item: opened.root, parent: null });
  if (!map.match(opened.root, run))
    return draft.reject('item.unsupported', `the map ${map.name} does not take items like this`);
  run.element = 'refuse';
  const refusal = map.refusals.find(({ condition }) => condition.holds(run));
  if (refusal) return draft.reject(refusal.code, refusal.detail);
  run.element = 'owner';
  const owner = run.look(map.owner);
  if (owner === undefined) return draft.reject('item.no-patient', 'the item names no patient');
  run.owner = owner ?? undefined;
  runAll(map.steps, run);
  if (run.resources === 0) return draft.reject('item.unsupported', `the map ${map.name} makes nothing of this item`);
  run.element = 'occurred';
  const occurred = map.occurred?.get(run);
  return { patient: owner, source: opened.keep(), ...(typeof occurred === 'string' ? { occurred } : {}) };
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
