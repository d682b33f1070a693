/** What every command shares: the global options, the config and Ctrl-C. */
import type { Command } from 'commander';
import type { BridgeConfig } from '../core/config/schema.ts';
import { BridgeError } from '../core/errors.ts';
import { createOutput, type ExitCode, exit, fail, type Output } from './output.ts';

export interface Context {
  readonly out: Output;
  /** Absolute or relative path as given. */
  readonly configFile: string;
  /** Aborted by Ctrl-C or SIGTERM; the second signal ends the process at once. */
  readonly signal: AbortSignal;
  config(): Promise<BridgeConfig>;
}

type Action = (context: Context, args: string[], options: Record<string, unknown>) => Promise<ExitCode>;

/** Wraps a command: builds its context, turns failures into `error:` and `hint:`, sets the exit code. */
export function action(run: Action) {
  return async (...parameters: unknown[]): Promise<void> => {
    const command = parameters.at(-1) as Command;
    const options = command.optsWithGlobals();
    const abort = new AbortController();
    const stop = () => {
      if (abort.signal.aborted) process.exit(exit.interrupted);
      abort.abort();
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
    const configFile = String(options.config ?? (process.env.DHC_CONFIG || 'bridge.yaml'));
    const context: Context = {
      out: createOutput(options.json === true),
      configFile,
      signal: abort.signal,
      config: () => readConfig(configFile),
    };
    try {
      const code = await run(context, command.args, options);
      process.exitCode = abort.signal.aborted && code === exit.ok ? exit.interrupted : code;
    } catch (error) {
      context.out.done();
      process.exitCode = abort.signal.aborted ? exit.interrupted : fail(error, context.out.json);
    } finally {
      process.off('SIGINT', stop).off('SIGTERM', stop);
    }
  };
}

/** Loaded for this: a command that needs no config starts without all that a config may name. */
async function readConfig(file: string): Promise<BridgeConfig> {
  const [{ loadConfig }, { configSchemas }] = await Promise.all([
    import('../core/config/load.ts'),
    import('../connectors/index.ts'),
  ]);
  return loadConfig(file, configSchemas);
}

/** The feed of that name, or an error that lists the names there are. */
export function feedOf(config: BridgeConfig, name: string): BridgeConfig['feeds'][string] {
  const feed = config.feeds[name];
  if (!feed) {
    throw new BridgeError('cli.usage', `there is no feed ${JSON.stringify(name)} in the config`, {
      hint: `the feeds are: ${Object.keys(config.feeds).join(', ') || '(none)'}`,
    });
  }
  return feed;
}

/** A whole number from an option. @throws BridgeError `cli.usage` */
export function countOf(option: string, value: unknown): number {
  if (!/^\d{1,9}$/.test(String(value))) {
    throw new BridgeError('cli.usage', `${option} is no whole number`, { hint: `for example ${option} 20` });
  }
  return Number(value);
}
