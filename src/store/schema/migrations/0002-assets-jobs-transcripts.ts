import type { Migration } from '../migrate.ts';

/** Transcripts, assets with their indexes, cuts and jobs; when an index was started; who hears a stream's words. */
export const assetsJobsTranscripts: Migration = {
  version: 2,
  sql: /* sql */ `
ALTER TABLE streams ADD COLUMN transcript_engine TEXT NOT NULL DEFAULT 'default';
ALTER TABLE streams ADD COLUMN transcript_ws_connection_id TEXT;
ALTER TABLE streams ADD COLUMN transcript_changed_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE indexes ADD COLUMN resumed_ms INTEGER NOT NULL DEFAULT 0;

CREATE TABLE new_garbage (
  id   INTEGER PRIMARY KEY,
  root TEXT NOT NULL CHECK (root IN ('media', 'thumbs', 'assets')),
  path TEXT NOT NULL,
  dir  INTEGER NOT NULL
) STRICT;
INSERT INTO new_garbage SELECT id, root, path, dir FROM garbage;
DROP TABLE garbage;
ALTER TABLE new_garbage RENAME TO garbage;
CREATE INDEX garbage_by_path ON garbage (path);

-- What was said on a stream.
CREATE TABLE transcripts (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  stream_id TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  start_ms  INTEGER NOT NULL,
  end_ms    INTEGER NOT NULL,
  text      TEXT NOT NULL,
  words     TEXT NOT NULL -- JSON
) STRICT;
CREATE INDEX transcripts_by_time ON transcripts (stream_id, start_ms);
CREATE INDEX transcripts_by_length ON transcripts (stream_id, end_ms - start_ms); -- bounds the look back
CREATE INDEX transcripts_by_end ON transcripts (end_ms);

-- Exports and uploads. They stay until they are deleted.
CREATE TABLE assets (
  id            TEXT PRIMARY KEY,
  kind          TEXT NOT NULL,
  collection_id TEXT NOT NULL REFERENCES collections (id),
  name          TEXT NOT NULL,
  description   TEXT NOT NULL,
  length_ms     INTEGER NOT NULL,
  bytes         INTEGER NOT NULL,
  width         INTEGER NOT NULL,
  height        INTEGER NOT NULL,
  codecs        TEXT,
  thumb_path    TEXT,
  origin        TEXT NOT NULL, -- JSON
  created_ms    INTEGER NOT NULL,
  words         TEXT -- JSON, what is said in it; null when nobody has listened
) STRICT;
CREATE INDEX assets_by_collection ON assets (collection_id, created_ms);

-- The media of an asset, in order.
CREATE TABLE asset_pieces (
  asset_id      TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
  n             INTEGER NOT NULL,
  start_ms      INTEGER NOT NULL,
  duration_ms   INTEGER NOT NULL,
  path          TEXT NOT NULL,
  bytes         INTEGER NOT NULL,
  init_path     TEXT NOT NULL,
  discontinuity INTEGER NOT NULL,
  recorded_ms   INTEGER,
  PRIMARY KEY (asset_id, n)
) STRICT, WITHOUT ROWID;

-- Parts of assets that play as one; signed links name them.
CREATE TABLE cuts (
  id      TEXT PRIMARY KEY,
  parts   TEXT NOT NULL, -- JSON
  used_ms INTEGER NOT NULL
) STRICT;

-- What is seen or said in an asset, by prompt.
CREATE TABLE asset_indexes (
  id                TEXT PRIMARY KEY,
  asset_id          TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
  kind              TEXT NOT NULL,
  name              TEXT NOT NULL,
  prompt            TEXT NOT NULL,
  extraction        TEXT NOT NULL, -- JSON
  extraction_config TEXT NOT NULL, -- JSON
  metadata          TEXT NOT NULL, -- JSON
  model_name        TEXT NOT NULL,
  status            TEXT NOT NULL,
  job_id            TEXT,
  message           TEXT,
  created_ms        INTEGER NOT NULL
) STRICT;
CREATE INDEX asset_indexes_by_asset ON asset_indexes (asset_id);

CREATE TABLE asset_records (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  asset_id  TEXT NOT NULL REFERENCES assets (id),
  index_id  TEXT NOT NULL REFERENCES asset_indexes (id),
  start_ms  INTEGER NOT NULL,
  end_ms    INTEGER NOT NULL,
  text      TEXT NOT NULL,
  metadata  TEXT NOT NULL, -- JSON
  model     TEXT NOT NULL,
  embedding BLOB -- 8 bits per dimension; null for a vector without direction
) STRICT;
CREATE INDEX asset_records_by_index ON asset_records (index_id, start_ms);
CREATE INDEX asset_records_by_asset ON asset_records (asset_id);

-- Words of asset_records.text; rowid = asset_records.id.
CREATE VIRTUAL TABLE asset_words USING fts5 (
  text, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);

-- Work that outlasts a request.
CREATE TABLE jobs (
  id                TEXT PRIMARY KEY,
  kind              TEXT NOT NULL,
  input             TEXT NOT NULL, -- JSON
  status            TEXT NOT NULL,
  percentage        REAL NOT NULL,
  result            TEXT, -- JSON
  error             TEXT,
  callback_url      TEXT,
  callback_attempts INTEGER NOT NULL DEFAULT 0,
  callback_next_ms  INTEGER, -- null: nobody is to be told (any more)
  created_ms        INTEGER NOT NULL,
  finished_ms       INTEGER
) STRICT;
CREATE INDEX jobs_unfinished ON jobs (created_ms) WHERE status = 'processing';
CREATE INDEX jobs_to_tell ON jobs (callback_next_ms) WHERE callback_next_ms IS NOT NULL;
`,
};
