import type { Migration } from '../migrate.ts';

/** A firing is looked at again, and its receivers hear of it a second time; indexes describe older recordings, too. */
export const seeing: Migration = {
  version: 4,
  sql: /* sql */ `
ALTER TABLE firings ADD COLUMN verdict TEXT;
ALTER TABLE alerts ADD COLUMN snoozed_until_ms INTEGER;
ALTER TABLE alerts ADD COLUMN threshold REAL;
CREATE INDEX firings_by_scene ON firings (scene_id);

-- What people said of firings.
CREATE TABLE marks (
  firing_id TEXT PRIMARY KEY REFERENCES firings (id) ON DELETE CASCADE,
  alert_id  TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
  verdict   TEXT NOT NULL, -- right, wrong
  note      TEXT,
  marked_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX marks_by_alert ON marks (alert_id, marked_ms);

-- Alerts are armed and disarmed in groups.
CREATE TABLE alert_groups (
  name     TEXT PRIMARY KEY,
  armed    INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  put_ms   INTEGER NOT NULL,
  who      TEXT NOT NULL,
  schedule TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE arming_changes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms      INTEGER NOT NULL,
  who        TEXT NOT NULL,
  what       TEXT NOT NULL,
  alert_id   TEXT,
  group_name TEXT,
  until_ms   INTEGER
) STRICT;
ALTER TABLE alerts ADD COLUMN group_name TEXT REFERENCES alert_groups (name) ON DELETE SET NULL;
CREATE INDEX alerts_by_group ON alerts (group_name) WHERE group_name IS NOT NULL;

CREATE TEMP TABLE kept AS SELECT * FROM deliveries;
DROP TABLE deliveries;
CREATE TABLE deliveries (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  firing_id    TEXT NOT NULL REFERENCES firings (id) ON DELETE CASCADE,
  channel      TEXT NOT NULL,
  target       TEXT NOT NULL,
  attempts     INTEGER NOT NULL DEFAULT 0,
  next_try_ms  INTEGER NOT NULL DEFAULT 0, -- 0: at once
  last_error   TEXT,
  delivered_ms INTEGER,
  what         TEXT NOT NULL DEFAULT 'alert',
  since_ms     INTEGER NOT NULL,
  dead_ms      INTEGER,
  UNIQUE (firing_id, channel, target, what)
) STRICT;
INSERT INTO deliveries (id, firing_id, channel, target, attempts, next_try_ms, last_error, delivered_ms, since_ms)
  SELECT k.id, firing_id, channel, target, attempts, next_try_ms, last_error, delivered_ms, f.at_ms
  FROM kept k JOIN firings f ON f.id = k.firing_id;
CREATE INDEX deliveries_pending ON deliveries (next_try_ms, id) WHERE delivered_ms IS NULL AND dead_ms IS NULL;
CREATE INDEX deliveries_targets ON deliveries (channel, target, id) WHERE delivered_ms IS NULL AND dead_ms IS NULL;
CREATE INDEX deliveries_dead ON deliveries (id) WHERE dead_ms IS NOT NULL;
DROP TABLE kept;

-- Records of assets are found by their pictures, too.
ALTER TABLE asset_records ADD COLUMN picture BLOB;
ALTER TABLE asset_records ADD COLUMN picture_model TEXT;

-- Recordings from before an index was there, which it is to describe as well.
CREATE TABLE index_backfills (
  index_id    TEXT PRIMARY KEY REFERENCES indexes (id) ON DELETE CASCADE,
  from_ms     INTEGER NOT NULL,
  to_ms       INTEGER NOT NULL,
  reached_ms  INTEGER NOT NULL,
  status      TEXT NOT NULL, -- waiting, running, done, failed, cancelled
  message     TEXT,
  created_ms  INTEGER NOT NULL,
  finished_ms INTEGER
) STRICT;

-- Sentences of prompts, and what a picture may show instead, as a model compares pictures with them.
CREATE TABLE prompt_vectors (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  sentence TEXT NOT NULL,
  model    TEXT NOT NULL,
  scale    REAL NOT NULL,
  texts    TEXT NOT NULL, -- JSON
  vectors  BLOB NOT NULL, -- as floats, one after the other
  UNIQUE (sentence, model)
) STRICT;
-- Outcomes of jobs that nobody could be told.
ALTER TABLE jobs ADD COLUMN callback_error TEXT;
CREATE INDEX jobs_untold ON jobs (finished_ms) WHERE callback_next_ms IS NULL AND callback_error IS NOT NULL;

-- What a model is asked before an alert fires.
CREATE TABLE alert_questions (
  alert_id TEXT PRIMARY KEY REFERENCES alerts (id) ON DELETE CASCADE,
  seq      INTEGER NOT NULL,
  question TEXT NOT NULL, -- JSON
  asked_ms INTEGER NOT NULL,
  answer   TEXT -- JSON; null while it waits
) STRICT, WITHOUT ROWID;
`,
};
