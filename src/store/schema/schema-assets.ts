/** The part of the newest schema that is about exports, uploads and jobs; see schema.ts. */
export const ASSETS_SCHEMA = /* sql */ `
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
  words         TEXT, -- JSON, what is said in it; null when nobody has listened
  render_key    TEXT, -- a hash of what it was rendered from
  used_ms       INTEGER -- when it was last asked for; null for what is listed and stays
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
  embedding BLOB, -- 8 bits per dimension; null for a vector without direction
  picture       BLOB, -- the same of its picture
  picture_model TEXT
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
  finished_ms       INTEGER,
  callback_error    TEXT, -- why nobody was told yet, or at all; null once somebody was
  join_key          TEXT, -- who asks for the same while it is under way is given this job
  detail            TEXT, -- what its handler needs and is too long for input; null once it has finished
  starts            INTEGER NOT NULL DEFAULT 0 -- of its work, without those that were left in order
) STRICT;
CREATE INDEX jobs_unfinished ON jobs (created_ms) WHERE status = 'processing';
CREATE INDEX jobs_to_tell ON jobs (callback_next_ms) WHERE callback_next_ms IS NOT NULL;
CREATE INDEX jobs_untold ON jobs (finished_ms) WHERE callback_next_ms IS NULL AND callback_error IS NOT NULL;
`;
