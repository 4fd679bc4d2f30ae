import type { Migration } from '../migrate.ts';

/** What of a recording stays, and for how long. */
export const keeping: Migration = {
  version: 5,
  sql: /* sql */ `
ALTER TABLE streams ADD COLUMN substream_url TEXT;
ALTER TABLE streams ADD COLUMN recording TEXT NOT NULL DEFAULT '{}';
ALTER TABLE streams ADD COLUMN sifted_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE gaps ADD COLUMN unwanted INTEGER NOT NULL DEFAULT 0;
`,
};
