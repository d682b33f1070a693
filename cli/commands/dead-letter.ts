import type { Command } from 'commander';
import { codes, type ErrorCode } from '../../core/codes.ts';
import { BridgeError } from '../../core/errors.ts';
import type { DeadLetterRow, DeadLetterState } from '../../core/journal/index.ts';
import { action, type Context, countOf } from '../context.ts';
import { type Opened, open } from '../open.ts';
import { exit, table } from '../output.ts';

export function registerDeadLetter(program: Command): void {
  const letters = program.command('dead-letter').description('items that could not be taken further, with their cause');

  letters
    .command('list')
    .description('open letters, newest first')
    .option('--feed <name>', 'of one feed')
    .option('--code <code>', 'of one cause')
    .option('--state <state>', 'open, retried, resolved, discarded or all', 'open')
    .option('--limit <n>', 'how many', '50')
    .action(
      action((context, _arguments, options) =>
        withJournal(context, async ({ bridge }) => {
          const rows = await bridge.journal.deadLetters(filterOf(options));
          const shown = rows.map(({ id, feed, stage, code, at, attempt, state }) => [
            id,
            feed,
            stage,
            code,
            at,
            attempt,
            state,
          ]);
          context.out.result(
            { letters: rows },
            table(['letter', 'feed', 'stage', 'cause', 'at', 'attempt', 'state'], shown),
          );
          return exit.ok;
        }),
      ),
    );

  letters
    .command('show')
    .argument('<letter>', 'number of the letter')
    .description('one letter: its cause, what to do, its OperationOutcome, and where the item came from')
    .action(
      action((context, [id]) =>
        withJournal(context, async (opened) => {
          const letter = await letterOf(opened, id!);
          const source = await opened.bridge.journal.sourceKey(letter.item);
          const spooled = letter.outcome ? await opened.bridge.spool.get(letter.outcome) : null;
          const outcome = spooled ? (JSON.parse(Buffer.from(spooled).toString()) as fhir4.OperationOutcome) : null;
          const issues = (outcome?.issue ?? []).map(({ severity, expression, details }) => [
            severity,
            expression?.[0] ?? '',
            details?.text ?? '',
          ]);
          context.out.result(
            { ...letter, source, hint: codes[letter.code].hint, outcome },
            `letter ${letter.id}: ${letter.code} (${letter.kind}) at ${letter.stage}, attempt ${letter.attempt}, ${letter.state}\nsource: ${source}\nhint: ${codes[letter.code].hint}\n${issues.length > 0 ? `\n${table(['severity', 'place', 'what'], issues)}` : ''}`,
          );
          return exit.ok;
        }),
      ),
    );

  letters
    .command('retry')
    .argument('[letter...]', 'numbers of letters')
    .description('a new attempt from the kept bytes, or from the source where they were not read')
    .option('--all', 'all open letters')
    .option('--feed <name>', 'all open letters of one feed')
    .option('--code <code>', 'all open letters of one cause')
    .action(
      action(async (context, ids, options) => {
        const opened = await open(await context.config(), 'worker', (line) => context.out.progress(line, line));
        try {
          const wanted = await chosen(opened, ids, options);
          const retried = await opened.bridge.retryDeadLetters(wanted, { signal: context.signal });
          for (const feed of retried.feeds)
            await opened.bridge.runFeed(feed, { mode: 'finish', signal: context.signal });
          await opened.bridge.waitAnchored({ signal: context.signal });
          const still = (await opened.bridge.journal.deadLetters({ state: 'open', limit: 100_000 })).length;
          context.out.result(
            { ...retried, open: still },
            `${retried.retried} retried, ${retried.missing} no longer given by their source, ${still} open now`,
          );
          return still > 0 ? exit.partial : exit.ok;
        } finally {
          await opened.close();
        }
      }),
    );

  letters
    .command('discard')
    .argument('[letter...]', 'numbers of letters')
    .description('close letters without a new attempt; they stay in the count and in the journal')
    .option('--all', 'all open letters')
    .option('--feed <name>', 'all open letters of one feed')
    .option('--code <code>', 'all open letters of one cause')
    .option('--yes', 'do not ask')
    .action(
      action((context, ids, options) =>
        withJournal(context, async (opened) => {
          const wanted = await chosen(opened, ids, options);
          if (!options.yes)
            throw new BridgeError('cli.usage', `${wanted.length} letters would be discarded`, {
              hint: 'say --yes if that is meant',
            });
          const discarded = await opened.bridge.journal.discard(wanted);
          context.out.result({ discarded }, `${discarded} discarded`);
          return exit.ok;
        }),
      ),
    );
}

async function withJournal<T>(context: Context, use: (opened: Opened) => Promise<T>): Promise<T> {
  const opened = await open(await context.config(), 'journal');
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

function filterOf(options: Record<string, unknown>) {
  const { feed, code, state, limit } = options;
  if (code !== undefined && !Object.hasOwn(codes, String(code)))
    throw new BridgeError('cli.usage', `${String(code)} is no code`, {
      hint: 'the codes stand in the list of letters',
    });
  return {
    ...(feed !== undefined && { feed: String(feed) }),
    ...(code !== undefined && { code: code as ErrorCode }),
    ...(state !== 'all' && { state: (state ?? 'open') as DeadLetterState }),
    limit: countOf('--limit', limit ?? 100_000),
  };
}

async function letterOf({ bridge }: Opened, id: string): Promise<DeadLetterRow> {
  const letter = await bridge.journal.deadLetter(Number(id));
  if (!letter)
    throw new BridgeError('cli.not-found', 'there is no such dead letter', { hint: 'see `dhc dead-letter list`' });
  return letter;
}

/** Named letters, or those that the filters choose; never all by accident. */
async function chosen(opened: Opened, ids: readonly string[], options: Record<string, unknown>): Promise<number[]> {
  if (ids.length > 0) return Promise.all(ids.map(async (id) => (await letterOf(opened, id)).id));
  if (!options.all && !options.feed && !options.code) {
    throw new BridgeError('cli.usage', 'no letters are named', { hint: 'name them, or say --all, --feed or --code' });
  }
  return (await opened.bridge.journal.deadLetters(filterOf(options))).map(({ id }) => id);
}
