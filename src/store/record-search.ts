import type { Statement } from 'better-sqlite3';
import type { Connection } from './connection.ts';
import { best, matchesFilter, type Narrowing, scoreOf, UNRELATED } from './ranking.ts';
import { slices, unhurried } from './slices.ts';
import { queryTerms } from './terms.ts';
import { quantise } from './vectors.ts';
import { WordSearch } from './word-search.ts';

/** What is asked, whatever rows are searched. */
export interface RecordQuery extends Narrowing {
  text: string;
  /** The text's embedding, made by `model`. */
  vector: Float32Array;
  model: string;
  /** `keyword`: by words alone. */
  mode: 'hybrid' | 'keyword';
}

/** Rows `r` with `id, start_ms, model, embedding`. */
export interface Records {
  rows: string;
  /** An FTS5 table whose rowid is `r.id`. */
  words: string;
  /** What filters look into: an expression on `r` that gives JSON. */
  metadata: string;
  /** A condition on `r` with the filter's names as parameters. */
  where: string;
}

interface Candidate {
  id: number;
  startMs: number;
  metadata: string;
}

type Near = Candidate & { distance: number };
type Asked = { query: Buffer; model: string };

/** Candidates taken from each way of looking. */
const POOL = 500;
/** Of these most may not pass a filter. */
const FILTERED_POOL = 2000;

/** 2, the farthest that there is, for what can't be compared. */
const DISTANCE = `iif(r.model = @model AND length(r.embedding) = length(@query),
  vec_distance_cosine(vec_int8(r.embedding), vec_int8(@query)), 2)`;

/** Finds rows that keep their vectors with them, as `Search` finds scenes, with the same scores. */
export class RecordSearch<Filter extends object> {
  readonly #words: WordSearch<Filter, Candidate>;
  readonly #bounds: Statement<[], { first: number | null; last: number | null }>;
  readonly #nearest: Statement<[Filter & Asked & { from: number; to: number; limit: number }], Near> | undefined;
  readonly #distances: Statement<[Asked & { ids: string }], { id: number; distance: number }> | undefined;

  constructor({ sql, hasVectors }: Connection, { rows, words, metadata, where }: Records) {
    const columns = `r.id, r.start_ms AS startMs, ${metadata} AS metadata`;
    this.#words = new WordSearch(sql, { words, rows, columns, where });
    this.#bounds = sql.prepare(`SELECT (SELECT min(id) FROM ${rows}) AS first, (SELECT max(id) FROM ${rows}) AS last`);
    if (!hasVectors) return;
    this.#nearest = sql.prepare(`
      SELECT ${columns}, ${DISTANCE} AS distance FROM ${rows} r
      WHERE r.id BETWEEN @from AND @to AND ${where} AND ${DISTANCE} < ${1 - UNRELATED}
      ORDER BY distance, r.id DESC LIMIT @limit`);
    this.#distances = sql.prepare(
      `SELECT r.id, ${DISTANCE} AS distance FROM ${rows} r WHERE r.id IN (SELECT value FROM json_each(@ids))`,
    );
  }

  /** Row ids with their scores, best first. Lets other work in while it looks. */
  async run(query: RecordQuery, filter: Filter): Promise<{ id: number; score: number }[]> {
    const terms = queryTerms(query.text);
    const vector = query.mode === 'hybrid' ? quantise(query.vector) : undefined;
    const asked = vector && { query: vector, model: query.model };
    const pool = Math.max(query.filter?.length ? FILTERED_POOL : POOL, query.limit);
    const found = await this.#words.withAll(terms, filter, pool);
    found.push(...(await this.#words.withSome(terms, filter, pool)));
    if (asked) found.push(...(await this.#near(asked, filter, pool)));
    const kept: Candidate[] = [];
    for await (const candidate of unhurried([...new Map(found.map((record) => [record.id, record])).values()])) {
      if (matchesFilter(JSON.parse(candidate.metadata), query.filter)) kept.push(candidate);
    }
    const ids = kept.map(({ id }) => id);
    const coverage = await this.#words.coverage(terms, ids);
    const cosines = this.#cosines(asked, ids);
    const scored = kept.map(({ id, startMs }) => {
      return { id, startMs, score: scoreOf(coverage.get(id) ?? 0, cosines.get(id) ?? 0) };
    });
    return best(scored, query);
  }

  async #near(asked: Asked, filter: Filter, limit: number): Promise<Near[]> {
    const found: Near[] = [];
    const bounds = this.#bounds.get();
    for await (const slice of slices(bounds?.first ?? null, bounds?.last ?? null)) {
      found.push(...(this.#nearest?.all({ ...filter, ...asked, ...slice, limit }) ?? []));
    }
    return found.sort((a, b) => a.distance - b.distance || b.id - a.id).slice(0, limit);
  }

  #cosines(asked: Asked | undefined, ids: readonly number[]): Map<number, number> {
    const distances = (asked && this.#distances?.all({ ...asked, ids: JSON.stringify(ids) })) ?? [];
    return new Map(distances.map(({ id, distance }) => [id, 1 - distance]));
  }
}
