import type { Statement } from 'better-sqlite3';
import type { Transcript, TranscriptGap } from '#domain';
import type { Collections } from './collections.ts';
import type { Connection } from './connection.ts';
import type { Journal } from './journal.ts';
import type { Cancellable, Finders } from './search/finders.ts';
import type { TranscriptQuery } from './search/transcript-search.ts';
import { quantise } from './search/vector-tables.ts';

export interface TranscriptHit {
  transcript: Transcript;
  /** 0–1; comparable between queries, and with those of scenes. */
  score: number;
}

export interface TranscriptRow {
  id: number;
  stream_id: string;
  start_ms: number;
  end_ms: number;
  text: string;
  words: string;
  language: string | null;
  confidence: number | null;
}

type GapRow = Pick<TranscriptRow, 'stream_id' | 'start_ms' | 'end_ms'> & { reason: string };

interface Range {
  stream: string;
  start: number | null;
  end: number | null;
  since: number | null;
}

const COLUMNS = 'id, stream_id, start_ms, end_ms, text, words, language, confidence';
const matches = (table: string) => `
  stream_id = @stream
  AND start_ms < coalesce(@end, 9e15) AND end_ms > coalesce(@start, -1) AND end_ms > coalesce(@since, -1)
  AND start_ms > coalesce(max(coalesce(@start, -1), coalesce(@since, -1))
    - (SELECT max(end_ms - start_ms) FROM ${table} WHERE stream_id = @stream) - 1, -1)`;

/** What was said on the streams, with its words and vectors, and what was not written down. */
export class Transcripts {
  readonly #connection: Connection;
  readonly #collections: Collections;
  readonly #journal: Journal;
  readonly #search: Finders['transcripts'];
  readonly #insert: Statement<Omit<TranscriptRow, 'id'> & { model: string; embedding: Buffer | null }>;
  readonly #insertWords: Statement<[number, string]>;
  readonly #get: Statement<[number], TranscriptRow>;
  readonly #page: Statement<Range & { limit: number; offset: number }, TranscriptRow>;
  readonly #count: Statement<Range, { count: number }>;
  readonly #insertGap: Statement<GapRow>;
  readonly #gaps: Statement<Range, GapRow>;

  constructor(connection: Connection, collections: Collections, journal: Journal, search: Finders['transcripts']) {
    const { sql } = connection;
    this.#connection = connection;
    this.#collections = collections;
    this.#journal = journal;
    this.#search = search;
    this.#insert = sql.prepare(`
      INSERT INTO transcripts (stream_id, start_ms, end_ms, text, words, language, confidence, model, embedding)
      VALUES (@stream_id, @start_ms, @end_ms, @text, @words, @language, @confidence, @model, @embedding)
      ON CONFLICT (stream_id, start_ms) DO NOTHING`);
    this.#insertWords = sql.prepare('INSERT INTO transcript_words (rowid, text) VALUES (?, ?)');
    this.#get = sql.prepare(
      `SELECT ${COLUMNS} FROM transcripts WHERE id = ? AND stream_id IN (SELECT id FROM streams)`,
    );
    const found = `FROM transcripts WHERE ${matches('transcripts')}`;
    this.#page = sql.prepare(`SELECT ${COLUMNS} ${found} ORDER BY start_ms, id LIMIT @limit OFFSET @offset`);
    this.#count = sql.prepare(`SELECT count(*) AS count ${found}`);
    this.#insertGap = sql.prepare(`
      INSERT INTO transcript_gaps (stream_id, start_ms, end_ms, reason) VALUES (@stream_id, @start_ms, @end_ms, @reason)
      ON CONFLICT (stream_id, start_ms) DO UPDATE SET end_ms = max(end_ms, excluded.end_ms), reason = excluded.reason`);
    this.#gaps = sql.prepare(`SELECT * FROM transcript_gaps WHERE ${matches('transcript_gaps')} ORDER BY start_ms`);
  }

  /**
   * Stores it with its words, its vector (without one it is found by words alone) and its journal entry; on disk when this
   * returns, so that its sound may go. What begins at the same time on the same stream is the same: then undefined, and
   * nothing changes. Throws `not_found` when the stream has been deleted.
   */
  add(draft: Omit<Transcript, 'id'>, vector: Float32Array = new Float32Array(), model = ''): Transcript | undefined {
    return this.#connection.writeDurably(() => {
      const { changes, lastInsertRowid } = this.#insert.run({
        ...rowOf(draft),
        model,
        embedding: quantise(vector) ?? null,
      });
      if (changes === 0) return undefined;
      const id = Number(lastInsertRowid);
      this.#insertWords.run(id, draft.text);
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

  /**
   * On disk when this returns. A gap that begins where another of the stream does takes its place. Throws `not_found` when
   * the stream has been deleted.
   */
  addGap({ streamId, startMs, endMs, reason }: TranscriptGap): void {
    const row = { stream_id: streamId, start_ms: startMs, end_ms: endMs, reason };
    this.#connection.writeDurably(() => this.#insertGap.run(row));
  }

  /** Those that overlap the range, oldest first. */
  gaps(streamId: string, startMs: number, endMs: number): TranscriptGap[] {
    return this.#gaps.all({ stream: streamId, start: startMs, end: endMs, since: null }).map(gapOf);
  }

  /** Best first. Nothing is found rather than something unrelated. Throws the signal's reason. */
  async search({ signal, ...query }: TranscriptQuery & Cancellable): Promise<TranscriptHit[]> {
    const hits = await this.#search.run(
      { ...query, mode: 'hybrid' },
      {
        stream: query.streamId ?? null,
        collection: query.collectionId === undefined ? null : this.#collections.resolve(query.collectionId),
        box: query.boxId ?? null,
        start: query.startMs ?? null,
        end: query.endMs ?? null,
      },
      signal,
    );
    return hits.flatMap(({ id, score }) => {
      const transcript = this.get(id);
      return transcript ? [{ transcript, score }] : [];
    });
  }
}

export function transcriptOf(row: TranscriptRow): Transcript {
  return {
    id: row.id,
    streamId: row.stream_id,
    startMs: row.start_ms,
    endMs: row.end_ms,
    text: row.text,
    words: JSON.parse(row.words),
    ...(row.language === null ? {} : { language: row.language }),
    ...(row.confidence === null ? {} : { confidence: row.confidence }),
  };
}

function rowOf(draft: Omit<Transcript, 'id'>): Omit<TranscriptRow, 'id'> {
  return {
    stream_id: draft.streamId,
    start_ms: draft.startMs,
    end_ms: draft.endMs,
    text: draft.text,
    words: JSON.stringify(draft.words),
    language: draft.language ?? null,
    confidence: draft.confidence ?? null,
  };
}

function gapOf(row: GapRow): TranscriptGap {
  return { streamId: row.stream_id, startMs: row.start_ms, endMs: row.end_ms, reason: row.reason };
}
