import { type Command, Option } from 'commander';
import { BridgeError } from '../../../core/errors.ts';
import { action } from '../../context.ts';
import { exit } from '../../output.ts';
import { writeText } from '../files.ts';
import { kindOf, namedItems } from '../items.ts';
import { namedSource, sourceOptions, wholeNumber } from '../options.ts';
import { profile } from '../profile/profile.ts';
import { compose } from './compose.ts';
import { guess, SURE } from './guess.ts';
import { TARGETS, type Target } from './resources.ts';

export function registerSuggest(map: Command): void {
  sourceOptions(
    map
      .command('suggest')
      .argument('<source...>', 'files or folders with --from, or a feed of the config')
      .description('a first map of a table, from names, pinyin, dictionaries and value shapes; a person accepts it'),
  )
    .addOption(new Option('--for <type>', 'what a row is').choices([...TARGETS]).default('Observation'))
    .option('--name <name>', 'name of the map', 'suggested')
    .option('--limit <n>', 'rows to look at', '20000')
    .option('--out <file>', 'where the map goes; standard output where left out')
    .action(
      action(async (context, targets, options) => {
        const named = namedSource(targets, options);
        if ((await kindOf(context, named)) !== 'table')
          throw new BridgeError('cli.usage', 'maps are suggested for tables only', {
            hint: 'HL7 v2, CDA and DICOM have standard maps: overlay one (docs/mapping-language.md)',
          });
        const limit = wholeNumber(options.limit, '--limit', 1);
        const { columns, items } = await profile(namedItems(context, named), { limit });
        if (items === 0) throw new BridgeError('source.empty', 'the source has no row that can be read');
        const made = compose(mapName(options.name), options.for as Target, guess(columns), columns);
        if (options.out) writeText(String(options.out), made.map, false);
        context.out.result(
          { ...made, ...(options.out ? { file: String(options.out) } : {}) },
          options.out ? '' : made.map,
        );
        const taken = made.guesses.filter(({ score }) => score >= SURE).length;
        context.out.note(
          `${columns.length} columns: ${taken} suggested, ${made.guesses.length - taken} unsure, ${made.left.length} read by no rule`,
        );
        return exit.ok;
      }),
    );
}

function mapName(value: unknown): string {
  const name = String(value);
  if (/^[a-z][a-z0-9/-]*$/.test(name)) return name;
  throw new BridgeError('cli.usage', 'the name of a map has lower-case letters, digits, - and / only', {
    hint: 'for example --name chenguang-lis',
  });
}
