import { existsSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { BridgeError } from '../../../core/errors.ts';
import { hospitalOf } from '../../commands/convert.ts';
import { describe } from '../../commands/preview.ts';
import { action, type Context } from '../../context.ts';
import { type ExitCode, exit, fail } from '../../output.ts';
import { readMap } from '../compiled.ts';
import { namedItems } from '../items.ts';
import { sourceOptions, wholeNumber } from '../options.ts';
import { mapItem, sourceOf } from './items.ts';

export function registerPreview(map: Command): void {
  sourceOptions(
    map
      .command('preview')
      .argument('<map>', 'map file')
      .argument('<source...>', 'files or folders, or a feed of the config')
      .description('one item: each element with its source place and its rule; writes nothing'),
  )
    .option('--skip <n>', 'items to pass over', '0')
    .option('--values', "print the bundle too, with the patient's values")
    .option('--watch', 'again at each change of the map or the source, until Ctrl-C')
    .option('--hospital <id>', 'id of the hospital')
    .option('--timezone <zone>', 'zone of times without an offset')
    .option('--patient-system <uri>', "identifier system of the hospital's own patient numbers")
    .action(
      action(async (context, [file = '', ...targets], options) => {
        if (!options.watch) return show(context, file, targets, options);
        if (context.out.json)
          throw new BridgeError('cli.usage', '--watch and --json do not go together', {
            hint: 'leave one of them out',
          });
        for await (const _change of changes(watched(file, targets), context.signal)) {
          context.out.note(`── ${file}`);
          try {
            await show(context, file, targets, options);
          } catch (error) {
            fail(error, false);
          }
        }
        return exit.ok;
      }),
    );
}

async function show(
  context: Context,
  file: string,
  targets: readonly string[],
  options: Record<string, unknown>,
): Promise<ExitCode> {
  const map = readMap(file);
  let skip = wholeNumber(options.skip, '--skip', 0) ?? 0;
  for await (const item of namedItems(context, sourceOf(targets, options, map))) {
    if (skip-- > 0) continue;
    const result = await mapItem(map, item, {
      ...(await hospitalOf(context, options)),
      feed: 'preview',
      receivedAt: item.receivedAt,
      trace: true,
    });
    const bundle = options.values && result.status !== 'rejected' ? result.bundle : undefined;
    const trace = 'trace' in result ? result.trace : [];
    context.out.result(
      { status: result.status, trace, issues: result.issues, coverage: result.coverage, bundle },
      describe(result) + (bundle ? `\n${JSON.stringify(bundle, null, 2)}\n` : ''),
    );
    return result.status === 'rejected' ? exit.partial : exit.ok;
  }
  throw new BridgeError('cli.not-found', 'there is no such item', {
    hint: 'skip fewer, or check that the source has any',
  });
}

/** Folders of the map, of what it names, and of the source. */
function watched(file: string, targets: readonly string[]): string[] {
  const files = [file, ...targets];
  try {
    // The shipped maps have names, but no files here.
    files.push(
      ...readMap(file)
        .files.map((one) => one.file)
        .filter((one) => existsSync(one)),
    );
  } catch {
    // A map that does not compile yet is watched by its own folder.
  }
  return [...new Set(files.map((one) => dirname(one)))];
}

/** Once at the start, then after each change; several changes within 100 ms are one. */
async function* changes(folders: readonly string[], signal: AbortSignal): AsyncGenerator<void> {
  let wake = () => {};
  let changed = true;
  const touch = () => {
    changed = true;
    wake();
  };
  const watchers = folders.map((folder) => watch(folder, touch));
  signal.addEventListener('abort', touch);
  try {
    while (!signal.aborted) {
      if (!changed) await new Promise<void>((resolve) => (wake = resolve));
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
      changed = false;
      yield;
    }
  } finally {
    for (const watcher of watchers) watcher.close();
    signal.removeEventListener('abort', touch);
  }
}
