import type { Command } from 'commander';
import { action } from '../../context.ts';
import { exit, table } from '../../output.ts';
import { namedItems } from '../items.ts';
import { namedSource, sourceOptions, wholeNumber } from '../options.ts';
import { FEWEST, type Profile, profile } from './profile.ts';

export function registerProfile(map: Command): void {
  sourceOptions(
    map
      .command('profile')
      .argument('<source...>', 'files or folders with --from, or a feed of the config')
      .description('what a source holds: columns, types, fill, shapes, frequent values; writes nothing'),
  )
    .option('--patient <column>', "column of the patient's number, where its name does not tell")
    .option('--min-count <n>', `patients who must share a value before it is shown, at least ${FEWEST}`)
    .option('--limit <n>', 'items to read; all where left out')
    .action(
      action(async (context, targets, options) => {
        const made = await profile(namedItems(context, namedSource(targets, options)), {
          minCount: wholeNumber(options.minCount, '--min-count', FEWEST),
          limit: wholeNumber(options.limit, '--limit', 1),
          ...(options.patient ? { patient: String(options.patient) } : {}),
          onItem: (items) => {
            if (items % 10_000 === 0) context.out.progress(String(items), `${items} items`);
          },
        });
        context.out.result(made, describe(made));
        for (const note of notes(made)) context.out.note(note);
        return Object.keys(made.refused).length > 0 ? exit.partial : exit.ok;
      }),
    );
}

function describe({ columns }: Profile): string {
  const rows = columns.map((column) => [
    column.place,
    column.count,
    `${Math.floor(column.fill * 100)} %`,
    column.distinct,
    column.type,
    column.count === 0 ? '' : `${column.length.min}–${column.length.max}`,
    shares(column.shapes, column.count),
    column.top
      .slice(0, 5)
      .map(({ value, count }) => `${value.slice(0, 24)} ×${count}`)
      .join(', '),
  ]);
  return table(['place', 'values', 'fill', 'distinct', 'type', 'length', 'shapes', 'most frequent'], rows);
}

/** The three most frequent shapes. Shares are rounded down, so that one fault among many is no 100 %. */
function shares(shapes: Readonly<Record<string, number>>, count: number): string {
  return Object.entries(shapes)
    .slice(0, 3)
    .map(([shape, times]) => `${shape} ${times === count ? 100 : Math.floor((times / count) * 1000) / 10} %`)
    .join(', ');
}

function* notes({ items, refused, patients, morePlaces }: Profile): Generator<string> {
  yield `${items} items${patients > 0 ? `, about ${patients} patients` : ''}`;
  for (const [code, count] of Object.entries(refused)) yield `${count} items cannot be read: ${code}`;
  if (patients === 0 && items > 0)
    yield 'hint: no value is shown because no column is known to tell patients apart; name it with --patient';
  if (morePlaces > 0) yield `${morePlaces} values in places beyond the first 5000 were not profiled`;
}
