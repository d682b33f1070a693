import type { Command } from 'commander';
import type { IngestProgress } from '../../workflows/flows/contract.ts';
import { action, feedOf } from '../context.ts';
import { open } from '../open.ts';
import { type ExitCode, exit, type Output, table } from '../output.ts';

export function registerRun(program: Command): void {
  program
    .command('run')
    .argument('[feed...]', 'feeds to read; all enabled ones where left out')
    .description(
      'read feeds until they have nothing more, and anchor what was read; Ctrl-C stops, the next run goes on',
    )
    .action(
      action(async (context, names) => {
        const { out, signal } = context;
        const config = context.config();
        for (const name of names) feedOf(config, name);
        const feeds =
          names.length > 0 ? names : Object.keys(config.feeds).filter((feed) => config.feeds[feed]!.enabled);
        const opened = await open(config, 'worker', (line) => out.progress(line, line));
        try {
          const runs = await Promise.all(
            feeds.map(async (feed) => ({
              feed,
              ...(await opened.bridge.runFeed(feed, {
                signal,
                onProgress: (progress) => out.progress(`${feed} ${progress.phase}`, line(feed, progress)),
              })),
            })),
          );
          const anchored = await opened.bridge.waitAnchored({
            signal,
            onProgress: (left) => out.progress('anchoring', `anchoring: ${left} batches are not final yet`),
          });
          return report(out, runs, anchored);
        } finally {
          out.done();
          await opened.close();
        }
      }),
    );
}

type Run = IngestProgress & { feed: string };

function report(out: Output, runs: readonly Run[], anchored: boolean): ExitCode {
  const rows = runs.map((run) => [
    run.feed,
    run.phase,
    run.read,
    run.duplicates,
    run.normalized,
    run.deadLettered,
    run.stored,
  ]);
  out.result(
    { runs, anchored },
    table(['feed', 'state', 'read', 'seen before', 'normalised', 'dead letters', 'stored'], rows),
  );
  out.note(
    anchored
      ? 'everything that was read is anchored and final'
      : 'stopped before everything was final; the next run goes on',
  );
  if (runs.some(({ phase }) => phase === 'failed' || phase === 'paused')) return exit.failed;
  return runs.some(({ deadLettered }) => deadLettered > 0) ? exit.partial : exit.ok;
}

function line(feed: string, { phase, read, normalized, deadLettered, stored }: IngestProgress): string {
  return `${feed}: ${phase}, ${read} read, ${normalized} normalised, ${deadLettered} dead letters, ${stored} stored`;
}
