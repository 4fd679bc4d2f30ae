import { ASSETS_SCHEMA } from './schema-assets.ts';
import { KEEPING_SCHEMA } from './schema-keeping.ts';
import { MAKING_SCHEMA } from './schema-making.ts';
import { SYNCING_SCHEMA } from './schema-syncing.ts';

/**
 * The newest schema, whole and commented. A fresh database is made from it; an older one is brought to it by the
 * migrations, and a test holds the two equal.
 *
 * Times are Unix milliseconds. JSON columns hold domain types as they are. Paths are relative: segments' to the media
 * directory, thumbnails' to the thumbs directory, assets' to the assets directory. Vectors of scenes live in one table per
 * UTC day, those of their words in `vectors_yyyymmdd`, those of their pictures in `pictures_yyyymmdd`: made when the day's
 * first scene is stored and dropped whole by retention (see vectors.ts).
 */
export const SCHEMA = /* sql */ `
-- Facts about this box: box_id, default_collection.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE collections (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  is_public   INTEGER NOT NULL,
  created_ms  INTEGER NOT NULL
) STRICT;

-- Cameras. url and substream_url may hold credentials: they are sealed (see seal.ts).
CREATE TABLE streams (
  id                TEXT PRIMARY KEY,
  collection_id     TEXT NOT NULL REFERENCES collections (id),
  name              TEXT NOT NULL,
  url               TEXT NOT NULL,
  media_types       TEXT NOT NULL, -- JSON
  sample_rate       INTEGER NOT NULL,
  store             INTEGER NOT NULL,
  enable_transcript INTEGER NOT NULL,
  transport         TEXT NOT NULL,
  zones             TEXT NOT NULL, -- JSON
  wanted            TEXT NOT NULL,
  origin            TEXT NOT NULL,
  created_ms        INTEGER NOT NULL,
  transcript_engine TEXT NOT NULL DEFAULT 'default',
  transcript_ws_connection_id TEXT,
  transcript_changed_ms INTEGER NOT NULL DEFAULT 0,
  substream_url     TEXT,
  recording         TEXT NOT NULL DEFAULT '{}', -- JSON, what differs from recording everything
  sifted_ms         INTEGER NOT NULL DEFAULT 0, -- up to then it is decided what of the recording stays
  box_id            TEXT, -- the box that sends it; null: this one has the camera
  push              TEXT, -- JSON: how it is sent to this box; null: it is fetched from url
  capture           TEXT  -- JSON: the capture session that it is a channel of
) STRICT;

-- Prompt-defined indexes over one stream.
CREATE TABLE indexes (
  id                TEXT PRIMARY KEY,
  stream_id         TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  name              TEXT NOT NULL,
  prompt            TEXT NOT NULL,
  extraction        TEXT NOT NULL, -- JSON
  extraction_config TEXT NOT NULL, -- JSON, as the client sent it
  model_name        TEXT NOT NULL,
  model_config      TEXT NOT NULL, -- JSON
  ws_connection_id  TEXT,
  status            TEXT NOT NULL,
  created_ms        INTEGER NOT NULL,
  resumed_ms        INTEGER NOT NULL DEFAULT 0 -- nothing from before is indexed
) STRICT;
CREATE INDEX indexes_by_stream ON indexes (stream_id);

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

-- One run of ffmpeg; its segments share an init file. Recordings outlive their stream: retention takes those without
-- one away in batches, for there can be hundreds of thousands.
CREATE TABLE recording_sessions (
  id         TEXT PRIMARY KEY,
  stream_id  TEXT NOT NULL,
  started_ms INTEGER NOT NULL,
  init_path  TEXT NOT NULL,
  codecs     TEXT,
  width      INTEGER NOT NULL,
  height     INTEGER NOT NULL
) STRICT;
CREATE INDEX recording_sessions_by_stream ON recording_sessions (stream_id);

-- A row is written after its file is on disk, and taken away before its file is.
CREATE TABLE segments (
  id         INTEGER PRIMARY KEY AUTOINCREMENT, -- order of storing: the age that no clock step changes
  stream_id  TEXT NOT NULL,
  session_id TEXT NOT NULL REFERENCES recording_sessions (id),
  start_ms   INTEGER NOT NULL,
  end_ms     INTEGER NOT NULL,
  path       TEXT NOT NULL UNIQUE,
  bytes      INTEGER NOT NULL,
  held       INTEGER NOT NULL DEFAULT 0, -- retention takes it last of all, or never
  waiting    INTEGER NOT NULL DEFAULT 0  -- to be sent elsewhere
) STRICT;
CREATE INDEX segments_by_stream ON segments (stream_id);
CREATE INDEX segments_by_time ON segments (stream_id, start_ms);
CREATE INDEX segments_by_length ON segments (stream_id, end_ms - start_ms); -- bounds the look back of an overlap query
CREATE INDEX segments_by_session ON segments (session_id);
CREATE INDEX segments_to_go ON segments (stream_id, end_ms) WHERE held = 0;
CREATE INDEX segments_first ON segments (id) WHERE held = 0;
CREATE INDEX segments_first_sent ON segments (id) WHERE held = 0 AND waiting = 0;
CREATE INDEX segments_sent ON segments (stream_id, id) WHERE held = 0 AND waiting = 0;

-- One row, kept by the triggers: counting hundreds of thousands of segments for every status would not be cheap.
CREATE TABLE segment_totals (
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
INSERT INTO segment_totals VALUES (0, 0);
CREATE TRIGGER segment_added AFTER INSERT ON segments BEGIN
  UPDATE segment_totals SET count = count + 1, bytes = bytes + new.bytes;
END;
CREATE TRIGGER segment_removed AFTER DELETE ON segments BEGIN
  UPDATE segment_totals SET count = count - 1, bytes = bytes - old.bytes;
END;

-- Stretches of which no recording is there.
CREATE TABLE gaps (
  id        INTEGER PRIMARY KEY,
  stream_id TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  start_ms  INTEGER NOT NULL,
  end_ms    INTEGER NOT NULL,
  reason    TEXT NOT NULL,
  unwanted  INTEGER NOT NULL DEFAULT 0 -- nobody wanted it to stay
) STRICT;
CREATE INDEX gaps_by_time ON gaps (stream_id, start_ms);
CREATE INDEX gaps_by_end ON gaps (end_ms);

CREATE TABLE scenes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  stream_id  TEXT NOT NULL REFERENCES streams (id),
  index_id   TEXT NOT NULL REFERENCES indexes (id),
  start_ms   INTEGER NOT NULL,
  end_ms     INTEGER NOT NULL, -- grows while the scene goes on
  text       TEXT NOT NULL,
  facts      TEXT NOT NULL, -- JSON; null for what was heard
  thumb_path TEXT,
  edge_id    INTEGER -- its id on the box that sent it
) STRICT;
CREATE UNIQUE INDEX scenes_of_boxes ON scenes (index_id, edge_id, start_ms) WHERE edge_id IS NOT NULL;
CREATE INDEX scenes_by_index ON scenes (index_id, start_ms);
CREATE INDEX scenes_by_length ON scenes (index_id, end_ms - start_ms);
CREATE INDEX scenes_by_stream ON scenes (stream_id);
CREATE INDEX scenes_to_go ON scenes (stream_id, end_ms);
CREATE INDEX scenes_with_thumb ON scenes (stream_id, end_ms) WHERE thumb_path IS NOT NULL;

-- Words of scenes.text; rowid = scenes.id.
CREATE VIRTUAL TABLE scene_words USING fts5 (
  text, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);

-- Reusable plain-English rules.
CREATE TABLE events (
  id         TEXT PRIMARY KEY,
  prompt     TEXT NOT NULL,
  label      TEXT NOT NULL,
  rule       TEXT NOT NULL, -- JSON
  created_ms INTEGER NOT NULL
) STRICT;

-- Alerts that are armed and disarmed together.
CREATE TABLE alert_groups (
  name     TEXT PRIMARY KEY,
  armed    INTEGER NOT NULL,
  since_ms INTEGER NOT NULL, -- before, it was the other way
  put_ms   INTEGER NOT NULL,
  who      TEXT NOT NULL,
  schedule TEXT -- JSON
) STRICT, WITHOUT ROWID;

-- Who armed, disarmed and snoozed what.
CREATE TABLE arming_changes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms      INTEGER NOT NULL,
  who        TEXT NOT NULL,
  what       TEXT NOT NULL,
  alert_id   TEXT,
  group_name TEXT,
  until_ms   INTEGER
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

-- Events armed on an index.
CREATE TABLE alerts (
  id               TEXT PRIMARY KEY,
  stream_id        TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  index_id         TEXT NOT NULL REFERENCES indexes (id) ON DELETE CASCADE,
  event_id         TEXT NOT NULL REFERENCES events (id),
  callback_url     TEXT,
  ws_connection_id TEXT,
  status           TEXT NOT NULL,
  created_ms       INTEGER NOT NULL,
  snoozed_until_ms INTEGER,
  threshold        REAL, -- 0–1; null: none
  group_name       TEXT REFERENCES alert_groups (name) ON DELETE SET NULL,
  box_id           TEXT -- the box that looks at it; null: this one
) STRICT;
CREATE INDEX alerts_by_index ON alerts (index_id);
CREATE INDEX alerts_by_stream ON alerts (stream_id);
CREATE INDEX alerts_by_group ON alerts (group_name) WHERE group_name IS NOT NULL;

-- What a model is asked before an alert fires.
CREATE TABLE alert_questions (
  alert_id TEXT PRIMARY KEY REFERENCES alerts (id) ON DELETE CASCADE,
  seq      INTEGER NOT NULL,
  question TEXT NOT NULL, -- JSON
  asked_ms INTEGER NOT NULL,
  answer   TEXT -- JSON; null while it waits
) STRICT, WITHOUT ROWID;

-- What the evaluator remembers between scenes, by alert; its own JSON.
CREATE TABLE alert_states (
  alert_id TEXT PRIMARY KEY REFERENCES alerts (id) ON DELETE CASCADE,
  state    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Alerts that fired.
CREATE TABLE firings (
  id          TEXT PRIMARY KEY,
  alert_id    TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
  event_id    TEXT NOT NULL,
  label       TEXT NOT NULL,
  stream_id   TEXT NOT NULL,
  index_id    TEXT NOT NULL,
  scene_id    INTEGER NOT NULL, -- may outlive its scene
  at_ms       INTEGER NOT NULL,
  start_ms    INTEGER NOT NULL,
  end_ms      INTEGER NOT NULL,
  confidence  REAL NOT NULL,
  explanation TEXT NOT NULL,
  evidence    TEXT NOT NULL, -- JSON
  verdict     TEXT, -- JSON; null until it has been looked at again
  UNIQUE (alert_id, start_ms)
) STRICT;
CREATE INDEX firings_by_time ON firings (at_ms);
CREATE INDEX firings_by_stream ON firings (stream_id, at_ms);
CREATE INDEX firings_by_scene ON firings (scene_id);

-- What people said of firings. Firings with a mark stay, with their pictures, as long as the mark does.
CREATE TABLE marks (
  firing_id TEXT PRIMARY KEY REFERENCES firings (id) ON DELETE CASCADE,
  alert_id  TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
  verdict   TEXT NOT NULL, -- right, wrong
  note      TEXT,
  marked_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX marks_by_alert ON marks (alert_id, marked_ms);

-- One firing on its way to one receiver; when it has been looked at again, a second time with the verdict.
CREATE TABLE deliveries (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  firing_id    TEXT NOT NULL REFERENCES firings (id) ON DELETE CASCADE,
  channel      TEXT NOT NULL,
  target       TEXT NOT NULL,
  attempts     INTEGER NOT NULL DEFAULT 0,
  next_try_ms  INTEGER NOT NULL DEFAULT 0, -- 0: at once
  last_error   TEXT,
  delivered_ms INTEGER,
  what         TEXT NOT NULL DEFAULT 'alert', -- alert, verdict
  since_ms     INTEGER NOT NULL,              -- made, or begun again
  dead_ms      INTEGER,                       -- given up
  UNIQUE (firing_id, channel, target, what)
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (next_try_ms, id) WHERE delivered_ms IS NULL AND dead_ms IS NULL;
CREATE INDEX deliveries_targets ON deliveries (channel, target, id) WHERE delivered_ms IS NULL AND dead_ms IS NULL;
CREATE INDEX deliveries_dead ON deliveries (id) WHERE dead_ms IS NOT NULL;

-- One line per stored fact; seq is never used twice.
CREATE TABLE journal (
  seq       INTEGER PRIMARY KEY AUTOINCREMENT,
  kind      TEXT NOT NULL,
  stream_id TEXT NOT NULL,
  ref       TEXT NOT NULL,
  at_ms     INTEGER NOT NULL
) STRICT;

-- How far each durable reader of the journal has come.
CREATE TABLE cursors (
  name TEXT PRIMARY KEY,
  seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- API keys, by hash only.
CREATE TABLE keys (
  id         INTEGER PRIMARY KEY,
  hash       TEXT NOT NULL UNIQUE,
  label      TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  scopes     TEXT NOT NULL DEFAULT '["all"]', -- JSON: what it opens
  last_used_ms INTEGER, -- to the minute
  revoked_ms   INTEGER  -- opens nothing any more; the row stays, so that its id is never another's
) STRICT;

-- Files that no row names any more and that are yet to be unlinked. dir: a whole recording session's directory, or an
-- asset's.
CREATE TABLE garbage (
  id   INTEGER PRIMARY KEY,
  root TEXT NOT NULL CHECK (root IN ('media', 'thumbs', 'assets')),
  path TEXT NOT NULL,
  dir  INTEGER NOT NULL
) STRICT;
CREATE INDEX garbage_by_path ON garbage (path);

-- Steps of the system clock, for reading old times.
CREATE TABLE clock_steps (
  id      INTEGER PRIMARY KEY,
  at_ms   INTEGER NOT NULL,
  step_ms INTEGER NOT NULL
) STRICT;

-- What was said on a stream; never two that begin at the same time.
CREATE TABLE transcripts (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  stream_id  TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  start_ms   INTEGER NOT NULL,
  end_ms     INTEGER NOT NULL,
  text       TEXT NOT NULL,
  words      TEXT NOT NULL, -- JSON
  language   TEXT,
  confidence REAL,
  model      TEXT NOT NULL DEFAULT '',
  embedding  BLOB -- 8 bits per dimension; null for a vector without direction
) STRICT;
CREATE UNIQUE INDEX transcripts_by_time ON transcripts (stream_id, start_ms);
CREATE INDEX transcripts_by_length ON transcripts (stream_id, end_ms - start_ms); -- bounds the look back
CREATE INDEX transcripts_by_end ON transcripts (end_ms);

-- Words of transcripts.text; rowid = transcripts.id.
CREATE VIRTUAL TABLE transcript_words USING fts5 (
  text, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER transcript_removed AFTER DELETE ON transcripts BEGIN
  DELETE FROM transcript_words WHERE rowid = old.id;
END;

-- Stretches in which someone may have spoken and nothing was written down though it was wanted.
CREATE TABLE transcript_gaps (
  id        INTEGER PRIMARY KEY,
  stream_id TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  start_ms  INTEGER NOT NULL,
  end_ms    INTEGER NOT NULL,
  reason    TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX transcript_gaps_by_time ON transcript_gaps (stream_id, start_ms);
CREATE INDEX transcript_gaps_by_length ON transcript_gaps (stream_id, end_ms - start_ms); -- bounds the look back
CREATE INDEX transcript_gaps_by_end ON transcript_gaps (end_ms);
${ASSETS_SCHEMA}${KEEPING_SCHEMA}${SYNCING_SCHEMA}${MAKING_SCHEMA}`;
