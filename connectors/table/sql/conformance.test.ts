import { afterAll, beforeAll, describe } from 'vitest';
import { conformance } from '../../conformance.ts';
import { table } from '../connector.ts';
import { hasDatabase, startDatabase, type TestDatabase } from '../testing/databases.ts';
import { sqlFixture } from '../testing/sql-fixture.ts';

describe.each(['postgres', 'mysql'] as const)('%s', (driver) => {
  describe.skipIf(!hasDatabase[driver])('server', () => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await startDatabase(driver);
    });
    afterAll(() => database?.stop());

    conformance('table by watermark', table, () => sqlFixture(database, 'watermark'));
    conformance('table read whole', table, () => sqlFixture(database, 'full'));
  });
});
