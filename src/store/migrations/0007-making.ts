import type { Migration } from '../migrate.ts';

/** Streams that are sent to the box, capture sessions, and what is rendered. */
export const making: Migration = {
  version: 7,
  sql: /* sql */ `
-- Pushed streams.
ALTER TABLE streams ADD COLUMN push TEXT;
-- Capture sessions.
-- Rendering.
`,
};
