import type { Migration } from '../migrate.ts';

/** Streams that are sent to the box, capture sessions, and what is rendered. */
export const making: Migration = {
  version: 7,
  sql: /* sql */ `
-- Pushed streams.
ALTER TABLE streams ADD COLUMN push TEXT;
-- Capture sessions.
ALTER TABLE streams ADD COLUMN capture TEXT;
CREATE TABLE capture_sessions (
  id               TEXT PRIMARY KEY,
  collection_id    TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  end_user_id      TEXT NOT NULL,
  status           TEXT NOT NULL,
  callback_url     TEXT,
  ws_connection_id TEXT,
  metadata         TEXT NOT NULL, -- JSON
  channels         TEXT NOT NULL, -- JSON
  primary_id       TEXT,
  export_status    TEXT, -- exporting, exported, failed; null: nothing is to be exported
  asset_id         TEXT,
  export_error     TEXT,
  error            TEXT,
  created_ms       INTEGER NOT NULL,
  changed_ms       INTEGER NOT NULL,
  grants           TEXT NOT NULL -- JSON
) STRICT;
CREATE INDEX capture_sessions_by_status ON capture_sessions (status);

-- Each status that a session came to, and the call that tells of it.
CREATE TABLE capture_events (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id   TEXT NOT NULL REFERENCES capture_sessions (id) ON DELETE CASCADE,
  status       TEXT NOT NULL,
  at_ms        INTEGER NOT NULL,
  attempts     INTEGER NOT NULL DEFAULT 0,
  next_try_ms  INTEGER, -- 0: at once; null: told, given up, or nobody is to be told
  last_error   TEXT,
  UNIQUE (session_id, status)
) STRICT;
CREATE INDEX capture_events_pending ON capture_events (session_id, id) WHERE next_try_ms IS NOT NULL;
-- Session tokens that were ended before their time.
CREATE TABLE ended_tokens (
  id         TEXT PRIMARY KEY,
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Rendering.
ALTER TABLE assets ADD COLUMN render_key TEXT;
ALTER TABLE assets ADD COLUMN used_ms INTEGER;
CREATE UNIQUE INDEX assets_rendered ON assets (render_key) WHERE render_key IS NOT NULL;
CREATE INDEX assets_giving_way ON assets (used_ms) WHERE used_ms IS NOT NULL;
ALTER TABLE jobs ADD COLUMN join_key TEXT;
ALTER TABLE jobs ADD COLUMN detail TEXT;
ALTER TABLE jobs ADD COLUMN starts INTEGER NOT NULL DEFAULT 0;
-- An asset cut into scenes.
CREATE TABLE scene_collections (
  id                TEXT PRIMARY KEY,
  asset_id          TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
  extraction        TEXT NOT NULL, -- JSON
  extraction_config TEXT NOT NULL, -- JSON
  status            TEXT NOT NULL,
  job_id            TEXT,
  scenes            TEXT NOT NULL, -- JSON
  created_ms        INTEGER NOT NULL
) STRICT;
CREATE INDEX scene_collections_by_asset ON scene_collections (asset_id);
`,
};
