/** All or nothing, for whoever keeps a SQLite file. */
import type { DatabaseSync } from 'node:sqlite';

/** What `work` wrote is on disk when this returns; when it throws, none of it is. Writers of other processes wait. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk ends the transaction by itself.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
