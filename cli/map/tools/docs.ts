import type { Command } from 'commander';
import type { CompiledMap, OutlineEntry } from '../../../normalizer/mapping/index.ts';
import { action } from '../../context.ts';
import { exit } from '../../output.ts';
import { readMap } from '../compiled.ts';
import { writeText } from '../files.ts';

export function registerDocs(map: Command): void {
  map
    .command('docs')
    .argument('<map>', 'map file')
    .description('a page of what goes where, in Markdown')
    .option('--out <file>', 'where the page goes; standard output where left out')
    .action(
      action(async (context, [file = ''], options) => {
        const compiled = readMap(file);
        const page = pageOf(compiled);
        if (options.out) writeText(String(options.out), page, true);
        const { name, version, outline } = compiled;
        context.out.result({ name, version, rules: outline, page }, options.out ? '' : page);
        return exit.ok;
      }),
    );
}

/** The same map gives the same bytes. */
export function pageOf(map: CompiledMap): string {
  const parts = [
    `# ${map.title ?? map.name}\n`,
    `Map \`${map.name}\` ${map.version} reads ${map.source}. SHA-256 over all its files: \`${map.sha256}\`\n`,
  ];
  for (const [resource, rules] of groups(map.outline)) {
    parts.push(`## ${resource || 'Items, owner and refusals'}\n`, rulesTable(rules));
  }
  if (map.codes.size > 0) parts.push('## Code maps\n', codesTable(map));
  parts.push('## Files\n', `${map.files.map(({ file, sha256 }) => `- \`${file}\` ${sha256}`).join('\n')}\n`);
  return parts.join('\n');
}

function groups(outline: readonly OutlineEntry[]): Map<string, OutlineEntry[]> {
  const found = new Map<string, OutlineEntry[]>();
  for (const entry of outline) found.set(entry.resource, [...(found.get(entry.resource) ?? []), entry]);
  return found;
}

function rulesTable(rules: readonly OutlineEntry[]): string {
  const rows = rules.map(({ element, addresses, converter, literal, file, line }) => {
    const from =
      addresses.length > 0 ? addresses.map(code).join(' ') : literal === undefined ? '' : `always ${code(literal)}`;
    return `| ${code(element)} | ${from} | ${converter && code(converter)} | ${file}:${line} |`;
  });
  return `| element | from | read as | rule |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function codesTable({ codes }: CompiledMap): string {
  const rows = [...codes.values()].map(
    (one) => `| ${code(one.name)} | ${one.size} | ${one.system ?? ''} | ${one.default?.code ?? ''} |`,
  );
  return `| code map | codes | system | for codes without a mapping |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|').replaceAll('`', "'")}\``;
}
