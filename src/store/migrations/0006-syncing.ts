import type { Migration } from '../migrate.ts';

/** What goes elsewhere, what comes from other boxes, and who may change what. */
export const syncing: Migration = {
  version: 6,
  sql: /* sql */ `
-- Outbox.

-- Fleet.
CREATE TABLE boxes (
  id       TEXT PRIMARY KEY,
  key_id   INTEGER UNIQUE REFERENCES keys (id) ON DELETE SET NULL,
  report   TEXT NOT NULL,
  first_ms INTEGER NOT NULL,
  seen_ms  INTEGER NOT NULL
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
ALTER TABLE keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '["all"]';
ALTER TABLE keys ADD COLUMN last_used_ms INTEGER;
ALTER TABLE keys ADD COLUMN revoked_ms INTEGER;
`,
};
