import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';
import { unhurried } from '../slices.ts';
import {
  best,
  leastCosine,
  matchesFilter,
  type Narrowing,
  type PictureLikeness,
  pictureScore,
  scoreOf,
  WORDS_WEIGHT,
} from './ranking.ts';
import { queryTerms, type Term } from './terms.ts';
import type { VectorReader, Wanted } from './vector-reader.ts';
import { quantise, type VectorFilter } from './vector-tables.ts';
import { WordSearch } from './word-search.ts';

export interface SceneQuery extends Narrowing {
  text: string;
  /** The text's embedding, made by `model`. */
  vector: Float32Array;
  model: string;
  /** The same as pictures are compared with it; absent: only words count. */
  pictures?: PictureLikeness;
  streamId?: string;
  /** An id or `default`. */
  collectionId?: string;
  /** Of the box that sends them; empty for this one. */
  boxId?: string;
  indexId?: string;
  /** With `endMs`: only scenes that overlap. */
  startMs?: number;
  endMs?: number;
}

export type SceneFilter = Omit<VectorFilter, 'model'>;
type Candidate = { id: number; startMs: number };

/** What a search found, best first. */
export interface Found {
  id: number;
  /** 0–1; comparable between queries. */
  score: number;
}

interface Sought {
  /** Those that have every word. */
  sure: readonly Candidate[];
  terms: readonly Term[];
  vector: Buffer | undefined;
  filter: SceneFilter;
  pool: number;
  signal: AbortSignal | undefined;
}

/** What a scene `r` is found by: a summary by what was said, too. */
export const SCENE_TEXT = `iif(r.facts LIKE '{"said"%', r.text || char(10) || json_extract(r.facts, '$.said.text'), r.text)`;

/** Candidates taken from each way of looking. */
const POOL = 200;
/** Of these most may not pass a filter. */
const FILTERED_POOL = 2000;

/**
 * Finds scenes by words and by meaning (vectors), and scores each by what it shares with the query, not by its rank: the
 * same score means the same for every query.
 */
export class Search {
  readonly #words: WordSearch<SceneFilter, Candidate>;
  readonly #vectors: VectorReader;
  readonly #pictures: VectorReader;
  readonly #facts: Statement<[number], { facts: string }>;

  constructor({ sql }: Pick<Connection, 'sql'>, vectors: VectorReader, pictures: VectorReader, slice: number) {
    this.#vectors = vectors;
    this.#pictures = pictures;
    this.#words = new WordSearch(
      sql,
      {
        words: 'scene_words',
        rows: 'scenes',
        columns: 'r.id, r.start_ms AS startMs',
        text: SCENE_TEXT,
        where: `
        (@stream IS NULL OR r.stream_id = @stream)
        AND +r.stream_id IN (SELECT id FROM streams
          WHERE (@collection IS NULL OR collection_id = @collection) AND (@box IS NULL OR coalesce(box_id, '') = @box))
        AND (@index IS NULL OR r.index_id = @index)
        AND (@start IS NULL OR r.end_ms > @start)
        AND (@end IS NULL OR r.start_ms < @end)`,
      },
      slice,
    );
    this.#facts = sql.prepare('SELECT facts FROM scenes WHERE id = ?');
  }

  /**
   * Scene ids with their scores, best first, newest first among equals. Lets other work in while it looks. Throws the
   * signal's reason.
   */
  async run(query: SceneQuery, filter: SceneFilter, signal?: AbortSignal): Promise<Found[]> {
    const terms = queryTerms(query.text);
    const vector = quantise(query.vector);
    const pool = Math.max(query.filter?.length ? FILTERED_POOL : POOL, query.limit);
    const sure = await this.#passing(await this.#words.withAll(terms, filter, pool, signal), query.filter);
    const others = await this.#others({ sure, terms, vector, filter, pool, signal }, query);
    const coverage = await this.#words.coverage(
      terms,
      others.map(({ id }) => id),
    );
    for (const { id } of sure) coverage.set(id, 1);
    const found = [...sure, ...others];
    const cosines = vector ? await this.#vectors.cosines(vector, query.model, found) : new Map<number, number>();
    const likeness = await this.#likeness(query.pictures, found);
    const scored = found.map((scene) => {
      const told = scoreOf(coverage.get(scene.id) ?? 0, cosines.get(scene.id) ?? 0);
      return { ...scene, score: Math.max(told, likeness.get(scene.id) ?? 0) };
    });
    return best(scored, query);
  }

  /** Those that have only some of the words, mean the same, or look like it. */
  async #others({ sure, terms, vector, filter, pool, signal }: Sought, query: SceneQuery): Promise<Candidate[]> {
    const wanted = { limit: pool, signal };
    const found: Candidate[] = [];
    if (!settle(sure, query)) {
      found.push(...(await this.#words.withSome(terms, filter, pool, signal)));
      if (vector) found.push(...(await this.#vectors.nearest(vector, { ...filter, model: query.model }, wanted)));
    }
    found.push(...(await this.#alike(query.pictures, filter, wanted)));
    const fresh = new Map(found.map(({ id, startMs }) => [id, { id, startMs }]));
    for (const { id } of sure) fresh.delete(id);
    return this.#passing([...fresh.values()], query.filter);
  }

  async #alike(
    pictures: PictureLikeness | undefined,
    filter: SceneFilter,
    wanted: Pick<Wanted, 'limit' | 'signal'>,
  ): Promise<Candidate[]> {
    const vector = pictures && quantise(pictures.vector);
    if (!vector) return [];
    return this.#pictures.nearest(
      vector,
      { ...filter, model: pictures.model },
      { ...wanted, least: leastCosine(pictures) },
    );
  }

  /** What each scene's picture makes of the query, by id. */
  async #likeness(pictures: PictureLikeness | undefined, found: readonly Candidate[]): Promise<Map<number, number>> {
    const vector = pictures && quantise(pictures.vector);
    if (!vector) return new Map();
    const cosines = await this.#pictures.cosines(vector, pictures.model, found);
    const text = pictures.text && quantise(pictures.text);
    const near = text && (await this.#pictures.cosines(text, pictures.model, found));
    return new Map([...cosines].map(([id, cosine]) => [id, pictureScore(cosine, pictures, near?.get(id))]));
  }

  async #passing(found: Candidate[], filter: SceneQuery['filter']): Promise<Candidate[]> {
    if (!filter?.length) return found;
    const passing: Candidate[] = [];
    for await (const candidate of unhurried(found)) {
      const facts = this.#facts.get(candidate.id)?.facts;
      if (facts !== undefined && matchesFilter(JSON.parse(facts), filter)) passing.push(candidate);
    }
    return passing;
  }
}

/**
 * Whether the newest scenes that have every word are enough, so that no others need be looked at, save those whose picture
 * is like it: they would seldom come before them. Where only the very best count, or those near the best, all are weighed.
 */
function settle(sure: readonly Candidate[], query: SceneQuery): boolean {
  const { limit, scoreThreshold = 0, dynamicPercentage } = query;
  return sure.length >= limit && scoreThreshold <= WORDS_WEIGHT && dynamicPercentage === undefined;
}
