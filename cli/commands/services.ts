import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { BridgeError } from '../../core/errors.ts';
import { attachServices } from '../../services/index.ts';
import { isAlive } from '../../services/process.ts';
import { readRunState } from '../../services/state.ts';
import { action, type Context } from '../context.ts';
import { open } from '../open.ts';
import { exit, table } from '../output.ts';

export function registerServices(program: Command): void {
  program
    .command('up')
    .description('start the services and leave them running in the background')
    .option('--foreground', 'stay, and stop them with Ctrl-C')
    .action(
      action((context, _arguments, { foreground }) =>
        foreground ? foregroundServices(context) : backgroundServices(context),
      ),
    );

  program
    .command('down')
    .description('stop the services, or the bridge that runs them')
    .action(
      action(async ({ out, config }) => {
        const state = readRunState((await config()).data);
        if (!state) {
          out.result({ stopped: false }, 'nothing runs on this data folder');
          return exit.ok;
        }
        process.kill(state.supervisor.pid, 'SIGTERM');
        for (let waited = 0; isAlive(state.supervisor); waited += 100) {
          if (waited > 60_000)
            throw new BridgeError('service.failed', 'the bridge does not stop', {
              hint: `end process ${state.supervisor.pid}`,
            });
          out.progress('down', 'stopping');
          await delay(100);
        }
        out.result({ stopped: true }, 'stopped');
        return exit.ok;
      }),
    );
}

async function foregroundServices({ out, config, signal }: Context) {
  const opened = await open(await config(), 'services', (line) => out.note(line));
  try {
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    return exit.ok;
  } finally {
    await opened.close();
  }
}

/** A process of its own, so that the services live on when this command has ended. */
async function backgroundServices({ out, config, configFile }: Context) {
  const { data } = await config();
  if (!readRunState(data)) {
    mkdirSync(join(data, 'logs'), { recursive: true, mode: 0o700 });
    const log = openSync(join(data, 'logs', 'up.log'), 'a', 0o600);
    const main = join(import.meta.dirname, '..', 'main.ts');
    const child = spawn(process.execPath, [main, 'up', '--foreground', '--config', configFile], {
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.unref();
    while (!readRunState(data)) {
      if (child.exitCode !== null)
        throw new BridgeError('service.failed', 'the services did not start', {
          hint: `see ${join(data, 'logs', 'up.log')}`,
        });
      out.progress('up', 'starting');
      await delay(100);
    }
  }
  const services = await attachServices(data);
  const health = await services.health();
  const rows = health.map(({ name, status, address }) => [name, status, address]);
  out.result({ services: health }, table(['service', 'status', 'address'], rows));
  return health.every(({ status }) => status === 'ok') ? exit.ok : exit.failed;
}
