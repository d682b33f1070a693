/** The command line: thin over the same functions that the bridge and the demo use. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { BridgeError } from '../core/errors.ts';
import { registerCommands } from './commands/index.ts';
import { keepCompiled } from './compile-cache.mjs';
import { type ExitCode, exit, fail } from './output.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('dhc')
  .description('DHC Bridge: from hospital systems to sealed, anchored, verifiable records')
  .option('--config <file>', 'config file (default: $DHC_CONFIG or bridge.yaml)')
  .option('--json', 'one JSON document on stdout')
  .version(version, '--version')
  // Usage errors are printed as all others are, below.
  .configureOutput({ outputError: () => {} })
  .exitOverride();

// Once more, for those who do not come by `dhc.mjs`: the commands are most of what there is to compile.
keepCompiled();
await registerCommands(program, process.argv.slice(2));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exit.ok : usage(error);
}

/** Without a command the help was printed already. */
function usage({ code, message }: CommanderError): ExitCode {
  if (code === 'commander.help') return exit.usage;
  const what = message.replace(/^error: /, '').replaceAll('\n', ' ');
  return fail(new BridgeError('cli.usage', what), process.argv.includes('--json'));
}
