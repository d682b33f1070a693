/** Suggestions as the text of a map. Every line that rests on a guess says so; unsure ones are comments. */
import type { ColumnProfile } from '../profile/column.ts';
import type { FieldName } from '../words-table.ts';
import { type Guess, SURE } from './guess.ts';
import { CODES, type Part, resourcesFor, type Target } from './resources.ts';

export interface Suggested {
  readonly map: string;
  readonly guesses: readonly (Guess & { readonly taken: boolean })[];
  /** Columns that no line of the map reads. */
  readonly left: readonly string[];
}

/** What a part asks for the columns that were found. */
export class Found {
  readonly #guesses: ReadonlyMap<FieldName, Guess>;
  readonly used = new Set<string>();

  constructor(guesses: readonly Guess[]) {
    this.#guesses = new Map(guesses.map((guess) => [guess.field, guess]));
  }

  get(field: FieldName): Guess | undefined {
    return this.#guesses.get(field);
  }

  /** Sure enough to be written as a rule. */
  sure(field: FieldName): Guess | undefined {
    const guess = this.get(field);
    return guess && guess.score >= SURE ? guess : undefined;
  }
}

export function compose(
  name: string,
  target: Target,
  guesses: readonly Guess[],
  columns: readonly ColumnProfile[],
): Suggested {
  const found = new Found(guesses);
  const parts = resourcesFor(target, found);
  const lines = parts.flatMap((part) => resourceLines(part, found));
  const owner = found.sure('patient id') ?? found.sure('record number') ?? found.sure('id card');
  const occurred = found.sure('reported at') ?? found.sure('tested at') ?? found.sure('sampled at');
  const body = lines.join('\n');
  const codes = Object.entries(CODES).filter(([code]) => body.includes(`map: ${code}`));
  const left = columns
    .map(({ place }) => place)
    .filter((place) => !found.used.has(place) && place !== owner?.column && place !== occurred?.column);
  const text = [
    '# Suggested from names and values: read every line before you use it. Scores run from 0 to 1;',
    `# what is below ${SURE} is a comment.`,
    `map: ${name}`,
    'version: 0.1.0',
    'source: table',
    `match: { columns: [${matchColumns(guesses, target).map(quoted).join(', ')}] }`,
    ...(codes.length > 0 ? ['codes:', ...codes.map(([code, map]) => `  ${code}: ${map}`)] : []),
    ...(owner
      ? [`# ${why(owner)}`, `owner: { system: ${ownerSystem(owner)}, value: ${address(owner.column)} }`]
      : [
          '# No column names the patient: without one every row is refused. `owner: none` is for records of nobody.',
          'owner: none',
        ]),
    ...(occurred ? [`occurred: ${address(occurred.column)}`] : []),
    'resources:',
    body,
    ...(left.length > 0
      ? ['', '# No rule reads these columns:', ...left.map((place) => `#   ${place}${leftWhy(place, guesses)}`)]
      : []),
  ].join('\n');
  return {
    map: `${text}\n`,
    guesses: guesses.map((guess) => ({ ...guess, taken: guess.score >= SURE && !left.includes(guess.column) })),
    left,
  };
}

function ownerSystem({ field }: Guess): string {
  return field === 'id card' ? "'urn:oid:2.16.156.10011.1.3'" : "'${patientSystem}'";
}

/** The columns by which the map recognises its rows: those that the resource cannot be without. */
function matchColumns(guesses: readonly Guess[], target: Target): string[] {
  const wanted: readonly FieldName[] =
    target === 'Observation'
      ? ['patient id', 'item code', 'item name', 'result']
      : ['patient id', 'patient name', 'diagnosis code', 'diagnosis'];
  const columns = guesses
    .filter(({ field, score }) => wanted.includes(field) && score >= SURE)
    .map(({ column }) => column);
  return columns.length > 0
    ? columns
    : guesses
        .filter(({ score }) => score >= SURE)
        .map(({ column }) => column)
        .slice(0, 3);
}

function resourceLines({ head, elements }: Part, found: Found): string[] {
  const lines = head.map((line, index) => (index === 0 ? `  - ${line}` : `    ${line}`));
  for (const { fields, rule, remark } of elements) {
    const guesses = fields.map((field) => found.get(field)).filter((guess) => guess !== undefined);
    const sure = guesses.every(({ score }) => score >= SURE);
    for (const guess of guesses) lines.push(`    # ${why(guess)}`);
    if (remark) lines.push(`    # ${remark}`);
    for (const line of rule) lines.push(sure ? `    ${line}` : `    # ${line}`);
    if (sure) for (const { column } of guesses) found.used.add(column);
  }
  return lines;
}

function why({ column, field, score, reasons }: Guess): string {
  return `${column} → ${field}, ${score.toFixed(2)}: ${reasons.join('; ')}`;
}

function leftWhy(place: string, guesses: readonly Guess[]): string {
  const guess = guesses.find(({ column }) => column === place);
  return guess ? ` (${guess.field}, ${guess.score.toFixed(2)})` : '';
}

/** A column as an address, quoted as YAML asks. */
export function address(column: string): string {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(column) ? `$${column}` : `'$${JSON.stringify(column).replaceAll("'", "''")}'`;
}

function quoted(column: string): string {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(column) ? column : JSON.stringify(column);
}
