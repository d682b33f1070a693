import type { Command } from 'commander';
import type { RetryingStep } from '../../workflows/pending.ts';
import { action, countOf } from '../context.ts';
import { type Opened, open } from '../open.ts';
import { exit, table } from '../output.ts';

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('what was read, normalised, stored and anchored of each feed, and what waits')
    .action(
      action(async (context) => {
        const opened = await open(await context.config(), 'running');
        try {
          const status = await opened.bridge.status();
          const retrying = await retryingNow(opened);
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
            { ...status, retrying },
            `${table(['feed', 'read', 'pending', 'normalised', 'dead letters', 'seen before', 'stored', 'final'], rows)}\nbatches: ${states.join(', ') || 'none'}; open dead letters: ${status.openLetters}\n${describe(retrying)}`,
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
        const opened = await open(await context.config(), 'journal');
        try {
          const runs = await opened.bridge.journal.runs({ ...(feed && { feed }), limit: countOf('--limit', limit) });
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

/** Null where no service runs that could be asked: the journal is shown all the same. */
async function retryingNow({ bridge, services }: Opened): Promise<RetryingStep[] | null> {
  if (!services) return null;
  try {
    return await (await bridge.flows()).retrying();
  } catch {
    return null;
  }
}

function describe(retrying: readonly RetryingStep[] | null): string {
  if (retrying === null) return 'no bridge runs on this data folder';
  if (retrying.length === 0) return 'nothing is being repeated';
  const rows = retrying.map(({ workflow, step, attempt, code, next }) => [
    workflow,
    step,
    attempt,
    code ?? 'the worker ended',
    next ?? 'now',
  ]);
  return `\nbeing repeated\n${table(['workflow', 'step', 'attempt', 'last error', 'next'], rows)}`;
}
