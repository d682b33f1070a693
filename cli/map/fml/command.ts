import { type Command, Option } from 'commander';
import { action } from '../../context.ts';
import { exit } from '../../output.ts';
import { readText, writeText } from '../files.ts';
import { parseFml } from './parse.ts';
import { readStructureMap } from './structure-map.ts';
import { type ImportSource, translate } from './translate.ts';

export function registerImport(map: Command): void {
  const group = map.command('import').description('turn a map of another language into one of ours');
  group
    .command('fml')
    .argument('<file>', 'FHIR Mapping Language, or a StructureMap as JSON (R4, R5)')
    .description('import a StructureMap; what the mapping language cannot express is listed')
    .addOption(
      new Option('--source <kind>', 'what the items of the map are').choices(['json', 'table']).default('json'),
    )
    .option('--name <name>', 'name of the map', 'imported')
    .option('--out <file>', 'where the map goes; standard output where left out')
    .action(
      action(async (context, [file = ''], options) => {
        const text = readText(file);
        const model = /^\s*\{/.test(text) ? readStructureMap(text) : parseFml(text);
        const { map: made, left } = translate(model, String(options.name), options.source as ImportSource);
        if (options.out) writeText(String(options.out), made, false);
        context.out.result({ map: made, left }, options.out ? '' : made);
        for (const { line, what } of left) context.out.note(`${file}:${line}: not taken: ${what}`);
        context.out.note(
          left.length === 0 ? 'all of it was taken' : `${left.length} parts were not taken; write them by hand`,
        );
        return left.length > 0 ? exit.partial : exit.ok;
      }),
    );
}
