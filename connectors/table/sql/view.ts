/** One view over one open session. */
import { BridgeError } from '../../../core/errors.ts';
import type { SqlConfig } from './config.ts';
import type { Clock } from './cursor.ts';
import type { Column, Dialect, Driver, Session, ViewName } from './driver.ts';
import { failed } from './failure.ts';
import { isTime, type PageRequest, type PageRow, pageQuery, pageRow, type Shape, unplacedQueries } from './query.ts';
import { type Scale, scaleOf, stampMs, wallMs } from './scale.ts';

export interface View {
  readonly columns: readonly Column[];
  readonly scale: Scale;
  /** The server's clock beside ours. */
  clock(): Promise<Clock>;
  page(request: PageRequest): Promise<PageRow[]>;
  /** Whether rows stand outside the order. */
  hasUnplaced(): Promise<boolean>;
  close(): Promise<void>;
}

export function viewName(view: string): ViewName {
  const parts = view.split('.');
  return { parts, schema: parts.at(-2) ?? '', name: parts.at(-1)! };
}

/**
 * @param timezone IANA zone of the hospital: that of times without a zone
 * @throws BridgeError of the reading stage, or `config.driver`
 */
export async function openView(driver: Driver, config: SqlConfig, timezone: string): Promise<View> {
  const session = await connect(driver, config, timezone);
  try {
    const shape = shapeOf(driver.dialect, config, await columnsOf(driver, session, config));
    return new OpenView(driver, session, config, timezone, shape);
  } catch (error) {
    await session.close();
    throw failed(driver, error);
  }
}

export async function connect(driver: Driver, config: SqlConfig, timezone: string): Promise<Session> {
  try {
    return await driver.connect(config, timezone);
  } catch (error) {
    throw failed(driver, error);
  }
}

/** @throws BridgeError `source.missing` where there is no such view, or none that the account may see */
export async function columnsOf({ dialect }: Driver, session: Session, { view }: SqlConfig): Promise<Column[]> {
  const { sql, params } = dialect.columns(viewName(view));
  const rows = await session.run(sql, params);
  if (rows.length === 0) {
    throw new BridgeError('source.missing', `the account sees no view ${view}`, {
      hint: 'spell it as the catalogue does (`dhc discover` lists it), and grant SELECT',
    });
  }
  return rows.map((row) => dialect.column(row));
}

/** @throws BridgeError `source.missing`, `config.invalid` */
export function shapeOf(dialect: Dialect, config: SqlConfig, all: readonly Column[]): Shape {
  const named = (name: string) => {
    const column = all.find((candidate) => candidate.name === name);
    if (column) return column;
    throw new BridgeError('source.missing', `the view has no column ${name}`, {
      hint: `its columns are ${all.map((candidate) => candidate.name).join(', ')}`,
    });
  };
  const watermark = config.watermark === undefined ? null : named(config.watermark);
  const key = config.key.map(named);
  if (watermark && !isTime(watermark) && !isWhole(watermark)) {
    throw new BridgeError('config.invalid', `the watermark ${watermark.name} is neither a time nor a whole number`, {
      hint: 'let the view give it as a time, e.g. by CAST',
    });
  }
  const inexact = key.find(({ family }) => family === 'float');
  if (inexact) {
    throw new BridgeError('config.invalid', `the key column ${inexact.name} is a floating-point number`, {
      hint: 'choose another, or let the view give it as text',
    });
  }
  return {
    view: viewName(config.view).parts.map(dialect.quote).join('.'),
    columns: config.columns?.map(named) ?? all,
    key,
    watermark,
    raw: config.charset !== undefined,
  };
}

function isWhole({ family, type }: Column): boolean {
  return family === 'integer' || (family === 'decimal' && /\(\d+(,\s*0)?\)/.test(type));
}

class OpenView implements View {
  readonly columns: readonly Column[];
  readonly scale: Scale;
  readonly #driver: Driver;
  readonly #session: Session;
  readonly #timezone: string;
  readonly #shape: Shape;

  constructor(driver: Driver, session: Session, config: SqlConfig, timezone: string, shape: Shape) {
    this.#driver = driver;
    this.#session = session;
    this.#timezone = timezone;
    this.#shape = shape;
    this.columns = shape.columns;
    this.scale = scaleOf(shape.watermark, config.overlapSeconds, config.overlapNumbers);
  }

  async clock(): Promise<Clock> {
    const [row] = await this.#run(this.#driver.dialect.now, []);
    const instant = stampMs(String(row?.[0]));
    const isInstant = this.#shape.watermark?.family === 'instant';
    return { server: isInstant ? instant : wallMs(instant, this.#timezone), own: Date.now() };
  }

  async page(request: PageRequest): Promise<PageRow[]> {
    const { sql, params } = pageQuery(this.#driver.dialect, this.#shape, request);
    return (await this.#run(sql, params)).map((row) => pageRow(this.#shape, row));
  }

  async hasUnplaced(): Promise<boolean> {
    for (const { sql, params } of unplacedQueries(this.#driver.dialect, this.#shape)) {
      if ((await this.#run(sql, params)).length > 0) return true;
    }
    return false;
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async #run(sql: string, params: readonly string[]) {
    try {
      return await this.#session.run(sql, params);
    } catch (error) {
      throw failed(this.#driver, error);
    }
  }
}
