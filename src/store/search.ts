import type { Statement } from 'better-sqlite3';
import type { Connection } from './connection.ts';
import { queryTerms, type Term } from './terms.ts';
import type { VectorFilter, Vectors } from './vectors.ts';

export interface SceneQuery {
  text: string;
  /** The text's embedding, made by `model`. */
  vector: Float32Array;
  model: string;
  streamId?: string;
  /** An id or `default`. */
  collectionId?: string;
  indexId?: string;
  limit: number;
  /** 0–1; hits below it are left out. A small floor keeps unrelated scenes out when it is absent. */
  scoreThreshold?: number;
  /** With `endMs`: only scenes that overlap. */
  startMs?: number;
  endMs?: number;
}

type Filter = Omit<VectorFilter, 'model'>;
type Candidate = { id: number; startMs: number };

/** Candidates taken from each way of looking. */
const POOL = 200;
const FLOOR = 0.15;
/** Cosine that texts with nothing in common still reach. */
const NOISE = 0.25;
/** What a full match is worth by words alone, and by meaning alone. */
const WORDS_WEIGHT = 0.8;
const MEANING_WEIGHT = 0.9;

const MATCHING = `
  FROM scene_words w CROSS JOIN scenes s ON s.id = w.rowid
  WHERE scene_words MATCH @match
    AND (@stream IS NULL OR s.stream_id = @stream)
    AND (@collection IS NULL OR s.stream_id IN (SELECT id FROM streams WHERE collection_id = @collection))
    AND (@index IS NULL OR s.index_id = @index)
    AND (@start IS NULL OR s.end_ms > @start)
    AND (@end IS NULL OR s.start_ms < @end)`;

/**
 * Finds scenes by words (FTS5, best BM25) and by meaning (vectors), and scores each by what it shares with the query,
 * not by its rank: the same score means the same for every query.
 */
export class Search {
  readonly #vectors: Vectors;
  readonly #everyWord: Statement<Filter & { match: string; limit: number }, Candidate>;
  readonly #anyWord: Statement<Filter & { match: string; limit: number }, Candidate>;
  readonly #matched: Statement<[string, string], { id: number }>;
  readonly #starts: Statement<[string], Candidate>;

  constructor(connection: Connection, vectors: Vectors) {
    const { sql } = connection;
    this.#vectors = vectors;
    const columns = 'SELECT s.id, s.start_ms AS startMs';
    this.#everyWord = sql.prepare(`${columns} ${MATCHING} ORDER BY w.rowid DESC LIMIT @limit`);
    this.#anyWord = sql.prepare(`${columns} ${MATCHING} ORDER BY bm25(scene_words), w.rowid DESC LIMIT @limit`);
    this.#matched = sql.prepare(
      'SELECT rowid AS id FROM scene_words WHERE scene_words MATCH ? AND rowid IN (SELECT value FROM json_each(?))',
    );
    this.#starts = sql.prepare(
      'SELECT id, start_ms AS startMs FROM scenes WHERE id IN (SELECT value FROM json_each(?))',
    );
  }

  /** Scene ids with their scores, best first, newest first among equals. */
  run(query: SceneQuery, filter: Filter): { id: number; score: number }[] {
    const terms = queryTerms(query.text);
    const candidates = this.#candidates(terms, query, filter);
    const coverage = this.#coverage(terms, [...candidates.keys()]);
    const threshold = query.scoreThreshold ?? FLOOR;
    return [...candidates.values()]
      .map((scene) => {
        const cosine = this.#vectors.cosine(query.vector, query.model, scene);
        return { ...scene, score: scoreOf(coverage.get(scene.id) ?? 0, cosine) };
      })
      .filter(({ score }) => score > 0 && score >= threshold)
      .sort((a, b) => b.score - a.score || b.startMs - a.startMs || b.id - a.id)
      .slice(0, query.limit);
  }

  /** When the newest scenes that have every word are enough, no others are looked at: none would come before them. */
  #candidates(terms: Term[], query: SceneQuery, filter: Filter): Map<number, Candidate> {
    const pool = Math.max(POOL, query.limit);
    const found: Candidate[] = [];
    if (terms.length > 0) found.push(...this.#everyWord.all({ ...filter, match: terms.join(' AND '), limit: pool }));
    if (found.length < query.limit) {
      if (terms.length > 1) found.push(...this.#anyWord.all({ ...filter, match: terms.join(' OR '), limit: pool }));
      const near = this.#vectors.nearest(query.vector, { ...filter, model: query.model }, pool);
      found.push(...this.#starts.all(JSON.stringify(near)));
    }
    return new Map(found.map((candidate) => [candidate.id, candidate]));
  }

  /** Share of the terms that each scene's text has, 0–1. */
  #coverage(terms: Term[], ids: number[]): Map<number, number> {
    const list = JSON.stringify(ids);
    const shares = new Map<number, number>();
    for (const term of terms) {
      for (const { id } of this.#matched.all(term, list)) shares.set(id, (shares.get(id) ?? 0) + 1 / terms.length);
    }
    return shares;
  }
}

/** Words and meaning each add certainty. Half the words are worth less than half: what is missing usually matters. */
function scoreOf(coverage: number, cosine: number): number {
  const words = WORDS_WEIGHT * Math.min(1, coverage) ** 1.5;
  const meaning = MEANING_WEIGHT * Math.min(1, Math.max(0, (cosine - NOISE) / (1 - NOISE)));
  return 1 - (1 - words) * (1 - meaning);
}
