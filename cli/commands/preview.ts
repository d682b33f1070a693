import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { connectors } from '../../connectors/index.ts';
import { BridgeError } from '../../core/errors.ts';
import { createLog } from '../../core/log.ts';
import type { Normalized, RefusedItem, Rejected, SourceItem, SourceKind } from '../../core/types.ts';
import { action, type Context, feedOf } from '../context.ts';
import { inputFiles } from '../convert/inputs.ts';
import { itemsOf } from '../convert/items.ts';
import { normalizeItem } from '../convert/normalize.ts';
import { studyFiles } from '../convert/studies.ts';
import { exit, table } from '../output.ts';
import { hospitalOf } from './convert.ts';

const KINDS = Object.keys(connectors) as SourceKind[];

export function registerPreview(program: Command): void {
  program
    .command('preview')
    .argument('<feed or file>', 'a feed of the config, or a file with --from')
    .description('one item: which element came from which place by which rule, and what was left over; writes nothing')
    .addOption(new Option('--from <kind>', 'what the file holds').choices(KINDS))
    .option('--skip <n>', 'items to pass over', '0')
    .option('--values', "print the bundle too, with the patient's values")
    .action(
      action(async (context, [target = ''], options) => {
        const item = await nthItem(
          items(context, target, options.from as SourceKind | undefined),
          Number(options.skip),
        );
        if (!item)
          throw new BridgeError('cli.not-found', 'there is no such item', {
            hint: 'skip fewer, or check that the source has any: `dhc discover`',
          });
        const result = await normalizeItem(item, {
          ...hospitalOf(context, options),
          feed: 'preview',
          receivedAt: item.receivedAt,
          trace: true,
        });
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

type Items = AsyncIterable<SourceItem | RefusedItem>;

async function* items(context: Context, target: string, from: SourceKind | undefined): Items {
  if (!from && existsSync(context.configFile)) yield* feedItems(context, target);
  else if (!from)
    throw new BridgeError('cli.usage', 'it is not said what the file holds', { hint: `add --from ${KINDS.join('|')}` });
  else if (from === 'dicom') for await (const { item } of studyFiles([target], context.signal)) yield item;
  else {
    for await (const file of inputFiles([target])) {
      yield* itemsOf(file, from);
      await file.close();
    }
  }
}

async function* feedItems(context: Context, name: string): Items {
  const config = context.config();
  const { enabled: _enabled, schedule: _schedule, ...feed } = feedOf(config, name);
  const connector = connectors[feed.kind as SourceKind];
  const source = connector.open(feed as never, {
    feed: name,
    timezone: config.hospital.timezone,
    log: createLog({ level: 'warn' }),
  });
  try {
    const limits = { items: 100, bytes: config.limits.batchBytes, itemBytes: config.limits.itemBytes };
    for await (const item of source.read(null, limits, context.signal)) if (item.type !== 'checkpoint') yield item;
  } finally {
    await source.close();
  }
}

async function nthItem(from: Items, skip: number) {
  let left = skip;
  for await (const item of from) if (left-- === 0) return item;
  return undefined;
}

function describe(result: Normalized | Rejected): string {
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
