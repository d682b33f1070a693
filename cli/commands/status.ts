import type { Command } from 'commander';
import { action } from '../context.ts';
import { open } from '../open.ts';
import { exit, table } from '../output.ts';

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('what was read, normalised, stored and anchored of each feed, and what waits')
    .action(
      action(async (context) => {
        const opened = await open(context.config(), 'journal');
        try {
          const status = await opened.bridge.status();
          const rows = status.feeds.map((feed) => [
            feed.feed,
            feed.read,
            feed.pending,
            feed.normalized,
            feed.deadLettered,
            feed.duplicates,
            feed.stored,
            feed.final,
          ]);
          const states = Object.entries(status.batches).map(([state, count]) => `${count} ${state}`);
          context.out.result(
            status,
            `${table(['feed', 'read', 'pending', 'normalised', 'dead letters', 'seen before', 'stored', 'final'], rows)}\nbatches: ${states.join(', ') || 'none'}; open dead letters: ${status.openLetters}`,
          );
          return exit.ok;
        } finally {
          await opened.close();
        }
      }),
    );

  program
    .command('runs')
    .argument('[feed]', 'one feed; all where left out')
    .description('the latest runs')
    .option('--limit <n>', 'how many', '20')
    .action(
      action(async (context, [feed], { limit }) => {
        const opened = await open(context.config(), 'journal');
        try {
          const runs = await opened.bridge.journal.runs({ ...(feed && { feed }), limit: Number(limit) });
          const rows = runs.map((run) => [
            run.feed,
            run.state,
            run.startedAt,
            run.endedAt ?? '',
            run.read,
            run.duplicates,
            run.normalized,
            run.deadLettered,
            run.stored,
            run.final,
          ]);
          const header = [
            'feed',
            'state',
            'started',
            'ended',
            'read',
            'seen before',
            'normalised',
            'dead letters',
            'stored',
            'final',
          ];
          context.out.result({ runs }, table(header, rows));
          return exit.ok;
        } finally {
          await opened.close();
        }
      }),
    );
}
