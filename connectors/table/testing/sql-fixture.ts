/** A small table of results in a real database, for the conformance tests. */
import type { Fixture } from '../../conformance.ts';
import type { TestDatabase } from './databases.ts';

const ROWS = [
  ['A', 1, '2026-01-05 09:30:00', '张伟'],
  ['A', 2, '2026-01-05 09:30:00', ''],
  ['B', 1, '2026-01-05 09:30:00', null],
  ['a|b', 1, '2026-01-05 09:30:01.000001', '陈𠮷'],
  ['C', 1, '2026-01-07 00:00:00', '"x", \\ y'],
] as const;

let made = 0;

/** @param mode `full` leaves the watermark out */
export async function sqlFixture(database: TestDatabase, mode: 'watermark' | 'full'): Promise<Fixture> {
  const table = `results_${++made}`;
  const text = database.driver === 'postgres' ? 'text' : 'varchar(40) COLLATE utf8mb4_bin';
  const time = database.driver === 'postgres' ? 'timestamp(6)' : 'datetime(6)';
  await database.admin(
    `CREATE TABLE ${table} (barcode ${text}, item integer, changed ${time}, note ${text}, PRIMARY KEY (barcode, item))`,
  );
  const insert = async (row: readonly unknown[]) => {
    const values = database.driver === 'postgres' ? '$1, $2, $3, $4' : '?, ?, ?, ?';
    await database.admin(`INSERT INTO ${table} VALUES (${values})`, row);
  };
  for (const row of ROWS) await insert(row);
  const view = database.driver === 'postgres' ? `public.${table}` : `lis.${table}`;
  const sql = { driver: database.driver, connection: database.reader, view, key: ['barcode', 'item'] };
  const read = mode === 'full' ? sql : { ...sql, watermark: 'changed' };
  return {
    config: { kind: 'table', sql: read },
    unreachable: { kind: 'table', sql: { ...read, connection: { ...database.reader, port: 1 } } },
    keys: [`${view}#A|1`, `${view}#A|2`, `${view}#B|1`, `${view}#a\\|b|1`, `${view}#C|1`],
    async grow() {
      await insert(['D', 1, '2026-01-08 10:00:00', 'new']);
      return `${view}#D|1`;
    },
    close: () => database.admin(`DROP TABLE ${table}`),
  };
}
