/** Tables of the SQLite journal and the steps from one version of them to the next. */
import type { DatabaseSync } from 'node:sqlite';
import { BridgeError } from '../errors.ts';

/** `migrations[n]` leads from `user_version` n to n + 1; a released step is never changed. */
const migrations: readonly string[] = [
  `
  CREATE TABLE feed (
    name TEXT PRIMARY KEY, kind TEXT NOT NULL, seq INTEGER NOT NULL DEFAULT 0, cursor BLOB,
    items_read INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0, last_read_at TEXT
  ) STRICT;

  CREATE TABLE run (
    id TEXT PRIMARY KEY, feed TEXT NOT NULL, state TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT,
    duplicates INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX run_feed ON run (feed, started_at);

  CREATE TABLE batch (
    id TEXT PRIMARY KEY, feed TEXT NOT NULL, run TEXT NOT NULL, seq INTEGER, state TEXT NOT NULL,
    items INTEGER NOT NULL, refused INTEGER NOT NULL, duplicates INTEGER NOT NULL, bytes INTEGER NOT NULL,
    drained INTEGER NOT NULL, manifest_cid TEXT, root TEXT, count INTEGER NOT NULL DEFAULT 0, car_path TEXT,
    read_at TEXT NOT NULL, stored_at TEXT, final_at TEXT,
    released INTEGER NOT NULL DEFAULT 0,
    UNIQUE (feed, seq)
  ) STRICT;
  CREATE INDEX batch_state ON batch (state, read_at);
  CREATE INDEX batch_unreleased ON batch (id) WHERE state = 'final' AND released = 0;

  CREATE TABLE item (
    id TEXT PRIMARY KEY, feed TEXT NOT NULL, run TEXT NOT NULL, batch TEXT NOT NULL, kind TEXT NOT NULL, charset TEXT,
    key_digest TEXT NOT NULL, content_digest TEXT NOT NULL, source_key BLOB NOT NULL,
    size INTEGER NOT NULL, received_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 1, version INTEGER NOT NULL, supersedes TEXT,
    normalize TEXT NOT NULL DEFAULT 'pending', store TEXT NOT NULL DEFAULT 'pending',
    anchor TEXT NOT NULL DEFAULT 'pending', dead INTEGER NOT NULL DEFAULT 0,
    spool TEXT, head TEXT, parts BLOB, bundle TEXT, patient_ref TEXT, tag_counter INTEGER,
    quality REAL, issues INTEGER NOT NULL DEFAULT 0, mapping INTEGER REFERENCES mapping (id),
    UNIQUE (feed, key_digest, content_digest)
  ) STRICT;
  CREATE INDEX item_batch ON item (batch);
  CREATE INDEX item_patient ON item (patient_ref) WHERE patient_ref IS NOT NULL;
  CREATE INDEX item_state ON item (feed, run, dead, normalize, store, anchor);

  CREATE TABLE mapping (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL,
    UNIQUE (name, version, sha256)
  ) STRICT;

  CREATE TABLE record (
    item TEXT PRIMARY KEY REFERENCES item (id), batch TEXT NOT NULL, leaf_index INTEGER NOT NULL,
    content_cid TEXT NOT NULL, capsule_cid TEXT NOT NULL, parts_cid TEXT, size INTEGER NOT NULL,
    commitment TEXT NOT NULL, tag TEXT NOT NULL,
    UNIQUE (batch, leaf_index)
  ) STRICT;

  CREATE TABLE tag_counter (patient_ref TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;

  CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL REFERENCES item (id), feed TEXT NOT NULL,
    attempt INTEGER NOT NULL, stage TEXT NOT NULL, code TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL,
    outcome TEXT, state TEXT NOT NULL DEFAULT 'open', previous INTEGER,
    UNIQUE (item, attempt)
  ) STRICT;
  CREATE INDEX dead_letter_state ON dead_letter (state, feed, code);

  CREATE TABLE anchor (
    batch TEXT PRIMARY KEY REFERENCES batch (id), chain_id TEXT NOT NULL, contract TEXT NOT NULL,
    status TEXT NOT NULL, nonce INTEGER, raw_tx TEXT, hashes TEXT NOT NULL, block_number INTEGER, block_hash TEXT,
    gas TEXT
  ) STRICT;
  CREATE INDEX anchor_status ON anchor (chain_id, status);

  CREATE TABLE receipt (item TEXT PRIMARY KEY REFERENCES item (id), json TEXT NOT NULL) STRICT;

  CREATE TABLE unmapped_code (
    feed TEXT NOT NULL, code TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (feed, code)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE coverage (
    feed TEXT NOT NULL, mapping TEXT NOT NULL, items INTEGER NOT NULL, seen INTEGER NOT NULL, mapped INTEGER NOT NULL,
    PRIMARY KEY (feed, mapping)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE coverage_left (
    feed TEXT NOT NULL, mapping TEXT NOT NULL, place TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (feed, mapping, place)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL, key_digest TEXT NOT NULL, content_digest TEXT NOT NULL,
    source_key BLOB NOT NULL, kind TEXT NOT NULL, charset TEXT, received_at TEXT NOT NULL, size INTEGER NOT NULL,
    spool TEXT, refusal_code TEXT, refusal_detail TEXT,
    UNIQUE (feed, key_digest, content_digest)
  ) STRICT;
  CREATE INDEX inbox_waiting ON inbox (feed, seq) WHERE spool IS NOT NULL;
  `,
  // One account sends for batches and for consents, and its nonces lie in one table: not every row is of a batch.
  `
  CREATE TABLE sent (
    batch TEXT PRIMARY KEY, chain_id TEXT NOT NULL, contract TEXT NOT NULL, status TEXT NOT NULL, nonce INTEGER,
    raw_tx TEXT, hashes TEXT NOT NULL, block_number INTEGER, block_hash TEXT, gas TEXT
  ) STRICT;
  INSERT INTO sent SELECT * FROM anchor;
  DROP TABLE anchor;
  ALTER TABLE sent RENAME TO anchor;
  CREATE INDEX anchor_status ON anchor (chain_id, status);
  `,
  // Who else has a batch, and what quality needs to remember: signatures are keyed and tell nothing of the content.
  `
  CREATE TABLE copy (
    batch TEXT NOT NULL REFERENCES batch (id), target TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (batch, target)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE likeness (
    item TEXT PRIMARY KEY REFERENCES item (id), patient_ref TEXT NOT NULL, tag_counter INTEGER NOT NULL,
    signature BLOB NOT NULL
  ) STRICT;
  CREATE INDEX likeness_patient ON likeness (patient_ref, tag_counter);
  ALTER TABLE record ADD COLUMN quality INTEGER;
  ALTER TABLE batch ADD COLUMN quality INTEGER;
  `,
  // Records whose keys were destroyed on purpose, and what was tried afterwards.
  `
  CREATE TABLE erasure (
    item TEXT PRIMARY KEY REFERENCES item (id), patient_ref TEXT NOT NULL, at TEXT NOT NULL, closed INTEGER,
    anchored INTEGER
  ) STRICT;
  CREATE INDEX erasure_patient ON erasure (patient_ref);
  `,
  // Small pushed items lie beside their rows until they are read, so that one disk write makes both durable.
  `
  CREATE TABLE inbox_body (seq INTEGER PRIMARY KEY REFERENCES inbox (seq), sealed BLOB NOT NULL) STRICT;
  `,
];

/** @throws BridgeError `config.invalid` when a newer program wrote the file */
export function migrate(db: DatabaseSync): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > migrations.length) {
    throw new BridgeError('config.invalid', 'a newer version of the bridge wrote this journal', {
      hint: 'update this program, or name another data folder',
    });
  }
  for (let step = version; step < migrations.length; step++) {
    db.exec(`BEGIN IMMEDIATE; ${migrations[step]} PRAGMA user_version = ${step + 1}; COMMIT;`);
  }
}
