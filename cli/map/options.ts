/** The options by which every `dhc map` command is told where its source is. */
import { type Command, Option } from 'commander';
import { BridgeError } from '../../core/errors.ts';
import type { SourceKind } from '../../core/types.ts';
import { KINDS, type Named } from './items.ts';

export function sourceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--from <kind>', 'what the files hold; without it SOURCE is a feed of the config').choices(KINDS),
    )
    .option('--charset <label>', 'character set of content that declares none')
    .option('--record <path>', 'XML files of records: the elements that are records, e.g. ROWDATA/ROW')
    .option('--delimiter <sign>', 'sign between the fields of a table; found in its first line where left out');
}

export function namedSource(targets: readonly string[], options: Record<string, unknown>): Named {
  const text = (value: unknown) => (value === undefined ? undefined : String(value));
  const delimiter = text(options.delimiter);
  return {
    targets,
    from: options.from as SourceKind | undefined,
    charset: text(options.charset),
    record: text(options.record),
    delimiter: delimiter === '\\t' ? '\t' : delimiter,
  };
}

/** @throws BridgeError cli.usage unless it is a whole number of at least `least` */
export function wholeNumber(value: unknown, name: string, least: number): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= least) return number;
  throw new BridgeError('cli.usage', `${name} is no whole number of at least ${least}`, {
    hint: `for example ${name} ${least}`,
  });
}
