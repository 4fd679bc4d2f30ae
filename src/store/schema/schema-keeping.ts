/** What of the recordings is held, what they take, and what is written: the newest schema's part about keeping. */
export const KEEPING_SCHEMA = /* sql */ `
-- Stretches of recordings that people want to keep.
CREATE TABLE holds (
  id         TEXT PRIMARY KEY,
  stream_id  TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  from_ms    INTEGER NOT NULL,
  to_ms      INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  who        TEXT NOT NULL,
  until_ms   INTEGER, -- null: until it is deleted
  created_ms INTEGER NOT NULL,
  target_ms  INTEGER -- where to_ms is on its way to; from_ms: the hold goes. null: it has come
) STRICT;
CREATE INDEX holds_by_stream ON holds (stream_id);

-- What was recorded around a firing is held as long as the firing is there, and this row. At most half an hour long.
CREATE TABLE alert_holds (
  firing_id TEXT PRIMARY KEY REFERENCES firings (id) ON DELETE CASCADE,
  stream_id TEXT NOT NULL,
  from_ms   INTEGER NOT NULL,
  to_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_holds_by_time ON alert_holds (from_ms);
CREATE INDEX alert_holds_by_stream ON alert_holds (stream_id, from_ms);

-- segments.held follows from both.
CREATE TRIGGER hold_added AFTER INSERT ON holds BEGIN
  UPDATE segments SET held = 1 WHERE stream_id = new.stream_id AND start_ms < new.to_ms AND end_ms > new.from_ms
    AND start_ms > new.from_ms - (SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = new.stream_id)
    AND held = 0;
END;
CREATE TRIGGER hold_removed AFTER DELETE ON holds BEGIN
  UPDATE segments SET held = 0 WHERE stream_id = old.stream_id AND start_ms < old.to_ms AND end_ms > old.from_ms
    AND start_ms > old.from_ms - (SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = old.stream_id)
    AND held = 1
    AND NOT EXISTS (SELECT 1 FROM holds h
      WHERE h.stream_id = segments.stream_id AND h.from_ms < segments.end_ms AND h.to_ms > segments.start_ms)
    AND NOT EXISTS (SELECT 1 FROM alert_holds a
      WHERE a.stream_id = segments.stream_id AND a.from_ms < segments.end_ms AND a.to_ms > segments.start_ms
        AND a.from_ms > segments.start_ms - 1800000);
END;
-- A long hold comes and goes in slices, by its end.
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
CREATE TRIGGER alert_hold_added AFTER INSERT ON alert_holds BEGIN
  UPDATE segments SET held = 1 WHERE stream_id = new.stream_id AND start_ms < new.to_ms AND end_ms > new.from_ms
    AND start_ms > new.from_ms - (SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = new.stream_id)
    AND held = 0;
END;
CREATE TRIGGER alert_hold_removed AFTER DELETE ON alert_holds BEGIN
  UPDATE segments SET held = 0 WHERE stream_id = old.stream_id AND start_ms < old.to_ms AND end_ms > old.from_ms
    AND start_ms > old.from_ms - (SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = old.stream_id)
    AND held = 1
    AND NOT EXISTS (SELECT 1 FROM holds h
      WHERE h.stream_id = segments.stream_id AND h.from_ms < segments.end_ms AND h.to_ms > segments.start_ms)
    AND NOT EXISTS (SELECT 1 FROM alert_holds a
      WHERE a.stream_id = segments.stream_id AND a.from_ms < segments.end_ms AND a.to_ms > segments.start_ms
        AND a.from_ms > segments.start_ms - 1800000);
END;

-- Of each stream, kept by the triggers.
CREATE TABLE stream_bytes (
  stream_id  TEXT PRIMARY KEY,
  bytes      INTEGER NOT NULL,
  held_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER stream_bytes_added AFTER INSERT ON segments BEGIN
  INSERT INTO stream_bytes VALUES (new.stream_id, new.bytes, new.held * new.bytes)
  ON CONFLICT (stream_id) DO UPDATE SET bytes = bytes + excluded.bytes, held_bytes = held_bytes + excluded.held_bytes;
END;
CREATE TRIGGER stream_bytes_removed AFTER DELETE ON segments BEGIN
  UPDATE stream_bytes SET bytes = bytes - old.bytes, held_bytes = held_bytes - old.held * old.bytes
  WHERE stream_id = old.stream_id;
  DELETE FROM stream_bytes WHERE stream_id = old.stream_id AND bytes = 0;
END;
CREATE TRIGGER stream_bytes_held AFTER UPDATE OF held ON segments BEGIN
  UPDATE stream_bytes SET held_bytes = held_bytes + (new.held - old.held) * new.bytes WHERE stream_id = new.stream_id;
END;

-- Bytes that were written each UTC day: recordings of each stream; under '' what else the box wrote.
CREATE TABLE bytes_written (
  day       INTEGER NOT NULL, -- since 1970
  stream_id TEXT NOT NULL,
  bytes     INTEGER NOT NULL,
  PRIMARY KEY (day, stream_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER segment_written AFTER INSERT ON segments BEGIN
  INSERT INTO bytes_written VALUES (new.end_ms / 86400000, new.stream_id, new.bytes)
  ON CONFLICT (day, stream_id) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
`;
