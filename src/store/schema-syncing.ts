/** What goes elsewhere, what comes from other boxes, and who may change what: the newest schema's part about syncing. */
export const SYNCING_SCHEMA = /* sql */ `
-- Outbox.

-- Fleet.
-- Boxes that send to this one.
CREATE TABLE boxes (
  id       TEXT PRIMARY KEY,
  key_id   INTEGER UNIQUE REFERENCES keys (id) ON DELETE SET NULL, -- whoever has that key is this box, and nobody else
  report   TEXT NOT NULL, -- JSON, what it told of itself last
  first_ms INTEGER NOT NULL,
  seen_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Parcels of which some bytes have come.
CREATE TABLE incoming (
  id         TEXT PRIMARY KEY,
  box_id     TEXT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE,
  key        TEXT NOT NULL UNIQUE,
  head       TEXT NOT NULL, -- JSON
  received   INTEGER NOT NULL DEFAULT 0, -- bytes that are on disk
  touched_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Control.
`;
