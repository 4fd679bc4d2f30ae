import type { Statement } from 'better-sqlite3';
import type { Scene, Transcript } from '#domain';
import type { Connection } from './connection.ts';
import { type SceneRow, sceneOf } from './scenes.ts';
import { type TranscriptRow, transcriptOf } from './transcripts.ts';

/** What overlaps the range, oldest first, from behind the last one of the batch before. */
export interface ReplayQuery {
  fromMs: number;
  toMs: number;
  after: { startMs: number; id: number } | undefined;
  limit: number;
}

interface Bound {
  of: string;
  from: number;
  to: number;
  afterMs: number;
  afterId: number;
  limit: number;
}

/** What was stored, in the order in which it happened, a batch at a time: to go through it once more. It only reads. */
export class Replay {
  readonly #scenes: Statement<Bound, SceneRow>;
  readonly #longestScene: Statement<[string], { ms: number | null }>;
  readonly #transcripts: Statement<Bound, TranscriptRow>;
  readonly #longestTranscript: Statement<[string], { ms: number | null }>;

  constructor({ sql }: Connection) {
    const batch = (table: string, of: string) => `
      SELECT * FROM ${table}
      WHERE ${of} = @of AND start_ms >= @afterMs AND (start_ms > @afterMs OR id > @afterId)
        AND start_ms < @to AND end_ms > @from
      ORDER BY start_ms, id LIMIT @limit`;
    const longest = (table: string, of: string) => `SELECT max(end_ms - start_ms) AS ms FROM ${table} WHERE ${of} = ?`;
    this.#scenes = sql.prepare(batch('scenes', 'index_id'));
    this.#longestScene = sql.prepare(longest('scenes', 'index_id'));
    this.#transcripts = sql.prepare(batch('transcripts', 'stream_id'));
    this.#longestTranscript = sql.prepare(longest('transcripts', 'stream_id'));
  }

  /** An index's. */
  scenes(indexId: string, query: ReplayQuery): Scene[] {
    return this.#scenes.all(boundOf(indexId, query, () => this.#longestScene.get(indexId)?.ms)).map(sceneOf);
  }

  /** A stream's. */
  transcripts(streamId: string, query: ReplayQuery): Transcript[] {
    const bound = boundOf(streamId, query, () => this.#longestTranscript.get(streamId)?.ms);
    return this.#transcripts.all(bound).map(transcriptOf);
  }
}

/** The longest one bounds how far back one may begin that still reaches into the range. */
function boundOf(
  of: string,
  { fromMs, toMs, after, limit }: ReplayQuery,
  longestMs: () => number | null | undefined,
): Bound {
  const { startMs, id } = after ?? { startMs: fromMs - (longestMs() ?? 0), id: -1 };
  return { of, from: fromMs, to: toMs, afterMs: startMs, afterId: id, limit };
}
