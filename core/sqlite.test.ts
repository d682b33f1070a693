import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { transaction } from './sqlite.ts';

test('keeps what was written, or nothing of it', () => {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (n INTEGER) STRICT');
  const count = () => database.prepare('SELECT count(*) AS n FROM t').get()!.n;
  expect(transaction(database, () => database.prepare('INSERT INTO t VALUES (1)').run().changes)).toBe(1);
  const broken = () =>
    transaction(database, () => {
      database.exec('INSERT INTO t VALUES (2)');
      throw new RangeError('broken');
    });
  expect(broken).toThrow(RangeError);
  expect([count(), database.isTransaction]).toEqual([1, false]);
  // SQLite itself may have ended it, as on a full disk: the first error is the one that counts.
  const ended = () =>
    transaction(database, () => {
      database.exec('ROLLBACK');
      throw new RangeError('full');
    });
  expect(ended).toThrow('full');
  database.close();
});
