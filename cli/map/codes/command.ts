import { basename } from 'node:path';
import type { Command } from 'commander';
import { BridgeError } from '../../../core/errors.ts';
import { CHINESE_TABLES } from '../../../normalizer/terminology/chinese-tables.ts';
import {
  type CodeRow,
  decided,
  readCodeCsv,
  writeCodeCsv,
  writeShortCsv,
} from '../../../normalizer/terminology/code-map.ts';
import { fromConceptMap, toConceptMap } from '../../../normalizer/terminology/concept-map.ts';
import { systemUri } from '../../../normalizer/terminology/systems.ts';
import { action } from '../../context.ts';
import { open } from '../../open.ts';
import { exit, table } from '../../output.ts';
import { readText, writeText } from '../files.ts';
import { workList } from './work-list.ts';

export function registerCodes(map: Command): void {
  const codes = map.command('codes').description('code maps: what lacks a mapping, and tables in and out');
  registerWork(codes);
  registerConvert(codes);
  codes
    .command('tables')
    .description('the Chinese code tables that are shipped; `convert` takes their names')
    .action(
      action(async (context) => {
        const tables = CHINESE_TABLES.map(({ id, title, verified, rows }) => ({
          id,
          title,
          verified,
          codes: rows.length,
          mapped: decided(rows).length,
        }));
        const rows = tables.map((one) => [
          one.id,
          one.title,
          one.codes,
          one.mapped,
          one.verified ? 'yes' : 'check it against the standard',
        ]);
        context.out.result({ tables }, table(['table', 'title', 'codes', 'mapped', 'verified'], rows));
        return exit.ok;
      }),
    );
}

function registerWork(codes: Command): void {
  codes
    .command('work')
    .argument('[feed]', 'one feed; all where left out')
    .description('codes that were met without a mapping, most frequent first, as CSV to be filled')
    .option('--system <uri>', 'system of the codes to be filled in', 'http://loinc.org')
    .option('--out <file>', 'CSV to write')
    .action(
      action(async (context, [feed], options) => {
        const opened = await open(await context.config(), 'journal');
        try {
          const rows = workList(await opened.bridge.journal.unmappedCodes(feed), systemUri(String(options.system)));
          if (options.out) writeText(String(options.out), writeCodeCsv(rows), false);
          const shown = rows.map(({ sourceSystem, sourceCode, count = 0 }) => [count, sourceSystem, sourceCode]);
          context.out.result({ codes: rows }, options.out ? '' : table(['times', 'system', 'code'], shown));
          context.out.note(
            `${rows.length} codes without a mapping${options.out ? `: fill target_code, then \`dhc map codes convert ${options.out} …\`` : ''}`,
          );
          return exit.ok;
        } finally {
          await opened.close();
        }
      }),
    );
}

function registerConvert(codes: Command): void {
  codes
    .command('convert')
    .argument('<in>', 'CSV, ConceptMap (.json), or the name of a shipped table')
    .argument('<out>', 'a .json becomes a ConceptMap; a .csv the table that a map names under `codes`')
    .description('code maps between CSV and R4 ConceptMap')
    .option('--full', 'CSV with systems, displays and equivalences instead of the short form')
    .option('--url <uri>', 'canonical URL of the ConceptMap')
    .action(
      action(async (context, [from = '', to = ''], options) => {
        const { rows, left } = readRows(from);
        const name = basename(to).replace(/\.[^.]*$/, '');
        writeText(to, written(to, rows, options, name), true);
        const open = rows.length - decided(rows).length;
        context.out.result({ rows: rows.length, decided: rows.length - open, left }, '');
        for (const line of left) context.out.note(`not taken: ${line}`);
        context.out.note(
          `${rows.length} rows, ${rows.length - open} with a target${open > 0 ? `, ${open} without one` : ''}`,
        );
        return left.length > 0 ? exit.partial : exit.ok;
      }),
    );
}

function readRows(from: string): { rows: readonly CodeRow[]; left: readonly string[] } {
  const shipped = CHINESE_TABLES.find(({ id }) => id === from);
  if (shipped) return { rows: shipped.rows, left: [] };
  const text = readText(from);
  if (!/^\s*\{/.test(text)) return { rows: readCodeCsv(text), left: [] };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BridgeError('item.format', `${from} is no JSON`);
  }
  return fromConceptMap(json);
}

function written(to: string, rows: readonly CodeRow[], options: Record<string, unknown>, name: string): string {
  if (to.endsWith('.csv')) return options.full ? writeCodeCsv(rows) : writeShortCsv(rows);
  if (to.endsWith('.json'))
    return `${JSON.stringify(toConceptMap(rows, { url: String(options.url ?? `urn:dhc:code-map:${name}`), name: name.replaceAll(/\W/g, '_') }), null, 1)}\n`;
  throw new BridgeError('cli.usage', 'the name of the result ends neither in .csv nor in .json');
}
