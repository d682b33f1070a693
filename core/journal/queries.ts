/** What people ask of the journal. */
import type { Receipt } from '../types.ts';
import { BATCH, batchRow, ITEM, itemRow, RECORD, recordRow } from './rows.ts';
import { type Store, where } from './store.ts';
import { batchOf } from './street-steps.ts';
import type { Accounting, BatchState, CoverageRow, FeedRow, ItemFilter, JournalQueries, RunRow } from './types.ts';

type Columns = Record<string, unknown>;

const LEFT_PLACES = 100;

/** The sums of one feed or run over the columns of `item`. */
const SUMS = `count(*) FILTER (WHERE normalize = 'pending' AND dead = 0) AS pending,
  count(*) FILTER (WHERE normalize IN ('ok', 'issues') AND dead = 0) AS normalized,
  count(*) FILTER (WHERE dead = 1) AS deadLettered,
  count(*) FILTER (WHERE store = 'pinned') AS stored,
  count(*) FILTER (WHERE anchor = 'final') AS final`;

export function queries(store: Store): JournalQueries {
  return {
    async feeds() {
      return store.all<FeedRow>('SELECT name, kind, seq, last_read_at AS lastReadAt FROM feed ORDER BY name');
    },

    async runs({ feed, limit = 50 } = {}) {
      const { sql, values } = where({ 'run.feed': feed });
      return store.all<RunRow>(
        `SELECT run.id, run.feed, run.state, run.started_at AS startedAt, run.ended_at AS endedAt, run.duplicates,
         count(item.id) AS read, ${SUMS}
         FROM run LEFT JOIN item ON item.feed = run.feed AND item.run = run.id ${sql}
         GROUP BY run.id ORDER BY run.started_at DESC LIMIT ?`,
        ...values,
        limit,
      );
    },

    async accounting() {
      const rows = store.all<Omit<Accounting, 'holds'>>(
        `SELECT name AS feed, items_read AS read, duplicates, ${SUMS}
         FROM feed LEFT JOIN item ON item.feed = feed.name GROUP BY name ORDER BY name`,
      );
      return rows.map((row) => ({ ...row, holds: row.read === row.pending + row.normalized + row.deadLettered }));
    },

    async batch(id) {
      return batchOf(store, id);
    },

    async batches({ feed, states, limit = 1000, newestFirst = false } = {}) {
      const { sql, values } = where({ feed });
      const among = states ? `${sql ? 'AND' : 'WHERE'} state IN (${states.map(() => '?').join(', ')})` : '';
      const rows = store.all<Columns>(
        `SELECT ${BATCH} FROM batch ${sql} ${among} ORDER BY rowid ${newestFirst ? 'DESC' : 'ASC'} LIMIT ?`,
        ...values,
        ...(states ?? []),
        limit,
      );
      return rows.map(batchRow);
    },

    async batchCounts() {
      const rows = store.all<{ state: BatchState; count: number }>(
        'SELECT state, count(*) AS count FROM batch GROUP BY state',
      );
      return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
    },

    async batchItems(batch) {
      return store
        .all<Columns>(`SELECT ${ITEM} FROM item WHERE batch = ? ORDER BY rowid`, batch)
        .map((row) => itemRow(store, row));
    },

    async batchRecords(batch) {
      return store.all<Columns>(`SELECT ${RECORD} WHERE r.batch = ? ORDER BY r.leaf_index`, batch).map(recordRow);
    },

    async item(id) {
      const row = store.get<Columns>(`SELECT ${ITEM} FROM item WHERE id = ?`, id);
      return row && itemRow(store, row);
    },

    async items(filter = {}) {
      const { sql, values } = itemConditions(store, filter);
      const rows = store.all<Columns>(
        `SELECT ${ITEM} FROM item ${sql} ORDER BY rowid DESC LIMIT ? OFFSET ?`,
        ...values,
        filter.limit ?? 100,
        filter.offset ?? 0,
      );
      return rows.map((row) => itemRow(store, row));
    },

    async sourceKey(item) {
      const row = store.get<{ key: Uint8Array }>('SELECT source_key AS key FROM item WHERE id = ?', item);
      if (!row) throw new RangeError('no such item in the journal');
      return store.decrypt('item.source_key', row.key);
    },

    async record(item) {
      const row = store.get<Columns>(`SELECT ${RECORD} WHERE r.item = ?`, item);
      return row && recordRow(row);
    },

    async receipt(item) {
      const row = store.get<{ json: string }>('SELECT json FROM receipt WHERE item = ?', item);
      return row && (JSON.parse(row.json) as Receipt);
    },

    async unmappedCodes(feed) {
      const { sql, values } = where({ feed });
      return store.all(`SELECT feed, code, count FROM unmapped_code ${sql} ORDER BY count DESC, code`, ...values);
    },

    async coverage() {
      const rows = store.all<Omit<CoverageRow, 'left'>>(
        'SELECT feed, mapping, items, seen, mapped FROM coverage ORDER BY feed, mapping',
      );
      return rows.map((row) => ({ ...row, left: leftPlaces(store, row.feed, row.mapping) }));
    },
  };
}

function itemConditions(store: Store, filter: ItemFilter) {
  return where({
    feed: filter.feed,
    run: filter.run,
    key_digest: filter.sourceKey === undefined ? undefined : store.digest('source-key', filter.sourceKey),
    patient_ref: filter.patientRef,
    normalize: filter.normalize,
    store: filter.store,
    anchor: filter.anchor,
    dead: filter.dead === undefined ? undefined : Number(filter.dead),
  });
}

function leftPlaces(store: Store, feed: string, mapping: string) {
  return store.all<{ place: string; count: number }>(
    'SELECT place, count FROM coverage_left WHERE feed = ? AND mapping = ? ORDER BY count DESC, place LIMIT ?',
    feed,
    mapping,
    LEFT_PLACES,
  );
}
