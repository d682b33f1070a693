import type { Command } from 'commander';
import type { Normalized, Rejected } from '../../../core/types.ts';
import { hospitalOf } from '../../commands/convert.ts';
import { action } from '../../context.ts';
import { exit, table } from '../../output.ts';
import { readMap } from '../compiled.ts';
import { namedItems } from '../items.ts';
import { sourceOptions, wholeNumber } from '../options.ts';
import { differences, withoutIndices } from './compare.ts';
import { mapItem, sourceOf } from './items.ts';

export function registerDiff(map: Command): void {
  sourceOptions(
    map
      .command('diff')
      .argument('<old>', 'map file')
      .argument('<new>', 'map file')
      .argument('<sample...>', 'files or folders, or a feed of the config')
      .description('which resources and elements change when one map takes the place of another'),
  )
    .option('--limit <n>', 'items to read; all where left out')
    .option('--hospital <id>', 'id of the hospital')
    .option('--timezone <zone>', 'zone of times without an offset')
    .option('--patient-system <uri>', "identifier system of the hospital's own patient numbers")
    .action(
      action(async (context, [oldFile = '', newFile = '', ...samples], options) => {
        const [before, after] = [readMap(oldFile), readMap(newFile)];
        const change = new Change();
        const limit = wholeNumber(options.limit, '--limit', 1) ?? Number.POSITIVE_INFINITY;
        const settings = await hospitalOf(context, options);
        for await (const item of namedItems(context, sourceOf(samples, options, after))) {
          if (change.items >= limit) break;
          const given = { ...settings, feed: 'diff', receivedAt: item.receivedAt };
          change.add(await mapItem(before, item, given), await mapItem(after, item, given));
        }
        context.out.result(change.document(), change.text());
        context.out.note(`${change.items} items, ${change.changedItems} of them change`);
        return exit.ok;
      }),
    );
}

/** Counts only: no value of a patient. */
class Change {
  items = 0;
  changedItems = 0;
  readonly #statuses = new Map<string, number>();
  readonly #resources = new Map<string, { added: number; removed: number; changed: number }>();
  readonly #elements = new Map<string, number>();

  add(before: Normalized | Rejected, after: Normalized | Rejected): void {
    this.items++;
    let isChanged = before.status !== after.status;
    if (isChanged) bump(this.#statuses, `${before.status} → ${after.status}`);
    const [old, now] = [resourcesOf(before), resourcesOf(after)];
    for (const url of new Set([...old.keys(), ...now.keys()])) {
      const [was, is] = [old.get(url), now.get(url)];
      const type = (is ?? was)!.resourceType;
      const found = was && is ? differences(was, is, type) : [];
      if (was && is && found.length === 0) continue;
      isChanged = true;
      const counts = this.#resources.get(type) ?? { added: 0, removed: 0, changed: 0 };
      counts[!was ? 'added' : !is ? 'removed' : 'changed']++;
      this.#resources.set(type, counts);
      for (const place of new Set(found.map(({ kind, path }) => `${kind} ${withoutIndices(path)}`)))
        bump(this.#elements, place);
    }
    if (isChanged) this.changedItems++;
  }

  document() {
    const { items, changedItems } = this;
    const lists = [this.#statuses, this.#elements].map((counts) => Object.fromEntries(counts));
    return {
      items,
      changedItems,
      statuses: lists[0],
      resources: Object.fromEntries(this.#resources),
      elements: lists[1],
    };
  }

  text(): string {
    const parts: string[] = [];
    const list = (title: string, counts: ReadonlyMap<string, number>) => {
      if (counts.size > 0)
        parts.push(
          table(
            [title, 'items'],
            [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)),
          ),
        );
    };
    list('outcome', this.#statuses);
    const rows = [...this.#resources]
      .sort()
      .map(([type, { added, removed, changed }]) => [type, added, removed, changed]);
    if (rows.length > 0) parts.push(table(['resource', 'added', 'removed', 'changed'], rows));
    list('element', this.#elements);
    return parts.length > 0 ? parts.join('\n') : 'nothing changes\n';
  }
}

/** By URL; the Provenance names the map and differs always. */
function resourcesOf(result: Normalized | Rejected): Map<string, fhir4.Resource> {
  const entries = result.status === 'rejected' ? [] : (result.bundle.entry ?? []);
  return new Map(
    entries.flatMap(({ fullUrl = '', resource }) =>
      resource && resource.resourceType !== 'Provenance' ? [[fullUrl, resource] as const] : [],
    ),
  );
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
