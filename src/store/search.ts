import type { Statement } from 'better-sqlite3';
import type { Connection } from './connection.ts';
import { best, matchesFilter, type Narrowing, scoreOf } from './ranking.ts';
import { queryTerms, type Term } from './terms.ts';
import type { VectorFilter, Vectors } from './vectors.ts';

export interface SceneQuery extends Narrowing {
  text: string;
  /** The text's embedding, made by `model`. */
  vector: Float32Array;
  model: string;
  streamId?: string;
  /** An id or `default`. */
  collectionId?: string;
  indexId?: string;
  /** With `endMs`: only scenes that overlap. */
  startMs?: number;
  endMs?: number;
}

type Filter = Omit<VectorFilter, 'model'>;
type Candidate = { id: number; startMs: number };

/** Candidates taken from each way of looking. */
const POOL = 200;
/** Of these most may not pass a filter. */
const FILTERED_POOL = 2000;

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
  readonly #facts: Statement<[number], { facts: string }>;

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
    this.#facts = sql.prepare('SELECT facts FROM scenes WHERE id = ?');
  }

  /** Scene ids with their scores, best first, newest first among equals. */
  run(query: SceneQuery, filter: Filter): { id: number; score: number }[] {
    const terms = queryTerms(query.text);
    const candidates = this.#candidates(terms, query, filter);
    const coverage = this.#coverage(terms, [...candidates.keys()]);
    const scored = [...candidates.values()].map((scene) => {
      const cosine = this.#vectors.cosine(query.vector, query.model, scene);
      return { ...scene, score: scoreOf(coverage.get(scene.id) ?? 0, cosine) };
    });
    return best(scored, query);
  }

  /** When the newest scenes that have every word are enough, no others are looked at: none would come before them. */
  #candidates(terms: Term[], query: SceneQuery, filter: Filter): Map<number, Candidate> {
    const filtered = (query.filter?.length ?? 0) > 0;
    const pool = Math.max(filtered ? FILTERED_POOL : POOL, query.limit);
    const found: Candidate[] = [];
    if (terms.length > 0) found.push(...this.#everyWord.all({ ...filter, match: terms.join(' AND '), limit: pool }));
    if (found.length < query.limit || filtered) {
      if (terms.length > 1) found.push(...this.#anyWord.all({ ...filter, match: terms.join(' OR '), limit: pool }));
      const near = this.#vectors.nearest(query.vector, { ...filter, model: query.model }, pool);
      found.push(...this.#starts.all(JSON.stringify(near)));
    }
    const kept = filtered ? found.filter(({ id }) => matchesFilter(this.#factsOf(id), query.filter)) : found;
    return new Map(kept.map((candidate) => [candidate.id, candidate]));
  }

  #factsOf(id: number): unknown {
    const facts = this.#facts.get(id)?.facts;
    return facts === undefined ? undefined : JSON.parse(facts);
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
