import type { Migration } from '../migrate.ts';

/** What goes elsewhere, what comes from other boxes, and who may change what. */
export const syncing: Migration = {
  version: 6,
  sql: /* sql */ `
-- Outbox.

-- Fleet.

-- Control.
ALTER TABLE keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '["all"]';
ALTER TABLE keys ADD COLUMN last_used_ms INTEGER;
ALTER TABLE keys ADD COLUMN revoked_ms INTEGER;
`,
};
