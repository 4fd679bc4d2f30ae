import type { Migration } from '../migrate.ts';

/** What was said can be found by words and by meaning, stands there once, and what was not written down is told. */
export const transcriptsFound: Migration = {
  version: 3,
  sql: /* sql */ `
ALTER TABLE transcripts ADD COLUMN language TEXT;
ALTER TABLE transcripts ADD COLUMN confidence REAL;
ALTER TABLE transcripts ADD COLUMN model TEXT NOT NULL DEFAULT '';
ALTER TABLE transcripts ADD COLUMN embedding BLOB;

DELETE FROM transcripts WHERE id NOT IN (SELECT min(id) FROM transcripts GROUP BY stream_id, start_ms);
DROP INDEX transcripts_by_time;
CREATE UNIQUE INDEX transcripts_by_time ON transcripts (stream_id, start_ms);

-- Words of transcripts.text; rowid = transcripts.id.
CREATE VIRTUAL TABLE transcript_words USING fts5 (
  text, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);
INSERT INTO transcript_words (rowid, text) SELECT id, text FROM transcripts;
CREATE TRIGGER transcript_removed AFTER DELETE ON transcripts BEGIN
  DELETE FROM transcript_words WHERE rowid = old.id;
END;

-- Stretches in which someone may have spoken and nothing was written down though it was wanted.
CREATE TABLE transcript_gaps (
  id        INTEGER PRIMARY KEY,
  stream_id TEXT NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  start_ms  INTEGER NOT NULL,
  end_ms    INTEGER NOT NULL,
  reason    TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX transcript_gaps_by_time ON transcript_gaps (stream_id, start_ms);
CREATE INDEX transcript_gaps_by_length ON transcript_gaps (stream_id, end_ms - start_ms); -- bounds the look back
CREATE INDEX transcript_gaps_by_end ON transcript_gaps (end_ms);
`,
};
