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
-- Holds in slices.
ALTER TABLE holds ADD COLUMN target_ms INTEGER;
CREATE TRIGGER hold_moved AFTER UPDATE OF to_ms ON holds BEGIN
  UPDATE segments SET held = 1 WHERE stream_id = new.stream_id AND start_ms < new.to_ms AND end_ms > old.to_ms
    AND start_ms > old.to_ms - (SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = new.stream_id)
    AND end_ms > new.from_ms AND held = 0;
  UPDATE segments SET held = 0 WHERE stream_id = old.stream_id AND start_ms < old.to_ms AND end_ms > new.to_ms
    AND start_ms > new.to_ms - (SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = old.stream_id)
    AND held = 1
    AND NOT EXISTS (SELECT 1 FROM holds h
      WHERE h.stream_id = segments.stream_id AND h.from_ms < segments.end_ms AND h.to_ms > segments.start_ms)
    AND NOT EXISTS (SELECT 1 FROM alert_holds a
      WHERE a.stream_id = segments.stream_id AND a.from_ms < segments.end_ms AND a.to_ms > segments.start_ms
        AND a.from_ms > segments.start_ms - 1800000);
END;
`,
};
