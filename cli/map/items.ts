/** Source items of what a command names: a feed of the config, or files and folders with `--from`. */
import { existsSync } from 'node:fs';
import { connectors } from '../../connectors/index.ts';
import { BridgeError } from '../../core/errors.ts';
import type { ReadLimits, RefusedItem, Source, SourceItem, SourceKind } from '../../core/types.ts';
import { type Context, feedOf } from '../context.ts';
import { inputFiles } from '../convert/inputs.ts';
import { itemsOf } from '../convert/items.ts';
import { studyFiles } from '../convert/studies.ts';
import type { TableSaid } from '../convert/table-form.ts';
import { openSource } from '../source.ts';

export const KINDS = Object.keys(connectors) as SourceKind[];

export interface Named extends TableSaid {
  /** Files, folders, or one feed of the config. */
  readonly targets: readonly string[];
  /** What files hold; without it the target is a feed. */
  readonly from?: SourceKind | undefined;
}

export type Items = AsyncIterable<SourceItem | RefusedItem>;

/** @throws BridgeError cli.usage where it is neither a feed nor said what the files hold */
export async function* namedItems(context: Context, { targets, from, ...said }: Named): Items {
  if (!from) {
    if (!existsSync(context.configFile)) throw usage();
    for (const target of targets) yield* feedItems(context, target);
  } else if (from === 'dicom') for await (const { item } of studyFiles(targets, context.signal)) yield item;
  else {
    for await (const file of inputFiles(targets)) {
      context.signal.throwIfAborted();
      try {
        yield* itemsOf(file, from, said);
      } finally {
        await file.close();
      }
    }
  }
}

/** The kind of what `namedItems` gives, without reading it. */
export async function kindOf(context: Context, { targets, from }: Named): Promise<SourceKind> {
  if (from) return from;
  if (!existsSync(context.configFile)) throw usage();
  return feedOf(await context.config(), targets[0] ?? '').kind as SourceKind;
}

function usage(): BridgeError {
  return new BridgeError('cli.usage', 'it is not said what the file holds', { hint: `add --from ${KINDS.join('|')}` });
}

async function* feedItems(context: Context, name: string): Items {
  const { limits } = await context.config();
  const source = await openSource(context, name, 'warn');
  yield* everything(source, { items: 1000, bytes: limits.batchBytes, itemBytes: limits.itemBytes }, context.signal);
}

/** Items that are remembered, so that a connector's overlap gives none twice. */
const REMEMBERED = 200_000;

/** Reads on from each checkpoint until a read that stops short of its limits meets nothing new (docs/decisions/0075). */
export async function* everything(source: Source, limits: ReadLimits, signal: AbortSignal): Items {
  const seen = new Set<string>();
  try {
    for (let cursor: unknown = null, ended = false; !ended; ) {
      let [read, fresh] = [0, 0];
      for await (const item of source.read(cursor, limits, signal)) {
        if (item.type === 'checkpoint') {
          cursor = item.cursor;
          continue;
        }
        read++;
        if (seen.has(item.sourceKey)) continue;
        fresh++;
        seen.add(item.sourceKey);
        if (seen.size > REMEMBERED) forgetHalf(seen);
        yield item;
      }
      ended = fresh === 0 && read < limits.items;
    }
  } finally {
    await source.close();
  }
}

/** A set gives its items in the order in which they came. */
function forgetHalf(seen: Set<string>): void {
  let left = REMEMBERED / 2;
  for (const key of seen) if (left-- > 0) seen.delete(key);
}
