/**
 * What a command prints. Data goes to stdout, words for people to stderr. With --json stdout carries exactly
 * one JSON document, `{"v": 1, …}`. Colour and redrawn lines only on a terminal and without NO_COLOR.
 */
import { ConfigError } from '../core/config/error.ts';
import { asBridgeError, type BridgeError } from '../core/errors.ts';
import { MapError, type MapProblem } from '../normalizer/mapping/problems.ts';

/** Documented in docs/operations.md. */
export const exit = { ok: 0, failed: 1, usage: 2, partial: 3, unverified: 4, tryAgain: 75, interrupted: 130 } as const;

export type ExitCode = (typeof exit)[keyof typeof exit];

export interface Output {
  readonly json: boolean;
  /** One document for stdout with --json; otherwise the text. */
  result(document: object, text: string): void;
  /** A line for people, on stderr; not printed with --json. */
  note(line: string): void;
  /** A line that replaces itself on a terminal; off a terminal it is printed once a key. */
  progress(key: string, line: string): void;
  /** Ends the progress line. */
  done(): void;
}

export function createOutput(json: boolean): Output {
  const terminal = Boolean(process.stderr.isTTY) && !process.env.NO_COLOR;
  let open = false;
  const printed = new Set<string>();
  const endLine = () => {
    if (open) process.stderr.write('\n');
    open = false;
  };
  return {
    json,
    result(document, text) {
      endLine();
      process.stdout.write(
        json ? `${JSON.stringify({ v: 1, ...document })}\n` : text === '' || text.endsWith('\n') ? text : `${text}\n`,
      );
    },
    note(line) {
      endLine();
      if (!json) process.stderr.write(`${line}\n`);
    },
    progress(key, line) {
      if (json) return;
      if (terminal) {
        process.stderr.write(`\r\u001b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
        open = true;
      } else if (!printed.has(key)) {
        process.stderr.write(`${line}\n`);
      }
      printed.add(key);
    },
    done: endLine,
  };
}

/** Prints any failure as `error:` and `hint:`, never a stack trace, and gives the exit code. */
export function fail(error: unknown, json: boolean): ExitCode {
  const known = asBridgeError(error, 'cli.internal', 'the command failed for a reason that it does not know');
  const problems = known instanceof ConfigError ? known.problems : known instanceof MapError ? known.problems : [];
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ v: 1, error: { ...known.toJSON(), ...(problems.length && { problems }) } })}\n`,
    );
  } else {
    process.stderr.write(`error: ${known.message}\n`);
    for (const problem of problems) process.stderr.write(`  ${describeProblem(problem)}\n`);
    process.stderr.write(`hint: ${known.hint}\n`);
  }
  if (process.env.DHC_DEBUG)
    process.stderr.write(`${(error as Error)?.stack}\n${(known.cause as Error)?.stack ?? ''}\n`);
  return exitCodeOf(known);
}

function describeProblem(problem: ConfigError['problems'][number] | MapProblem): string {
  const { line, column, message } = problem;
  if ('file' in problem) return `${problem.file}:${line}:${column}: ${message} (${problem.hint})`;
  return `${line === undefined ? '' : `${line}:${column} `}${problem.path ? `${problem.path}: ` : ''}${message}`;
}

function exitCodeOf(error: BridgeError): ExitCode {
  if (error.stage === 'config' || error.code === 'cli.usage') return exit.usage;
  return error.kind === 'transient' ? exit.tryAgain : exit.failed;
}

/** Columns for people: left-aligned text, right-aligned numbers. Wide (CJK) characters count two. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const all = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const numeric = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => pad(cell, widths[column]!, numeric[column]!))
      .join('  ')
      .trimEnd();
  return `${all.map(line).join('\n')}\n`;
}

function pad(cell: string, to: number, right: boolean): string {
  const fill = ' '.repeat(Math.max(0, to - width(cell)));
  return right ? fill + cell : cell + fill;
}

function width(text: string): number {
  let columns = 0;
  for (const character of text)
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u.test(
        character,
      )
        ? 2
        : 1;
  return columns;
}
