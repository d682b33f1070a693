import { type Command, Option } from 'commander';
import { BridgeError } from '../../core/errors.ts';
import type { Normalized, Rejected, SourceKind } from '../../core/types.ts';
import { normalizerOf } from '../../normalizer/one-kind.ts';
import { action, type Context, countOf, feedOf } from '../context.ts';
import { normalizeItems } from '../convert/normalize.ts';
import { readMap } from '../map/compiled.ts';
import { type Items, KINDS, namedItems } from '../map/items.ts';
import { exit, table } from '../output.ts';
import { hospitalOf } from './convert.ts';

export function registerPreview(program: Command): void {
  program
    .command('preview')
    .argument('<feed or file>', 'a feed of the config, or a file with --from')
    .description('one item: which element came from which place by which rule, and what was left over; writes nothing')
    .addOption(new Option('--from <kind>', 'what the file holds').choices(KINDS))
    .option('--map <file>', 'map to use instead of the shipped ones, or of the feed')
    .option('--skip <n>', 'items to pass over', '0')
    .option('--values', "print the bundle too, with the patient's values")
    .action(
      action(async (context, [target = ''], options) => {
        const item = await nthItem(
          namedItems(context, { targets: [target], from: options.from as SourceKind | undefined }),
          countOf('--skip', options.skip),
        );
        if (!item)
          throw new BridgeError('cli.not-found', 'there is no such item', {
            hint: 'skip fewer, or check that the source has any: `dhc discover`',
          });
        const map = await mapOf(context, target, options);
        const settings = {
          ...(await hospitalOf(context, options)),
          feed: 'preview',
          receivedAt: item.receivedAt,
          trace: true,
          ...(map ? { map: readMap(map) } : {}),
        };
        const [result] = (await normalizeItems([item], settings, await normalizerOf(item.kind))) as [
          Normalized | Rejected,
        ];
        const bundle = options.values && result.status !== 'rejected' ? result.bundle : undefined;
        context.out.result(
          {
            status: result.status,
            trace: 'trace' in result ? result.trace : [],
            issues: result.issues,
            coverage: result.coverage,
            bundle,
          },
          describe(result) + (bundle ? `\n${JSON.stringify(bundle, null, 2)}\n` : ''),
        );
        return result.status === 'rejected' ? exit.partial : exit.ok;
      }),
    );
}

/** The map named on the command line, else that of the feed. */
async function mapOf(context: Context, target: string, { map, from }: Record<string, unknown>) {
  if (map !== undefined) return String(map);
  return from === undefined ? feedOf(await context.config(), target).map : undefined;
}

async function nthItem(from: Items, skip: number) {
  let left = skip;
  for await (const item of from) if (left-- === 0) return item;
  return undefined;
}

/** What became of an item, without any value. */
export function describe(result: Normalized | Rejected): string {
  const parts: string[] = [];
  if (result.status === 'rejected') parts.push(`refused: ${result.code}\n`);
  else
    parts.push(
      table(
        ['element', 'source', 'rule'],
        (result.trace ?? []).map(({ element, source, rule }) => [element, source, rule]),
      ),
    );
  const { coverage, issues } = result;
  if (issues.length > 0)
    parts.push(
      `issues\n${table(
        ['severity', 'code', 'path', 'detail'],
        issues.map((issue) => [issue.severity, issue.code, issue.path, issue.detail]),
      )}`,
    );
  if (coverage) {
    const left = Object.entries(coverage.left);
    parts.push(
      `${coverage.seen} fields seen, ${coverage.mapped} mapped, ${coverage.seen - coverage.mapped} left over\n`,
    );
    if (left.length > 0) parts.push(table(['left over', 'times'], left));
    const codes = Object.entries(coverage.unmappedCodes);
    if (codes.length > 0) parts.push(table(['code without a mapping', 'times'], codes));
  }
  return parts.join('\n');
}
