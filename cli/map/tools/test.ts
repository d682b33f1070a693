import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { BridgeError } from '../../../core/errors.ts';
import { canonicalJson, parseLossless } from '../../../core/json.ts';
import { action } from '../../context.ts';
import { exit } from '../../output.ts';
import { readMap } from '../compiled.ts';
import { writeText } from '../files.ts';
import { casesOf, compareCase, runCase } from './cases.ts';
import type { Difference } from './compare.ts';

interface CaseResult {
  readonly name: string;
  readonly status: 'pass' | 'fail' | 'written';
  readonly differences: readonly Difference[];
}

export function registerTest(map: Command): void {
  map
    .command('test')
    .argument('<map>', 'map file')
    .description('run the golden cases beside a map: `lis.cases/NAME.in` → `lis.cases/NAME.json`')
    .option('--update', 'write what the map makes now; the diff is for reading')
    .option('--values', 'print the values that differ')
    .action(
      action(async (context, [file = ''], options) => {
        const compiled = readMap(file);
        const cases = casesOf(file);
        if (cases.length === 0)
          throw new BridgeError('cli.not-found', `${file} has no cases`, {
            hint: `put an item into ${file.replace(/\.ya?ml$/, '.cases')}/NAME.in, then run with --update`,
          });
        const results = cases.map((one): CaseResult => {
          const made = runCase(compiled, one);
          if (options.update || !existsSync(one.expected)) {
            if (!options.update)
              throw new BridgeError('cli.not-found', `the case ${one.name} has no expected result`, {
                hint: 'run with --update, then read what was written',
              });
            writeText(one.expected, `${pretty(made)}\n`, true);
            return { name: one.name, status: 'written', differences: [] };
          }
          const found = compareCase(made, one);
          return { name: one.name, status: found.length === 0 ? 'pass' : 'fail', differences: found };
        });
        const shown = results.map((result) =>
          options.values
            ? result
            : { ...result, differences: result.differences.map(({ kind, path }) => ({ kind, path })) },
        );
        context.out.result({ cases: shown }, shown.map(describe).join('\n'));
        const failed = results.filter(({ status }) => status === 'fail').length;
        context.out.note(`${results.length} cases, ${failed} differ`);
        return failed > 0 ? exit.failed : exit.ok;
      }),
    );
}

function describe({ name, status, differences }: CaseResult): string {
  const lines = differences.map(({ kind, path, before, after }) => {
    const sign = { added: '+', removed: '-', changed: '~' }[kind];
    const values = before === undefined && after === undefined ? '' : `: ${said(before)} → ${said(after)}`;
    return `  ${sign} ${path}${values}`;
  });
  return [`${status} ${name}`, ...lines].join('\n');
}

function said(value: unknown): string {
  return value === undefined ? '(nothing)' : canonicalJson(value);
}

/** Sorted keys and lines, number text kept. */
function pretty(value: unknown): string {
  return JSON.stringify(parseLossless(canonicalJson(value)), null, 1);
}
