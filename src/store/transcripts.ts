import type { Statement } from 'better-sqlite3';
import type { Transcript } from '#domain';
import type { Connection } from './connection.ts';
import type { Journal } from './journal.ts';

interface Row {
  id: number;
  stream_id: string;
  start_ms: number;
  end_ms: number;
  text: string;
  words: string;
}

interface Range {
  stream: string;
  start: number | null;
  end: number | null;
  since: number | null;
}

const MATCHES = `
  stream_id = @stream
  AND start_ms < coalesce(@end, 9e15) AND end_ms > coalesce(@start, -1) AND end_ms > coalesce(@since, -1)
  AND start_ms > coalesce(max(coalesce(@start, -1), coalesce(@since, -1))
    - (SELECT max(end_ms - start_ms) FROM transcripts WHERE stream_id = @stream) - 1, -1)`;

/** What was said on the streams. */
export class Transcripts {
  readonly #connection: Connection;
  readonly #journal: Journal;
  readonly #insert: Statement<Omit<Row, 'id'>>;
  readonly #get: Statement<[number], Row>;
  readonly #page: Statement<Range & { limit: number; offset: number }, Row>;
  readonly #count: Statement<Range, { count: number }>;

  constructor(connection: Connection, journal: Journal) {
    const { sql } = connection;
    this.#connection = connection;
    this.#journal = journal;
    this.#insert = sql.prepare(`
      INSERT INTO transcripts (stream_id, start_ms, end_ms, text, words)
      VALUES (@stream_id, @start_ms, @end_ms, @text, @words)`);
    this.#get = sql.prepare('SELECT * FROM transcripts WHERE id = ?');
    this.#page = sql.prepare(
      `SELECT * FROM transcripts WHERE ${MATCHES} ORDER BY start_ms, id LIMIT @limit OFFSET @offset`,
    );
    this.#count = sql.prepare(`SELECT count(*) AS count FROM transcripts WHERE ${MATCHES}`);
  }

  /** Stores it with its journal entry. Throws `not_found` when the stream has been deleted. */
  add(draft: Omit<Transcript, 'id'>): Transcript {
    return this.#connection.write(() => {
      const id = Number(
        this.#insert.run({
          stream_id: draft.streamId,
          start_ms: draft.startMs,
          end_ms: draft.endMs,
          text: draft.text,
          words: JSON.stringify(draft.words),
        }).lastInsertRowid,
      );
      this.#journal.append('transcript', draft.streamId, String(id), draft.endMs);
      return { ...draft, id };
    });
  }

  get(id: number): Transcript | undefined {
    const row = this.#get.get(id);
    return row && transcriptOf(row);
  }

  /** Oldest first; pages count from 1. A range takes what overlaps it, `sinceMs` what ended after it. */
  page(
    streamId: string,
    query: { page: number; pageSize: number; startMs?: number; endMs?: number; sinceMs?: number },
  ): { records: Transcript[]; total: number; nextPage: boolean } {
    const { page, pageSize, startMs, endMs, sinceMs } = query;
    const range = { stream: streamId, start: startMs ?? null, end: endMs ?? null, since: sinceMs ?? null };
    const offset = (page - 1) * pageSize;
    const records = this.#page.all({ ...range, limit: pageSize, offset }).map(transcriptOf);
    const total = this.#count.get(range)?.count ?? 0;
    return { records, total, nextPage: offset + records.length < total };
  }

  /** Those that overlap the range, oldest first. */
  inRange(streamId: string, startMs: number, endMs: number): Transcript[] {
    const range = { stream: streamId, start: startMs, end: endMs, since: null };
    return this.#page.all({ ...range, limit: -1, offset: 0 }).map(transcriptOf);
  }
}

function transcriptOf(row: Row): Transcript {
  return {
    id: row.id,
    streamId: row.stream_id,
    startMs: row.start_ms,
    endMs: row.end_ms,
    text: row.text,
    words: JSON.parse(row.words),
  };
}
