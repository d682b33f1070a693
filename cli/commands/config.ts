import type { Command } from 'commander';
import { configSchemas } from '../../connectors/index.ts';
import { jsonSchema } from '../../core/config/load.ts';
import { configSchema } from '../../core/config/schema.ts';
import { action } from '../context.ts';
import { exit } from '../output.ts';

export function registerConfig(program: Command): void {
  const config = program.command('config').description('check the config, or print its JSON Schema');

  config
    .command('check')
    .description('read the config and list everything that is wrong with it')
    .action(
      action(async ({ out, config, configFile }) => {
        const feeds = Object.keys((await config()).feeds);
        out.result({ config: configFile, feeds }, `${configFile} is right: ${feeds.length} feeds`);
        return exit.ok;
      }),
    );

  config
    .command('schema')
    .description('print the JSON Schema of the config, for editors')
    .action(
      action(async ({ out }) => {
        const schema = jsonSchema(configSchema(configSchemas));
        out.result({ schema }, JSON.stringify(schema, null, 2));
        return exit.ok;
      }),
    );
}
