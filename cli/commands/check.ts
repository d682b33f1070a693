import type { Command } from 'commander';
import type { CheckStep, Discovered } from '../../core/types.ts';
import { action, type Context, feedOf } from '../context.ts';
import { exit, table } from '../output.ts';
import { withSource } from '../source.ts';

export function registerCheck(program: Command): void {
  program
    .command('check')
    .argument('[feed]', 'one feed; all where left out')
    .description('connect to the sources, authenticate, ask one empty query; moves no data')
    .action(
      action(async (context, [name]) => {
        const checked: { feed: string; steps: CheckStep[] }[] = [];
        for (const feed of await feedNames(context, name)) {
          checked.push({ feed, steps: await withSource(context, feed, (source) => source.check(context.signal)) });
        }
        const rows = checked.flatMap(({ feed, steps }) =>
          steps.map(({ name, status, detail }) => [feed, name, status, detail]),
        );
        context.out.result({ feeds: checked }, table(['feed', 'step', 'status', 'detail'], rows));
        const failed = checked.some(({ steps }) => steps.some(({ status }) => status === 'fail'));
        if (failed) context.out.note('hint: mend the first failed step of each feed; the later ones hang on it');
        return failed ? exit.failed : exit.ok;
      }),
    );
}

export function registerDiscover(program: Command): void {
  program
    .command('discover')
    .argument('[feed]', 'one feed; all where left out')
    .description('what a source offers: folders, resource types, studies, with counts')
    .action(
      action(async (context, [name]) => {
        const found: (Discovered & { feed: string })[] = [];
        for (const feed of await feedNames(context, name)) {
          await withSource(context, feed, async (source) => {
            for await (const offer of source.discover?.(context.signal) ?? []) found.push({ feed, ...offer });
          });
        }
        const rows = found.map(({ feed, name, count, detail }) => [feed, name, count ?? '', detail ?? '']);
        context.out.result({ found }, table(['feed', 'name', 'count', 'detail'], rows));
        if (found.length === 0) context.out.note('nothing is offered by name; `dhc preview <feed>` shows an item');
        return exit.ok;
      }),
    );
}

async function feedNames(context: Context, name: string | undefined): Promise<string[]> {
  const config = await context.config();
  if (name !== undefined) feedOf(config, name);
  return name === undefined ? Object.keys(config.feeds).filter((feed) => config.feeds[feed]!.enabled) : [name];
}
