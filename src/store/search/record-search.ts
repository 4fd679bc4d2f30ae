import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';
import { SHORT_SLICE, slices, unhurried } from '../slices.ts';
import {
  best,
  leastCosine,
  matchesFilter,
  type Narrowing,
  type PictureLikeness,
  pictureScore,
  scoreOf,
  UNRELATED,
} from './ranking.ts';
import type { Found } from './search.ts';
import { queryTerms } from './terms.ts';
import type { Wanted } from './vector-reader.ts';
import { quantise } from './vector-tables.ts';
import { WordSearch } from './word-search.ts';

/** All that a search needs of a connection. */
export type ReadingConnection = Pick<Connection, 'sql' | 'hasVectors'>;

/** What is asked, whatever rows are searched. */
export interface RecordQuery extends Narrowing {
  text: string;
  /** The text's embedding, made by `model`. */
  vector: Float32Array;
  model: string;
  /** `keyword`: by words alone. */
  mode: 'hybrid' | 'keyword';
  /** The same as pictures are compared with it, where rows have any; absent: only words count. */
  pictures?: PictureLikeness;
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
  /** Rows have `picture, picture_model`, too. */
  pictured?: boolean;
}

interface Candidate {
  id: number;
  startMs: number;
  metadata: string;
}

type Near = Candidate & { distance: number };
type Asked = { query: Buffer; model: string };
type Sliced = { from: number; to: number; limit: number; most: number };

/** Candidates taken from each way of looking. */
const POOL = 500;
/** Of these most may not pass a filter. */
const FILTERED_POOL = 2000;

/** 2, the farthest that there is, for what can't be compared. */
const distance = (vector: string, model: string) => `iif(${model} = @model AND length(${vector}) = length(@query),
  vec_distance_cosine(vec_int8(${vector}), vec_int8(@query)), 2)`;

/** Finds rows by one of their vectors. */
class NearRows<Filter extends object> {
  readonly #bounds: Statement<[], { first: number | null; last: number | null }>;
  readonly #nearest: Statement<[Filter & Asked & Sliced], Near>;
  readonly #distances: Statement<[Asked & { ids: string }], { id: number; distance: number }>;

  constructor({ sql }: ReadingConnection, { rows, where }: Records, columns: string, farness: string) {
    this.#bounds = sql.prepare(`SELECT (SELECT min(id) FROM ${rows}) AS first, (SELECT max(id) FROM ${rows}) AS last`);
    this.#nearest = sql.prepare(`
      SELECT ${columns}, ${farness} AS distance FROM ${rows} r
      WHERE r.id BETWEEN @from AND @to AND ${where} AND ${farness} < @most
      ORDER BY distance, r.id DESC LIMIT @limit`);
    this.#distances = sql.prepare(
      `SELECT r.id, ${farness} AS distance FROM ${rows} r WHERE r.id IN (SELECT value FROM json_each(@ids))`,
    );
  }

  /** Best first; those whose cosine is less than `least` are left out. */
  async nearest(asked: Asked, filter: Filter, { limit, least = UNRELATED, signal }: Wanted): Promise<Near[]> {
    const found: Near[] = [];
    const bounds = this.#bounds.get();
    for await (const slice of slices(bounds?.first ?? null, bounds?.last ?? null, SHORT_SLICE, signal)) {
      found.push(...this.#nearest.all({ ...filter, ...asked, ...slice, limit, most: 1 - least }));
    }
    return found.sort((a, b) => a.distance - b.distance || b.id - a.id).slice(0, limit);
  }

  cosines(asked: Asked, ids: readonly number[]): Map<number, number> {
    const distances = this.#distances.all({ ...asked, ids: JSON.stringify(ids) });
    return new Map(distances.map(({ id, distance: far }) => [id, 1 - far]));
  }
}

/** Finds rows that keep their vectors with them, as `Search` finds scenes, with the same scores. */
export class RecordSearch<Filter extends object> {
  readonly #words: WordSearch<Filter, Candidate>;
  readonly #texts: NearRows<Filter> | undefined;
  readonly #pictures: NearRows<Filter> | undefined;

  constructor(connection: ReadingConnection, records: Records, slice: number) {
    const { rows, words, metadata, where, pictured = false } = records;
    const columns = `r.id, r.start_ms AS startMs, ${metadata} AS metadata`;
    this.#words = new WordSearch(connection.sql, { words, rows, columns, text: 'r.text', where }, slice);
    if (!connection.hasVectors) return;
    this.#texts = new NearRows(connection, records, columns, distance('r.embedding', 'r.model'));
    if (!pictured) return;
    this.#pictures = new NearRows(connection, records, columns, distance('r.picture', 'r.picture_model'));
  }

  /** Row ids with their scores, best first. Lets other work in while it looks. Throws the signal's reason. */
  async run(query: RecordQuery, filter: Filter, signal?: AbortSignal): Promise<Found[]> {
    const terms = queryTerms(query.text);
    const text = query.mode === 'hybrid' ? askedBy(query) : undefined;
    const picture = query.mode === 'hybrid' && query.pictures ? askedBy(query.pictures) : undefined;
    const pool = Math.max(query.filter?.length ? FILTERED_POOL : POOL, query.limit);
    const found = await this.#words.withAll(terms, filter, pool, signal);
    const some = await this.#words.withSome(terms, filter, pool, signal);
    found.push(...some.rows);
    if (text && this.#texts) found.push(...(await this.#texts.nearest(text, filter, { limit: pool, signal })));
    if (picture && query.pictures && this.#pictures) {
      found.push(
        ...(await this.#pictures.nearest(picture, filter, { limit: pool, least: leastCosine(query.pictures), signal })),
      );
    }
    const kept: Candidate[] = [];
    for await (const candidate of unhurried([...new Map(found.map((record) => [record.id, record])).values()])) {
      if (matchesFilter(JSON.parse(candidate.metadata), query.filter)) kept.push(candidate);
    }
    const ids = kept.map(({ id }) => id);
    const coverage = await this.#words.coverage(terms, ids, some.shares);
    const cosines = text && this.#texts?.cosines(text, ids);
    const likeness = picture && this.#pictures?.cosines(picture, ids);
    const said = query.pictures?.text && askedBy({ ...query.pictures, vector: query.pictures.text });
    const near = said && this.#pictures?.cosines(said, ids);
    const scored = kept.map(({ id, startMs }) => {
      const told = scoreOf(coverage.get(id) ?? 0, cosines?.get(id) ?? 0);
      const cosine = likeness?.get(id);
      const shown = cosine === undefined || !query.pictures ? 0 : pictureScore(cosine, query.pictures, near?.get(id));
      return { id, startMs, score: Math.max(told, shown) };
    });
    return best(scored, query);
  }
}

function askedBy({ vector, model }: { vector: Float32Array; model: string }): Asked | undefined {
  const query = quantise(vector);
  return query && { query, model };
}
