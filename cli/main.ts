/** The command line: thin over the same functions that the bridge and the demo use. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { BridgeError } from '../core/errors.ts';
import { registerAlliance } from './commands/alliance.ts';
import { registerCheck, registerDiscover } from './commands/check.ts';
import { registerConfig } from './commands/config.ts';
import { registerConvert } from './commands/convert.ts';
import { registerDeadLetter } from './commands/dead-letter.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerInit } from './commands/init.ts';
import { registerKeys } from './commands/keys.ts';
import { registerMap } from './commands/map.ts';
import { registerPatient } from './commands/patient.ts';
import { registerPreview } from './commands/preview.ts';
import { registerRun } from './commands/run.ts';
import { registerSchedule } from './commands/schedule.ts';
import { registerServices } from './commands/services.ts';
import { registerShare } from './commands/share.ts';
import { registerStart } from './commands/start.ts';
import { registerStatus } from './commands/status.ts';
import { registerVerify } from './commands/verify.ts';
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

registerInit(program);
registerConfig(program);
registerConvert(program);
registerPreview(program);
registerMap(program);
registerCheck(program);
registerDiscover(program);
registerRun(program);
registerSchedule(program);
registerStatus(program);
registerVerify(program);
registerDeadLetter(program);
registerKeys(program);
registerPatient(program);
registerShare(program);
registerAlliance(program);
registerDoctor(program);
registerServices(program);
registerStart(program);

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
