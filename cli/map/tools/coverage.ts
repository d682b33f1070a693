import type { Command } from 'commander';
import type { Coverage, Normalized, Rejected } from '../../../core/types.ts';
import { writeCodeCsv } from '../../../normalizer/terminology/code-map.ts';
import { systemUri } from '../../../normalizer/terminology/systems.ts';
import { hospitalOf } from '../../commands/convert.ts';
import { action } from '../../context.ts';
import { exit, table } from '../../output.ts';
import { workList } from '../codes/work-list.ts';
import { readMap } from '../compiled.ts';
import { writeText } from '../files.ts';
import { namedItems } from '../items.ts';
import { sourceOptions, wholeNumber } from '../options.ts';
import { mapItem, sourceOf } from './items.ts';

export function registerCoverage(map: Command): void {
  sourceOptions(
    map
      .command('coverage')
      .argument('<map>', 'map file')
      .argument('<source...>', 'files or folders, or a feed of the config')
      .description(
        'what of a source the map never reads, and which codes it does not know, by volume; writes no record',
      ),
  )
    .option('--limit <n>', 'items to read; all where left out')
    .option('--codes <file>', 'CSV of the codes without a mapping, to be filled')
    .option('--system <uri>', 'system of the codes to be filled in', 'http://loinc.org')
    .option('--hospital <id>', 'id of the hospital')
    .option('--timezone <zone>', 'zone of times without an offset')
    .option('--patient-system <uri>', "identifier system of the hospital's own patient numbers")
    .action(
      action(async (context, [file = '', ...targets], options) => {
        const compiled = readMap(file);
        const report = new Report();
        const limit = wholeNumber(options.limit, '--limit', 1) ?? Number.POSITIVE_INFINITY;
        const settings = await hospitalOf(context, options);
        for await (const item of namedItems(context, sourceOf(targets, options, compiled))) {
          if (report.items >= limit) break;
          const given = { ...settings, feed: 'coverage', receivedAt: item.receivedAt, trace: true };
          report.add(await mapItem(compiled, item, given));
          if (report.items % 10_000 === 0) context.out.progress(String(report.items), `${report.items} items`);
        }
        const codes = workList(
          [...report.codes].map(([code, count]) => ({ code, count })),
          systemUri(String(options.system)),
        );
        if (options.codes) writeText(String(options.codes), writeCodeCsv(codes), true);
        context.out.result(report.document(), report.text());
        context.out.note(
          `${report.items} items: ${[...report.statuses].map(([status, count]) => `${count} ${status}`).join(', ')}`,
        );
        if (options.codes) context.out.note(`${codes.length} codes without a mapping written to ${options.codes}`);
        return report.statuses.has('rejected') ? exit.partial : exit.ok;
      }),
    );
}

/** Sums of all items; as large as the source has different places and codes. */
class Report {
  items = 0;
  seen = 0;
  mapped = 0;
  readonly statuses = new Map<string, number>();
  readonly refusals = new Map<string, number>();
  readonly issues = new Map<string, number>();
  readonly left = new Map<string, number>();
  readonly codes = new Map<string, number>();
  /** Places that a rule has read in some item, without the numbers of repetitions. */
  readonly #read = new Set<string>();

  add(result: Normalized | Rejected): void {
    this.items++;
    bump(this.statuses, result.status);
    if (result.status === 'rejected') {
      bump(this.refusals, result.code);
      return;
    }
    for (const { code } of result.issues) bump(this.issues, code);
    this.#addCoverage(result.coverage);
    for (const { source } of result.trace ?? []) this.#read.add(source.replaceAll(/\[\d+\]/g, ''));
  }

  #addCoverage({ seen, mapped, left, unmappedCodes }: Coverage): void {
    this.seen += seen;
    this.mapped += mapped;
    for (const [place, count] of Object.entries(left)) bump(this.left, place, count);
    for (const [code, count] of Object.entries(unmappedCodes)) bump(this.codes, code, count);
  }

  /** Places that no rule read in any item. */
  get #unread(): Map<string, number> {
    return new Map([...this.left].filter(([place]) => !this.#read.has(place)));
  }

  /** HL7 v2: segments of which no field was read in any message. */
  get #unreadSegments(): Map<string, number> {
    const read = new Set([...this.#read].map(segmentOf));
    const unread = new Map<string, number>();
    for (const [place, count] of this.#unread) {
      const segment = segmentOf(place);
      if (segment !== undefined && !read.has(segment)) bump(unread, segment, count);
    }
    return unread;
  }

  document() {
    return {
      items: this.items,
      seen: this.seen,
      mapped: this.mapped,
      statuses: Object.fromEntries(this.statuses),
      refusals: Object.fromEntries(this.refusals),
      issues: Object.fromEntries(this.issues),
      left: Object.fromEntries(byCount(this.left)),
      neverRead: byCount(this.#unread).map(([place]) => place),
      unmappedCodes: Object.fromEntries(byCount(this.codes)),
      unreadSegments: [...this.#unreadSegments.keys()],
    };
  }

  text(): string {
    const share = this.seen === 0 ? 100 : Math.floor((this.mapped / this.seen) * 1000) / 10;
    const parts = [`${this.seen} fields with a value, ${this.mapped} of them read: ${share} %\n`];
    const list = (title: string, counts: ReadonlyMap<string, number>) => {
      if (counts.size > 0) parts.push(table([title, 'times'], byCount(counts)));
    };
    const unread = this.#unread;
    list('never read', unread);
    list('not always read', new Map([...this.left].filter(([place]) => !unread.has(place))));
    list('fields of segments without a rule', this.#unreadSegments);
    list('code without a mapping', this.codes);
    list('issue', this.issues);
    list('refused', this.refusals);
    return parts.join('\n');
  }
}

function segmentOf(place: string): string | undefined {
  return /^([A-Z][A-Z0-9]{2})-\d/.exec(place)?.[1];
}

function bump(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function byCount(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
}
