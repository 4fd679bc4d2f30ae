import type { Migration } from '../migrate.ts';

/** What goes elsewhere, what comes from other boxes, and who may change what. */
export const syncing: Migration = {
  version: 6,
  sql: /* sql */ `
-- Outbox.
ALTER TABLE segments ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
CREATE INDEX segments_first_sent ON segments (id) WHERE held = 0 AND waiting = 0;
CREATE INDEX segments_sent ON segments (stream_id, id) WHERE held = 0 AND waiting = 0;
-- Where things go, by the names in the configuration.
CREATE TABLE outbox_targets (
  name       TEXT PRIMARY KEY,
  paused_ms  INTEGER,
  paused_by  TEXT,
  sent       INTEGER NOT NULL DEFAULT 0, -- parcels
  sent_bytes INTEGER NOT NULL DEFAULT 0,
  lost       INTEGER NOT NULL DEFAULT 0, -- segments and pictures that were gone before they were sent
  lost_bytes INTEGER NOT NULL DEFAULT 0,
  dropped    INTEGER NOT NULL DEFAULT 0, -- entries that gave way to more urgent ones
  given_up   INTEGER NOT NULL DEFAULT 0, -- parcels that the target will never take
  refusal    TEXT                        -- why, of the last of these
) STRICT, WITHOUT ROWID;

-- What waits for them; acknowledged entries go. An entry of kind segment is a stretch of recording: start_ms moves on
-- as its segments are sent. Stretches and clips are at most ten minutes long: the triggers rely on it.
CREATE TABLE outbox (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  target      TEXT NOT NULL REFERENCES outbox_targets (name) ON DELETE CASCADE,
  kind        TEXT NOT NULL,
  ref         TEXT NOT NULL,
  stream_id   TEXT NOT NULL,
  priority    INTEGER NOT NULL, -- the lowest first
  from_ms     INTEGER NOT NULL, -- where it began
  start_ms    INTEGER NOT NULL,
  end_ms      INTEGER NOT NULL,
  bytes       INTEGER NOT NULL, -- about; of clips and stretches it is not known before
  facts       TEXT NOT NULL,    -- JSON: what it is about
  since_ms    INTEGER NOT NULL,
  ready_ms    INTEGER NOT NULL, -- not before
  asked       INTEGER NOT NULL, -- somebody asked for it
  begun       INTEGER NOT NULL DEFAULT 0, -- it has been offered: it stays as it is
  attempts    INTEGER NOT NULL DEFAULT 0, -- since the last progress
  next_try_ms INTEGER NOT NULL DEFAULT 0,
  resume      TEXT,             -- JSON: what the target needs to go on
  UNIQUE (target, kind, ref)
) STRICT;
CREATE INDEX outbox_turn ON outbox (target, priority, start_ms, id);
CREATE INDEX outbox_recordings ON outbox (stream_id, start_ms) WHERE kind IN ('clip', 'segment');
CREATE INDEX outbox_firings ON outbox (ref) WHERE kind = 'alert';

-- What the outbox holds, kept by the triggers: counting tens of thousands for every status would not be cheap.
CREATE TABLE outbox_totals (
  target    TEXT NOT NULL,
  kind      TEXT NOT NULL,
  stream_id TEXT NOT NULL,
  items     INTEGER NOT NULL,
  bytes     INTEGER NOT NULL,
  ms        INTEGER NOT NULL, -- of recordings
  PRIMARY KEY (target, kind, stream_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER outbox_counted AFTER INSERT ON outbox BEGIN
  INSERT INTO outbox_totals VALUES (new.target, new.kind, new.stream_id, 1, new.bytes, new.end_ms - new.start_ms)
  ON CONFLICT (target, kind, stream_id) DO UPDATE SET items = items + 1, bytes = bytes + excluded.bytes, ms = ms + excluded.ms;
END;
CREATE TRIGGER outbox_recounted AFTER UPDATE OF start_ms, end_ms, bytes ON outbox BEGIN
  UPDATE outbox_totals SET bytes = bytes + new.bytes - old.bytes,
    ms = ms + new.end_ms - new.start_ms - (old.end_ms - old.start_ms)
  WHERE target = new.target AND kind = new.kind AND stream_id = new.stream_id;
END;
CREATE TRIGGER outbox_discounted AFTER DELETE ON outbox BEGIN
  UPDATE outbox_totals SET items = items - 1, bytes = bytes - old.bytes, ms = ms - (old.end_ms - old.start_ms)
  WHERE target = old.target AND kind = old.kind AND stream_id = old.stream_id;
  DELETE FROM outbox_totals
  WHERE target = old.target AND kind = old.kind AND stream_id = old.stream_id AND items = 0;
END;

-- segments.waiting follows: retention takes what waits after what doesn't.
CREATE TRIGGER outbox_added AFTER INSERT ON outbox WHEN new.kind IN ('clip', 'segment') BEGIN
  UPDATE segments SET waiting = 1 WHERE stream_id = new.stream_id AND start_ms < new.end_ms AND end_ms > new.start_ms
    AND start_ms > new.start_ms - (SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = new.stream_id)
    AND waiting = 0;
END;
CREATE TRIGGER outbox_extended AFTER UPDATE OF end_ms ON outbox
WHEN new.kind IN ('clip', 'segment') AND new.end_ms > old.end_ms BEGIN
  UPDATE segments SET waiting = 1 WHERE stream_id = new.stream_id AND start_ms < new.end_ms AND end_ms > old.end_ms
    AND start_ms > old.end_ms - (SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = new.stream_id)
    AND waiting = 0;
END;
CREATE TRIGGER outbox_advanced AFTER UPDATE OF start_ms ON outbox
WHEN new.kind IN ('clip', 'segment') AND new.start_ms > old.start_ms BEGIN
  UPDATE segments SET waiting = 0 WHERE stream_id = old.stream_id AND start_ms < new.start_ms AND end_ms > old.start_ms
    AND start_ms > old.start_ms - (SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = old.stream_id)
    AND waiting = 1
    AND NOT EXISTS (SELECT 1 FROM outbox o
      WHERE o.stream_id = segments.stream_id AND o.kind IN ('clip', 'segment')
        AND o.start_ms < segments.end_ms AND o.end_ms > segments.start_ms AND o.start_ms > segments.start_ms - 660000);
END;
CREATE TRIGGER outbox_removed AFTER DELETE ON outbox WHEN old.kind IN ('clip', 'segment') BEGIN
  UPDATE segments SET waiting = 0 WHERE stream_id = old.stream_id AND start_ms < old.end_ms AND end_ms > old.start_ms
    AND start_ms > old.start_ms - (SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = old.stream_id)
    AND waiting = 1
    AND NOT EXISTS (SELECT 1 FROM outbox o
      WHERE o.stream_id = segments.stream_id AND o.kind IN ('clip', 'segment')
        AND o.start_ms < segments.end_ms AND o.end_ms > segments.start_ms AND o.start_ms > segments.start_ms - 660000);
END;
CREATE TRIGGER segment_wanted AFTER INSERT ON segments
WHEN EXISTS (SELECT 1 FROM outbox
  WHERE stream_id = new.stream_id AND kind IN ('clip', 'segment')
    AND start_ms < new.end_ms AND end_ms > new.start_ms AND start_ms > new.start_ms - 660000) BEGIN
  UPDATE segments SET waiting = 1 WHERE id = new.id;
END;
CREATE TRIGGER segment_lost AFTER DELETE ON segments WHEN old.waiting = 1 BEGIN
  UPDATE outbox_targets SET lost = lost + 1, lost_bytes = lost_bytes + old.bytes WHERE name IN (
    SELECT target FROM outbox
    WHERE stream_id = old.stream_id AND kind IN ('clip', 'segment')
      AND start_ms < old.end_ms AND end_ms > old.start_ms AND start_ms > old.start_ms - 660000);
END;

-- Fleet.
CREATE TABLE boxes (
  id       TEXT PRIMARY KEY,
  key_id   INTEGER UNIQUE REFERENCES keys (id) ON DELETE SET NULL,
  report   TEXT NOT NULL,
  first_ms INTEGER NOT NULL,
  seen_ms  INTEGER NOT NULL,
  clock_ahead_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE incoming (
  id         TEXT PRIMARY KEY,
  box_id     TEXT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE,
  key        TEXT NOT NULL UNIQUE,
  head       TEXT NOT NULL,
  received   INTEGER NOT NULL DEFAULT 0,
  touched_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE streams ADD COLUMN box_id TEXT;
ALTER TABLE alerts ADD COLUMN box_id TEXT;
ALTER TABLE scenes ADD COLUMN edge_id INTEGER;
CREATE UNIQUE INDEX scenes_of_boxes ON scenes (index_id, edge_id, start_ms) WHERE edge_id IS NOT NULL;

-- Control.
CREATE TABLE config_versions (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms   INTEGER NOT NULL,
  by      TEXT NOT NULL,
  changed TEXT NOT NULL,
  sealed  BLOB NOT NULL
) STRICT;
CREATE TABLE configured (
  id        TEXT PRIMARY KEY,
  stream_id TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  has_left  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX configured_by_stream ON configured (stream_id);
ALTER TABLE keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '["all"]';
ALTER TABLE keys ADD COLUMN last_used_ms INTEGER;
ALTER TABLE keys ADD COLUMN revoked_ms INTEGER;
-- Who did what to the box over its control routes and by command: the newest 10 000.
CREATE TABLE audit (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms  INTEGER NOT NULL,
  who    TEXT NOT NULL,
  place  TEXT NOT NULL, -- the address that it came from
  what   TEXT NOT NULL, -- method and path
  result TEXT NOT NULL, -- 'done', or the kind of failure
  detail TEXT,
  times  INTEGER NOT NULL DEFAULT 1 -- the same within an hour
) STRICT;

-- Commands of hubs that this box has begun, so that none is done twice; the newest 5000. answer: JSON, once it is done.
CREATE TABLE commands_done (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  hub    TEXT NOT NULL, -- its name in the configuration
  ref    TEXT NOT NULL,
  answer TEXT,
  UNIQUE (hub, ref)
) STRICT;

-- Commands to other boxes that wait until they come back, and what came of them.
CREATE TABLE commands_waiting (
  id         TEXT PRIMARY KEY,
  box_id     TEXT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE,
  command    TEXT NOT NULL, -- JSON
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  answer     TEXT           -- JSON
) STRICT;
CREATE INDEX commands_waiting_by_box ON commands_waiting (box_id, created_ms);
`,
};
