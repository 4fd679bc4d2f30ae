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
import type { Near, VectorReader } from './vector-reader.ts';
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
  terms: readonly Term[];
  vector: Buffer | undefined;
  filter: SceneFilter;
  pool: number;
  signal: AbortSignal | undefined;
}

/** What was told of scenes while they were looked for, by their ids. */
interface Told {
  /** Share of the words, 0–1. */
  shares: Map<number, number>;
  /** Of their text's meaning and the query's. */
  cosines: Map<number, number>;
  /** What their pictures make of the query. */
  likeness: Map<number, number>;
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
    const pool = Math.max(query.filter?.length ? FILTERED_POOL : POOL, query.limit);
    const sought = { terms: queryTerms(query.text), vector: quantise(query.vector), filter, pool, signal };
    const sure = await this.#passing(await this.#words.withAll(sought.terms, filter, pool, signal), query.filter);
    const told: Told = { shares: new Map(), cosines: new Map(), likeness: new Map() };
    const others = await this.#others(sought, query, sure, told);
    for (const { id } of sure) told.shares.set(id, 1);
    const found = [...sure, ...others];
    const ids = found.map(({ id }) => id);
    const coverage = await this.#words.coverage(sought.terms, ids, told.shares);
    const cosines = await this.#cosines(sought, query, found, told);
    const scored = found.map((scene) => {
      const words = scoreOf(coverage.get(scene.id) ?? 0, cosines.get(scene.id) ?? 0);
      return { ...scene, score: Math.max(words, told.likeness.get(scene.id) ?? 0) };
    });
    return best(scored, query);
  }

  /** Those that have only some of the words, mean the same, or look like it. */
  async #others(sought: Sought, query: SceneQuery, sure: readonly Candidate[], told: Told): Promise<Candidate[]> {
    const { terms, vector, filter, pool, signal } = sought;
    const found: Candidate[] = [];
    if (!settle(sure, query)) {
      const some = await this.#words.withSome(terms, filter, pool, signal);
      found.push(...some.rows);
      for (const [id, share] of some.shares) told.shares.set(id, share);
      if (vector) {
        const near = await this.#vectors.nearest(vector, { ...filter, model: query.model }, { limit: pool, signal });
        found.push(...near);
        for (const { id, cosine } of near) told.cosines.set(id, cosine);
      }
    }
    if (query.pictures) found.push(...(await this.#alike(query.pictures, sought, query, told)));
    const fresh = new Map(found.map(({ id, startMs }) => [id, { id, startMs }]));
    for (const { id } of sure) fresh.delete(id);
    return this.#passing([...fresh.values()], query.filter);
  }

  /**
   * Those whose pictures are the likest. What else is found is at most as like as these, and need not be compared: its
   * picture wouldn't bring it before them.
   */
  async #alike(
    pictures: PictureLikeness,
    { filter, pool, signal }: Sought,
    query: SceneQuery,
    told: Told,
  ): Promise<Near[]> {
    const vector = quantise(pictures.vector);
    if (!vector) return [];
    const isOrder = !pictures.text && !query.filter?.length && query.dynamicPercentage === undefined;
    const wanted = { limit: isOrder ? query.limit : pool, least: leastCosine(pictures), signal };
    const near = await this.#pictures.nearest(vector, { ...filter, model: pictures.model }, wanted);
    const text = pictures.text && quantise(pictures.text);
    const nearness = text && (await this.#pictures.cosines(text, pictures.model, near));
    for (const { id, cosine } of near) told.likeness.set(id, pictureScore(cosine, pictures, nearness?.get(id)));
    return near;
  }

  async #cosines(
    { vector }: Sought,
    { model }: SceneQuery,
    found: readonly Candidate[],
    { cosines }: Told,
  ): Promise<ReadonlyMap<number, number>> {
    if (!vector) return cosines;
    const others = found.filter(({ id }) => !cosines.has(id));
    return new Map([...cosines, ...(await this.#vectors.cosines(vector, model, others))]);
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
