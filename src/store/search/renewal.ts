import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';
import type { Meta } from '../meta.ts';
import { SCENE_TEXT } from './search.ts';
import { quantise, type VectorKind } from './vector-tables.ts';
import type { Vectors } from './vectors.ts';

/** Ids that are looked through at a stretch: a few milliseconds. */
const STRETCH = 128;

/** A scene whose vector was made by another model, or never. */
export interface Outdated {
  id: number;
  streamId: string;
  indexId: string;
  startMs: number;
  endMs: number;
  text: string;
  thumbPath?: string;
}

type Row = Omit<Outdated, 'thumbPath'> & { thumbPath: string | null };
/**
 * All scenes from `reached` to `head` have been looked at, and those before `floor`; what came after `head` is of this
 * model anyway.
 */
interface Progress {
  model: string;
  head: number;
  reached: number;
  /** Absent: 1. */
  floor?: number;
}

/** Of each kind that is being renewed. */
export type RenewalStatus = Partial<Record<VectorKind, { model: string; share: number }>>;

/**
 * Finds the scenes whose vectors are not of the model that is there now, the newest first, and takes their new ones. How
 * far it has come is stored with them: nothing is done twice. What another model made stays until its place is taken.
 */
export class Renewal {
  readonly #connection: Connection;
  readonly #meta: Meta;
  readonly #vectors: Record<VectorKind, Vectors>;
  readonly #scenes: Record<VectorKind, Statement<[number, number], Row>>;
  readonly #head: Statement<[], number>;
  /** Where the stretch that was given out last ends. */
  readonly #given: Partial<Record<VectorKind, number>> = {};

  constructor(connection: Connection, meta: Meta, vectors: Record<VectorKind, Vectors>) {
    const { sql } = connection;
    this.#connection = connection;
    this.#meta = meta;
    this.#vectors = vectors;
    const scenes = (condition: string) =>
      sql.prepare<[number, number], Row>(`
        SELECT id, stream_id AS streamId, index_id AS indexId, start_ms AS startMs, end_ms AS endMs,
          ${SCENE_TEXT} AS text,
          thumb_path AS thumbPath
        FROM scenes r WHERE id BETWEEN ? AND ? ${condition} ORDER BY id DESC`);
    this.#scenes = { vectors: scenes(''), pictures: scenes('AND thumb_path IS NOT NULL') };
    this.#head = sql.prepare<[], number>('SELECT coalesce(max(id), 0) FROM scenes').pluck();
  }

  /** What is under way, and which share of the scenes that were there when the model came has been looked at, 0–1. */
  status(): RenewalStatus {
    const status: RenewalStatus = {};
    for (const kind of ['vectors', 'pictures'] as const) {
      const { model, head, reached, floor = 1 } = this.#progress(kind) ?? { model: '', head: 0, reached: 0 };
      if (reached > 0)
        status[kind] = { model, share: Math.max(0, 1 - (reached - floor) / Math.max(1, head - floor + 1)) };
    }
    return status;
  }

  /** Of the next stretch of scenes those that need a new vector, maybe none; undefined when there are no more. */
  next(kind: VectorKind, model: string): Outdated[] | undefined {
    const { reached, floor = 1 } = this.#of(kind, model);
    this.#given[kind] = reached;
    if (reached === 0) return undefined;
    const rows = this.#scenes[kind].all(Math.max(floor, reached - STRETCH), reached - 1);
    const current = this.#vectors[kind].ofModel(rows, model);
    return rows
      .filter(({ id }) => !current.has(id))
      .map(({ thumbPath, ...scene }) => ({ ...scene, ...(thumbPath === null ? {} : { thumbPath }) }));
  }

  /** Takes what was made of the stretch that `next` gave, and goes on to the one before it. */
  store(kind: VectorKind, model: string, made: readonly { scene: Outdated; vector: Float32Array }[]): void {
    const vectors = this.#vectors[kind];
    for (const { scene } of made) vectors.openDay(scene.startMs);
    this.#connection.write(() => {
      const progress = this.#of(kind, model);
      for (const { scene, vector } of made) {
        const [now] = this.#scenes[kind].all(scene.id, scene.id);
        if (now && now.text === scene.text && quantise(vector)) vectors.replace(now, vector, model);
      }
      const reached = progress.reached - STRETCH;
      if (progress.reached !== this.#given[kind]) return; // Others have come meanwhile: it begins with them.
      this.#put(kind, { ...progress, reached: reached <= (progress.floor ?? 1) ? 0 : reached });
    });
  }

  /** A scene has got its picture from elsewhere, without a vector: it is looked at in its turn. Inside a transaction. */
  pictureCame(id: number): void {
    const known = this.#progress('pictures');
    if (!known) return; // No model has come yet; the first looks at all of them.
    const { head, reached, floor } = known;
    const isDone = reached === 0;
    this.#put('pictures', {
      ...known,
      head: Math.max(id, isDone ? id : head),
      reached: isDone ? id + 1 : Math.max(id + 1, reached),
      floor: isDone ? id : Math.min(id, floor ?? 1),
    });
  }

  #of(kind: VectorKind, model: string): Progress {
    const known = this.#progress(kind);
    if (known?.model === model) return known;
    const head = this.#head.get() ?? 0;
    const fresh = { model, head, reached: head === 0 ? 0 : head + 1 };
    this.#put(kind, fresh);
    return fresh;
  }

  #progress(kind: VectorKind): Progress | undefined {
    const stored = this.#meta.get(`renewal_${kind}`);
    return stored === undefined ? undefined : JSON.parse(stored);
  }

  #put(kind: VectorKind, progress: Progress): void {
    this.#meta.put(`renewal_${kind}`, JSON.stringify(progress));
  }
}
