import type { Command } from 'commander';
import { BridgeError } from '../../core/errors.ts';
import { action, type Context } from '../context.ts';
import { startHttp } from '../http.ts';
import { type Opened, open } from '../open.ts';
import { exit } from '../output.ts';

export function registerStart(program: Command): void {
  program
    .command('start')
    .description('the bridge: services, workers, listeners, schedules; stays up until Ctrl-C')
    .action(
      action(async (context) => {
        const { out, signal } = context;
        const config = await context.config();
        const opened = await open(config, 'worker', (line) => out.note(line));
        try {
          if (!opened.works) throw new BridgeError('cli.busy', 'another bridge works on this data folder');
          for (const { feed, listener } of await opened.bridge.startListeners())
            out.note(`${feed} listens at ${listener.address}`);
          await applySchedules(context, opened);
          const http = config.http ? await startHttp(config.http, opened) : undefined;
          if (http) out.note(`metrics and health at ${http.address}`);
          out.note('the bridge is up; Ctrl-C stops it');
          if (!signal.aborted)
            await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
          out.note('stopping: the steps in hand are finished');
          await http?.close();
          return exit.ok;
        } finally {
          await opened.close();
        }
      }),
    );
}

/** The schedules of the config; feeds that are not pushed to and have none are read once now. */
async function applySchedules({ out, config }: Context, { bridge }: Opened): Promise<void> {
  const flows = await bridge.flows();
  for (const [name, feed] of Object.entries((await config()).feeds)) {
    if (!feed.enabled) continue;
    if (feed.schedule) {
      await flows.schedules.set(name, feed.schedule);
      out.note(`${name} is read ${feed.schedule.every ? `every ${feed.schedule.every}` : `at ${feed.schedule.cron}`}`);
    }
    if (!bridge.sources.get(name).source.listen) {
      await flows.start(name, 'drain');
      out.note(`${name} is read now`);
    }
  }
}
