/** The queries of a walk. Names are quoted and were found in the catalogue; every value is a bound parameter. */
import type { Bound } from './cursor.ts';
import type { Cell, Column, Dialect } from './driver.ts';
import { CEILING, FLOOR } from './scale.ts';

export interface Shape {
  /** Quoted. */
  readonly view: string;
  readonly columns: readonly Column[];
  readonly key: readonly Column[];
  readonly watermark: Column | null;
  /** Whether text is taken as bytes, to be decoded here. */
  readonly raw: boolean;
}

export interface Query {
  readonly sql: string;
  readonly params: readonly string[];
}

export interface PageRow {
  /** Watermark, where there is one, and key. */
  readonly position: readonly string[];
  /** Bytes of the large columns; those of a cell beyond the limit are not fetched. */
  readonly size: number;
  readonly cells: readonly Cell[];
}

export interface PageRequest {
  readonly since: Bound | null;
  /** The page begins with this row, which is met again: rows of the same place may stand on both sides of a border. */
  readonly after: readonly string[] | null;
  readonly rows: number;
  readonly cellBytes: number;
}

export function pageQuery(dialect: Dialect, shape: Shape, request: PageRequest): Query {
  const values = new Values(dialect);
  const where = [...placed(dialect, shape, values), ...beyond(dialect, shape, request, values)];
  const select = [...positions(dialect, shape), ...cells(dialect, shape, request.cellBytes)];
  const order = orderOf(dialect, shape).map(({ name }) => name);
  const sql = `SELECT ${select.join(', ')} FROM ${shape.view}${whereText(where)} ORDER BY ${order.join(', ')}`;
  return { sql: dialect.limit(sql, request.rows), params: values.list };
}

export function pageRow({ key, watermark }: Shape, row: readonly Cell[]): PageRow {
  const places = key.length + (watermark ? 1 : 0);
  return { position: row.slice(0, places).map(placeText), size: Number(row[places]), cells: row.slice(places + 1) };
}

/** Each finds a row that has no place in the order: NULL in watermark or key, a time such as infinity or 0000-00-00. */
export function unplacedQueries(dialect: Dialect, { view, key, watermark }: Shape): Query[] {
  const nulls = [...(watermark ? [watermark] : []), ...key].map(({ name }) => `${dialect.quote(name)} IS NULL`);
  const queries = nulls.map((condition) => ({ condition, values: new Values(dialect) }));
  if (watermark && isTime(watermark)) {
    for (const [sign, at] of [['<', FLOOR!] as const, ['>', CEILING!] as const]) {
      const values = new Values(dialect);
      const stamp = dialect.fromStamp(watermark, values.add(at));
      queries.push({ condition: `${dialect.quote(watermark.name)} ${sign} ${stamp}`, values });
    }
  }
  return queries.map(({ condition, values }) => ({
    sql: dialect.limit(`SELECT 1 FROM ${view} WHERE ${condition}`, 1),
    params: values.list,
  }));
}

export function isTime({ family }: Column): boolean {
  return family === 'time' || family === 'instant' || family === 'date';
}

class Values {
  readonly list: string[] = [];
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  add(value: string): string {
    this.list.push(value);
    return this.#dialect.param(this.list.length);
  }
}

interface Ordered {
  /** Quoted. */
  readonly name: string;
  value(param: string): string;
}

function orderOf(dialect: Dialect, { key, watermark }: Shape): Ordered[] {
  const byKey = (column: Column): Ordered => ({
    name: dialect.quote(column.name),
    value: (param) => dialect.fromKey(column, param),
  });
  if (!watermark) return key.map(byKey);
  const first = isTime(watermark)
    ? { name: dialect.quote(watermark.name), value: (param: string) => dialect.fromStamp(watermark, param) }
    : byKey(watermark);
  return [first, ...key.map(byKey)];
}

/** Rows without a place in the order are told of, not walked. */
function placed(dialect: Dialect, { key, watermark }: Shape, values: Values): string[] {
  const conditions = key.map(({ name }) => `${dialect.quote(name)} IS NOT NULL`);
  if (watermark && isTime(watermark)) {
    conditions.push(`${dialect.quote(watermark.name)} <= ${dialect.fromStamp(watermark, values.add(CEILING!))}`);
  }
  return conditions;
}

function beyond(dialect: Dialect, shape: Shape, { since, after }: PageRequest, values: Values): string[] {
  const order = orderOf(dialect, shape);
  if (after) return [fromPlace(order, after, values)];
  const [first] = order;
  if (!shape.watermark || !first) return [];
  if (since) return [`${first.name} ${since.inclusive ? '>=' : '>'} ${first.value(values.add(since.at))}`];
  return isTime(shape.watermark)
    ? [`${first.name} >= ${first.value(values.add(FLOOR!))}`]
    : [`${first.name} IS NOT NULL`];
}

/** (a, b) >= (x, y), spelt so that every product can use an index on the columns. */
function fromPlace(order: readonly Ordered[], place: readonly string[], values: Values): string {
  const [column, ...rest] = order;
  const [at, ...below] = place;
  const is = (sign: string) => `${column!.name} ${sign} ${column!.value(values.add(at!))}`;
  if (rest.length === 0) return is('>=');
  return `${is('>=')} AND (${is('>')} OR (${is('=')} AND ${fromPlace(rest, below, values)}))`;
}

function positions(dialect: Dialect, { key, watermark }: Shape): string[] {
  const keys = key.map((column) => dialect.value(column, dialect.quote(column.name)));
  if (!watermark) return keys;
  const name = dialect.quote(watermark.name);
  return [isTime(watermark) ? dialect.stamp(watermark, name) : dialect.value(watermark, name), ...keys];
}

function cells(dialect: Dialect, { columns, raw }: Shape, cellBytes: number): string[] {
  const sizes: string[] = [];
  const values = columns.map((column) => {
    const name = dialect.quote(column.name);
    const value = raw ? dialect.raw(column, name) : dialect.value(column, name);
    if (!column.large) return value;
    const size = dialect.size(column, name);
    sizes.push(`COALESCE(${size}, 0)`);
    return `CASE WHEN ${size} <= ${cellBytes} THEN ${value} END`;
  });
  return [sizes.join(' + ') || '0', ...values];
}

function whereText(conditions: readonly string[]): string {
  return conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
}

function placeText(cell: Cell): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : (cell ?? '');
}
