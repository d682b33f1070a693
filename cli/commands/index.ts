/** The commands, in the order of the help. Only the one that is called is loaded: all together take 100 MB and a second. */
import type { Command } from 'commander';
import { startSmall } from '../engine.ts';

interface CommandModule {
  readonly names: readonly string[];
  register(program: Command): Promise<void>;
}

const MODULES: readonly CommandModule[] = [
  { names: ['init'], register: async (program) => (await import('./init.ts')).registerInit(program) },
  { names: ['config'], register: async (program) => (await import('./config.ts')).registerConfig(program) },
  {
    names: ['convert'],
    register: async (program) => {
      startSmall();
      (await import('./convert.ts')).registerConvert(program);
    },
  },
  { names: ['preview'], register: async (program) => (await import('./preview.ts')).registerPreview(program) },
  { names: ['map'], register: async (program) => (await import('./map.ts')).registerMap(program) },
  {
    names: ['check', 'discover'],
    register: async (program) => {
      const { registerCheck, registerDiscover } = await import('./check.ts');
      registerCheck(program);
      registerDiscover(program);
    },
  },
  { names: ['run'], register: async (program) => (await import('./run.ts')).registerRun(program) },
  { names: ['schedule'], register: async (program) => (await import('./schedule.ts')).registerSchedule(program) },
  { names: ['status', 'runs'], register: async (program) => (await import('./status.ts')).registerStatus(program) },
  { names: ['verify', 'receipts'], register: async (program) => (await import('./verify.ts')).registerVerify(program) },
  {
    names: ['dead-letter'],
    register: async (program) => (await import('./dead-letter.ts')).registerDeadLetter(program),
  },
  { names: ['keys'], register: async (program) => (await import('./keys.ts')).registerKeys(program) },
  { names: ['patient'], register: async (program) => (await import('./patient.ts')).registerPatient(program) },
  { names: ['share'], register: async (program) => (await import('./share.ts')).registerShare(program) },
  { names: ['alliance'], register: async (program) => (await import('./alliance.ts')).registerAlliance(program) },
  { names: ['doctor'], register: async (program) => (await import('./doctor.ts')).registerDoctor(program) },
  { names: ['up', 'down'], register: async (program) => (await import('./services.ts')).registerServices(program) },
  { names: ['start'], register: async (program) => (await import('./start.ts')).registerStart(program) },
];

/** Registers the command that these arguments call; all of them for the help and for words that are no command. */
export async function registerCommands(program: Command, args: readonly string[]): Promise<void> {
  const word = commandOf(args);
  const called = MODULES.filter(({ names }) => word !== undefined && names.includes(word));
  for (const { register } of called.length > 0 ? called : MODULES) await register(program);
}

/** The first word that is no option and no value of `--config`. */
function commandOf(args: readonly string[]): string | undefined {
  return args.find((arg, index) => !arg.startsWith('-') && args[index - 1] !== '--config');
}
