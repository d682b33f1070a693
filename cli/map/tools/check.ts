import type { Command } from 'commander';
import { action } from '../../context.ts';
import { exit } from '../../output.ts';
import { readMap } from '../compiled.ts';

export function registerCheck(map: Command): void {
  map
    .command('check')
    .argument('<map...>', 'map files')
    .description('compile maps against R4 and list every problem with file, line, column and hint; reads no data')
    .action(
      action(async (context, files) => {
        const maps = files.map((file) => {
          const { name, version, source, sha256, outline } = readMap(file);
          return { file, name, version, source, sha256, rules: outline.length };
        });
        const lines = maps.map(
          ({ file, name, version, rules }) => `${file}: ${name} ${version} is right: ${rules} rules`,
        );
        context.out.result({ maps }, lines.join('\n'));
        return exit.ok;
      }),
    );
}
