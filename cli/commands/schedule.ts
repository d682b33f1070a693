import type { Command } from 'commander';
import { BridgeError } from '../../core/errors.ts';
import type { Schedules } from '../../workflows/schedules.ts';
import { action, type Context, feedOf } from '../context.ts';
import { open } from '../open.ts';
import { exit, table } from '../output.ts';

export function registerSchedule(program: Command): void {
  const schedule = program.command('schedule').description('when feeds are read by themselves');

  schedule
    .command('list')
    .description('all schedules, with their next and last run')
    .action(
      action((context) =>
        withSchedules(context, async (schedules) => {
          const rows = await schedules.list();
          const shown = rows.map(({ feed, paused, next, last, missed, note }) => [
            feed,
            paused ? 'paused' : 'active',
            next ?? '',
            last ?? '',
            missed,
            note,
          ]);
          context.out.result({ schedules: rows }, table(['feed', 'state', 'next', 'last', 'missed', 'note'], shown));
        }),
      ),
    );

  schedule
    .command('set')
    .argument('<feed>')
    .description("read a feed at an interval or by a cron expression in the hospital's zone")
    .option('--every <interval>', 'such as 15m')
    .option('--cron <expression>', 'such as "0 22 * * *"')
    .action(
      action(async (context, [feed], { every, cron }) => {
        feedOf(await context.config(), feed!);
        if ((every === undefined) === (cron === undefined))
          throw new BridgeError('cli.usage', 'a schedule has an interval or a cron expression', {
            hint: 'for example --every 15m',
          });
        return withSchedules(context, async (schedules) => {
          await schedules.set(feed!, { every: every as string | undefined, cron: cron as string | undefined });
          context.out.result({ feed, every, cron }, `${feed} is read ${every ? `every ${every}` : `at ${cron}`}`);
        });
      }),
    );

  schedule
    .command('pause')
    .argument('<feed>')
    .description('leave out the runs of a feed until it is resumed')
    .option('--note <text>', 'why', '')
    .action(
      action((context, [feed], { note }) =>
        withSchedules(context, async (schedules) => {
          await schedules.pause(feed!, String(note));
          context.out.result({ feed, paused: true }, `${feed} is paused`);
        }),
      ),
    );

  schedule
    .command('resume')
    .argument('<feed>')
    .description('let a paused feed run again')
    .action(
      action((context, [feed]) =>
        withSchedules(context, async (schedules) => {
          await schedules.resume(feed!);
          context.out.result({ feed, paused: false }, `${feed} runs again`);
        }),
      ),
    );

  schedule
    .command('remove')
    .argument('<feed>')
    .description('take a schedule away')
    .action(
      action((context, [feed]) =>
        withSchedules(context, async (schedules) => {
          const removed = await schedules.remove(feed!);
          context.out.result(
            { feed, removed },
            removed ? `${feed} has no schedule any more` : `${feed} had no schedule`,
          );
        }),
      ),
    );
}

async function withSchedules(context: Context, use: (schedules: Schedules) => Promise<void>) {
  const opened = await open(await context.config(), 'services');
  try {
    await use((await opened.bridge.flows()).schedules);
    return exit.ok;
  } finally {
    await opened.close();
  }
}
