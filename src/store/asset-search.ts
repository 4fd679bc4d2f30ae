import type { Statement } from 'better-sqlite3';
import type { AssetIndex } from '#domain';
import type { Connection } from './connection.ts';
import { best, matchesFilter, type Narrowing, scoreOf } from './ranking.ts';
import { queryTerms, type Term } from './terms.ts';
import { quantise } from './vectors.ts';

export interface AssetQuery extends Narrowing {
  text: string;
  /** The text's embedding, made by `model`. */
  vector: Float32Array;
  model: string;
  /** `keyword`: by words alone. */
  mode: 'hybrid' | 'keyword';
  assetId?: string;
  /** An id or `default`. */
  collectionId?: string;
  indexId?: string;
  kind?: AssetIndex['kind'];
}

/** Null stands for any. */
export interface AssetFilter {
  asset: string | null;
  collection: string | null;
  index: string | null;
  kind: string | null;
}

interface Candidate {
  id: number;
  startMs: number;
  metadata: string;
  embedding: Buffer | null;
  model: string;
}

const POOL = 500;

const WITHIN = `
  (@asset IS NULL OR r.asset_id = @asset)
  AND (@collection IS NULL OR r.asset_id IN (SELECT id FROM assets WHERE collection_id = @collection))
  AND (@index IS NULL OR r.index_id = @index)
  AND (@kind IS NULL OR r.index_id IN (SELECT id FROM asset_indexes WHERE kind = @kind))`;
const COLUMNS = 'r.id, r.start_ms AS startMs, r.metadata, r.embedding, r.model';

/** Finds records of assets as `Search` finds scenes, with the same scores. */
export class AssetSearch {
  readonly #byWords: Statement<AssetFilter & { match: string; limit: number }, Candidate>;
  readonly #matched: Statement<[string, string], { id: number }>;
  readonly #nearest: Statement<AssetFilter & { query: Buffer; model: string; limit: number }, Candidate> | undefined;
  readonly #distance: Statement<{ a: Buffer; b: Buffer }, { distance: number | null }> | undefined;

  constructor({ sql, hasVectors }: Connection) {
    this.#byWords = sql.prepare(`
      SELECT ${COLUMNS} FROM asset_words w CROSS JOIN asset_records r ON r.id = w.rowid
      WHERE asset_words MATCH @match AND ${WITHIN} ORDER BY bm25(asset_words), r.id DESC LIMIT @limit`);
    this.#matched = sql.prepare(
      'SELECT rowid AS id FROM asset_words WHERE asset_words MATCH ? AND rowid IN (SELECT value FROM json_each(?))',
    );
    if (!hasVectors) return;
    this.#nearest = sql.prepare(`
      SELECT ${COLUMNS} FROM asset_records r
      WHERE ${WITHIN} AND r.model = @model AND length(r.embedding) = length(@query)
      ORDER BY vec_distance_cosine(vec_int8(r.embedding), vec_int8(@query)), r.id DESC LIMIT @limit`);
    this.#distance = sql.prepare('SELECT vec_distance_cosine(vec_int8(@a), vec_int8(@b)) AS distance');
  }

  /** Record ids with their scores, best first. */
  run(query: AssetQuery, filter: AssetFilter): { id: number; score: number }[] {
    const terms = queryTerms(query.text);
    const vector = query.mode === 'hybrid' ? quantise(query.vector) : undefined;
    const found: Candidate[] = [];
    if (terms.length > 0) found.push(...this.#byWords.all({ ...filter, match: terms.join(' OR '), limit: POOL }));
    if (vector)
      found.push(...(this.#nearest?.all({ ...filter, query: vector, model: query.model, limit: POOL }) ?? []));
    const candidates = new Map(found.map((candidate) => [candidate.id, candidate]));
    const coverage = this.#coverage(terms, [...candidates.keys()]);
    const scored = [...candidates.values()]
      .filter(({ metadata }) => matchesFilter(JSON.parse(metadata), query.filter))
      .map((candidate) => ({
        id: candidate.id,
        startMs: candidate.startMs,
        score: scoreOf(coverage.get(candidate.id) ?? 0, this.#cosine(candidate, query.model, vector)),
      }));
    return best(scored, query);
  }

  #cosine({ embedding, model }: Candidate, wanted: string, vector: Buffer | undefined): number {
    if (!vector || !embedding || model !== wanted || embedding.length !== vector.length) return 0;
    const distance = this.#distance?.get({ a: embedding, b: vector })?.distance;
    return distance === null || distance === undefined ? 0 : 1 - distance;
  }

  /** Share of the terms that each record's text has, 0–1. */
  #coverage(terms: readonly Term[], ids: readonly number[]): Map<number, number> {
    const list = JSON.stringify(ids);
    const shares = new Map<number, number>();
    for (const term of terms) {
      for (const { id } of this.#matched.all(term, list)) shares.set(id, (shares.get(id) ?? 0) + 1 / terms.length);
    }
    return shares;
  }
}
