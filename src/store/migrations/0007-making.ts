import type { Migration } from '../migrate.ts';

/** Streams that are sent to the box, capture sessions, and what is rendered. */
export const making: Migration = {
  version: 7,
  sql: /* sql */ `
-- Pushed streams.
ALTER TABLE streams ADD COLUMN push TEXT;
-- Capture sessions.
-- Rendering.
ALTER TABLE assets ADD COLUMN render_key TEXT;
ALTER TABLE assets ADD COLUMN used_ms INTEGER;
CREATE UNIQUE INDEX assets_rendered ON assets (render_key) WHERE render_key IS NOT NULL;
CREATE INDEX assets_giving_way ON assets (used_ms) WHERE used_ms IS NOT NULL;
ALTER TABLE jobs ADD COLUMN join_key TEXT;
ALTER TABLE jobs ADD COLUMN detail TEXT;
`,
};
