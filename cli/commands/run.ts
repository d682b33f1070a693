import type { Command } from 'commander';
import { asBridgeError, type BridgeError } from '../../core/errors.ts';
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
        const config = await context.config();
        for (const name of names) feedOf(config, name);
        const feeds =
          names.length > 0 ? names : Object.keys(config.feeds).filter((feed) => config.feeds[feed]!.enabled);
        const opened = await open(config, 'worker', (line) => out.progress(line, line));
        try {
          const ended = await Promise.allSettled(
            feeds.map(async (feed) => ({
              feed,
              ...(await opened.bridge.runFeed(feed, {
                signal,
                onProgress: (progress) => out.progress(`${feed} ${progress.phase}`, line(feed, progress)),
              })),
            })),
          );
          const runs = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
          const failures = ended.flatMap((one, index) =>
            one.status === 'rejected' ? [{ feed: feeds[index]!, ...failureOf(one.reason) }] : [],
          );
          const anchored = await opened.bridge.waitAnchored({
            signal,
            onProgress: (left) => left > 0 && out.progress('anchoring', `anchoring: ${left} batches are not final yet`),
          });
          return report(out, { runs, failures, anchored });
        } finally {
          out.done();
          await opened.close();
        }
      }),
    );
}

type Run = IngestProgress & { feed: string };

interface Failure extends ReturnType<BridgeError['toJSON']> {
  readonly feed: string;
}

function failureOf(error: unknown) {
  return asBridgeError(error, 'item.internal', 'the run failed in a way it should not').toJSON();
}

interface Ended {
  readonly runs: readonly Run[];
  /** One feed that fails does not keep the others from their end. */
  readonly failures: readonly Failure[];
  readonly anchored: boolean;
}

function report(out: Output, { runs, failures, anchored }: Ended): ExitCode {
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
    { runs, failures, anchored },
    table(['feed', 'state', 'read', 'seen before', 'normalised', 'dead letters', 'stored'], rows),
  );
  out.note(
    anchored
      ? 'everything that was read is anchored and final'
      : 'stopped before everything was final; the next run goes on',
  );
  for (const { feed, message, hint } of failures) out.note(`error: ${feed}: ${message}\nhint: ${hint}`);
  if (failures.length > 0)
    return failures.every(({ kind }) => kind === 'transient') && runs.length === 0 ? exit.tryAgain : exit.failed;
  if (runs.some(({ phase }) => phase === 'failed' || phase === 'paused')) return exit.failed;
  return runs.some(({ deadLettered }) => deadLettered > 0) ? exit.partial : exit.ok;
}

function line(feed: string, { phase, read, normalized, deadLettered, stored }: IngestProgress): string {
  return `${feed}: ${phase}, ${read} read, ${normalized} normalised, ${deadLettered} dead letters, ${stored} stored`;
}
