import type { Statement } from 'better-sqlite3';
import type { Scene, SceneFacts } from '#domain';
import { Fault, faultPoint } from '#runtime';
import type { Collections } from './collections.ts';
import type { Connection } from './connection.ts';
import type { Journal } from './journal.ts';
import { checkRelative } from './paths.ts';
import type { Cancellable, Finders } from './search/finders.ts';
import type { SceneQuery } from './search/search.ts';
import type { Vectors } from './search/vectors.ts';

export interface SceneHit {
  scene: Scene;
  /** 0–1; comparable between queries. */
  score: number;
}

/** Made by `model`: only such are compared. */
interface ModelVector {
  vector: Float32Array;
  model: string;
}

export interface SceneRow {
  id: number;
  stream_id: string;
  index_id: string;
  start_ms: number;
  end_ms: number;
  text: string;
  facts: string;
  thumb_path: string | null;
}

interface PageQuery {
  index: string;
  start: number | null;
  end: number | null;
  limit: number;
  offset: number;
}

/** What the indexes have described, with its words and vectors. */
export class Scenes {
  readonly #connection: Connection;
  readonly #collections: Collections;
  readonly #journal: Journal;
  readonly #vectors: Vectors;
  readonly #pictures: Vectors;
  readonly #search: Finders['scenes'];
  readonly #insert: Statement<Omit<SceneRow, 'id'>>;
  readonly #insertWords: Statement<[number, string]>;
  readonly #removeWords: Statement<[number]>;
  readonly #retell: Statement<[string, string, number]>;
  readonly #grow: Statement<[number, number]>;
  readonly #get: Statement<[number], SceneRow>;
  readonly #latest: Statement<[string], SceneRow>;
  readonly #latestSpoken: Statement<[string], SceneRow>;
  readonly #page: Statement<Omit<PageQuery, 'start' | 'end'>, SceneRow>;
  readonly #pageOfRange: Statement<PageQuery, SceneRow>;
  readonly #recent: Statement<{ stream: string | null; before: number | null; limit: number }, SceneRow>;
  readonly #recentOfBox: Statement<{ box: string; before: number | null; limit: number }, SceneRow>;

  constructor(
    connection: Connection,
    collections: Collections,
    journal: Journal,
    { vectors, pictures, search }: { vectors: Vectors; pictures: Vectors; search: Finders['scenes'] },
  ) {
    const { sql } = connection;
    this.#connection = connection;
    this.#collections = collections;
    this.#journal = journal;
    this.#vectors = vectors;
    this.#pictures = pictures;
    this.#search = search;
    this.#insert = sql.prepare(`
      INSERT INTO scenes (stream_id, index_id, start_ms, end_ms, text, facts, thumb_path)
      VALUES (@stream_id, @index_id, @start_ms, @end_ms, @text, @facts, @thumb_path)`);
    this.#insertWords = sql.prepare('INSERT INTO scene_words (rowid, text) VALUES (?, ?)');
    this.#removeWords = sql.prepare('DELETE FROM scene_words WHERE rowid = ?');
    this.#retell = sql.prepare('UPDATE scenes SET text = ?, facts = ? WHERE id = ?');
    this.#grow = sql.prepare('UPDATE scenes SET end_ms = max(end_ms, ?) WHERE id = ?');
    this.#get = sql.prepare('SELECT * FROM scenes WHERE id = ? AND stream_id IN (SELECT id FROM streams)');
    this.#latest = sql.prepare('SELECT * FROM scenes WHERE index_id = ? ORDER BY start_ms DESC, id DESC LIMIT 1');
    this.#latestSpoken = sql.prepare(`
      SELECT * FROM scenes WHERE index_id = ? AND facts NOT LIKE '{"sound"%' ORDER BY start_ms DESC, id DESC LIMIT 1`);
    // From the index alone, so that pages far back cost little more than the first.
    this.#page = sql.prepare(`
      SELECT * FROM scenes WHERE id IN (
        SELECT id FROM scenes WHERE index_id = @index ORDER BY start_ms DESC, id DESC LIMIT @limit OFFSET @offset)
      ORDER BY start_ms DESC, id DESC`);
    // The longest scene bounds how far back one may start that still reaches into the range.
    this.#pageOfRange = sql.prepare(`
      SELECT * FROM scenes
      WHERE index_id = @index
        AND start_ms < coalesce(@end, 9e15) AND end_ms > coalesce(@start, -1)
        AND start_ms > coalesce(@start - (SELECT max(end_ms - start_ms) FROM scenes WHERE index_id = @index), -1)
      ORDER BY start_ms DESC, id DESC LIMIT @limit OFFSET @offset`);
    this.#recent = sql.prepare(`
      SELECT * FROM scenes
      WHERE (@stream IS NULL OR stream_id = @stream) AND +stream_id IN (SELECT id FROM streams)
        AND id < coalesce(@before, 9e15)
      ORDER BY id DESC LIMIT @limit`);
    // Of each camera no more than are wanted of all: a box that tells little among many costs no walk through theirs.
    this.#recentOfBox = sql.prepare(`
      SELECT * FROM scenes WHERE id IN (
        SELECT c.id FROM streams s JOIN scenes c ON c.stream_id = s.id
        WHERE coalesce(s.box_id, '') = @box AND c.id < coalesce(@before, 9e15)
          AND c.id >= coalesce((SELECT id FROM scenes WHERE stream_id = s.id AND id < coalesce(@before, 9e15)
            ORDER BY id DESC LIMIT 1 OFFSET @limit - 1), 0)
        ORDER BY c.id DESC LIMIT @limit)
      ORDER BY id DESC`);
  }

  /**
   * Stores it with its words, its vector, that of its picture and its journal entry. Throws `not_found` when the index has
   * been deleted. `also` is written in the same step.
   */
  add(
    draft: Omit<Scene, 'id'>,
    vector: Float32Array,
    model: string,
    picture?: ModelVector,
    also?: (scene: Scene) => void,
  ): Scene {
    return this.#add(draft, { vector, model }, picture, (scene) => {
      also?.(scene);
      this.#journal.append('scene', scene.streamId, String(scene.id), scene.endMs);
    });
  }

  /** The same for what is no news: it has no journal entry, so that nobody is alarmed. */
  addPast(draft: Omit<Scene, 'id'>, vector: Float32Array, model: string, picture?: ModelVector): Scene {
    return this.#add(draft, { vector, model }, picture, () => undefined);
  }

  /** The scene goes on until `endMs`; it never gets shorter. Throws `not_found`. */
  grow(id: number, endMs: number): Scene {
    return this.#connection.write(() => {
      this.#grow.run(endMs, id);
      const scene = this.get(id);
      if (!scene) throw new Fault('not_found', `no scene ${id}`);
      this.#vectors.grow(id, scene.startMs, scene.endMs);
      this.#pictures.grow(id, scene.startMs, scene.endMs);
      this.#journal.append('growth', scene.streamId, String(id), scene.endMs);
      return scene;
    });
  }

  /** It is told in other words, by which it is found from now on. Throws `not_found`. */
  retell(id: number, { text, facts }: { text: string; facts: SceneFacts }, vector: Float32Array, model: string): Scene {
    return this.#connection.write(() => {
      const before = this.get(id);
      if (!before) throw new Fault('not_found', `no scene ${id}`);
      const scene = { ...before, text, facts };
      this.#retell.run(text, JSON.stringify(facts), id);
      this.#removeWords.run(id);
      this.#insertWords.run(id, text);
      this.#vectors.replace(scene, vector, model);
      this.#journal.append('retold', scene.streamId, String(id), scene.endMs);
      return scene;
    });
  }

  get(id: number): Scene | undefined {
    const row = this.#get.get(id);
    return row && sceneOf(row);
  }

  /** What its picture looked like, as the model that saw it has it. */
  pictureOf(scene: Pick<Scene, 'id' | 'startMs'>): { model: string; vector: Int8Array } | undefined {
    return this.#pictures.of(scene);
  }

  /** The index's newest scene by start. */
  latest(indexId: string): Scene | undefined {
    const row = this.#latest.get(indexId);
    return row && sceneOf(row);
  }

  /** The same without those that tell of sounds, which are stored before what was said meanwhile. */
  latestSpoken(indexId: string): Scene | undefined {
    const row = this.#latestSpoken.get(indexId);
    return row && sceneOf(row);
  }

  /** Newest first; pages count from 1; a range takes the scenes that overlap it. */
  page(
    indexId: string,
    query: { startMs?: number; endMs?: number; page: number; pageSize: number },
  ): { scenes: Scene[]; nextPage: boolean } {
    const { startMs, endMs, page, pageSize } = query;
    const asked = { index: indexId, limit: pageSize + 1, offset: (page - 1) * pageSize };
    const rows =
      startMs === undefined && endMs === undefined
        ? this.#page.all(asked)
        : this.#pageOfRange.all({ ...asked, start: startMs ?? null, end: endMs ?? null });
    return { scenes: rows.slice(0, pageSize).map(sceneOf), nextPage: rows.length > pageSize };
  }

  /** Newest stored first, those before `beforeId`. */
  recent(query: { limit: number; streamId?: string; beforeId?: number }): Scene[] {
    const { limit, streamId, beforeId } = query;
    return this.#recent.all({ stream: streamId ?? null, before: beforeId ?? null, limit }).map(sceneOf);
  }

  /** The same of all cameras that a box sends; empty for this one's own. */
  recentOfBox(box: string, { limit, beforeId }: { limit: number; beforeId?: number }): Scene[] {
    return this.#recentOfBox.all({ box, before: beforeId ?? null, limit }).map(sceneOf);
  }

  /** Best first. Nothing is found rather than something unrelated. Throws the signal's reason. */
  async search({ signal, ...query }: SceneQuery & Cancellable): Promise<SceneHit[]> {
    const filter = {
      stream: query.streamId ?? null,
      collection: query.collectionId === undefined ? null : this.#collections.resolve(query.collectionId),
      box: query.boxId ?? null,
      index: query.indexId ?? null,
      start: query.startMs ?? null,
      end: query.endMs ?? null,
    };
    const hits = await this.#search.run(query, filter, signal);
    return hits.flatMap(({ id, score }) => {
      const scene = this.get(id);
      return scene ? [{ scene, score }] : [];
    });
  }

  #add(
    draft: Omit<Scene, 'id'>,
    words: ModelVector,
    picture: ModelVector | undefined,
    tell: (scene: Scene) => void,
  ): Scene {
    if (draft.thumbPath !== undefined) checkRelative(draft.thumbPath, 'scene.thumbPath');
    this.#vectors.openDay(draft.startMs);
    if (picture) this.#pictures.openDay(draft.startMs);
    const added = this.#connection.write(() => {
      const id = Number(this.#insert.run(rowOf(draft)).lastInsertRowid);
      const scene = { ...draft, id };
      // A summary is found by what was said, too.
      this.#insertWords.run(id, draft.said ? `${draft.text}\n${draft.said.text}` : draft.text);
      this.#vectors.add(scene, words.vector, words.model);
      if (picture) this.#pictures.add(scene, picture.vector, picture.model);
      tell(scene);
      faultPoint('scene.inserted');
      return scene;
    });
    faultPoint('scene.entered');
    return added;
  }
}

export function sceneOf(row: SceneRow): Scene {
  return {
    id: row.id,
    streamId: row.stream_id,
    indexId: row.index_id,
    startMs: row.start_ms,
    endMs: row.end_ms,
    text: row.text,
    ...measuredIn(row.facts),
    ...(row.thumb_path === null ? {} : { thumbPath: row.thumb_path }),
  };
}

function rowOf(scene: Omit<Scene, 'id'>): Omit<SceneRow, 'id'> {
  return {
    stream_id: scene.streamId,
    index_id: scene.indexId,
    start_ms: scene.startMs,
    end_ms: scene.endMs,
    text: scene.text,
    facts: JSON.stringify(scene.facts ?? heardIn(scene)),
    thumb_path: scene.thumbPath ?? null,
  };
}

function heardIn({ sound, said }: Omit<Scene, 'id'>): Pick<Scene, 'sound' | 'said'> | null {
  if (sound) return { sound };
  return said ? { said } : null;
}

/** Facts of pictures always name the packs that found them; what was only heard is the sound or the speech alone. */
function measuredIn(json: string): Pick<Scene, 'facts' | 'sound' | 'said'> {
  if (json === 'null') return {};
  const measured = JSON.parse(json);
  return 'packs' in measured ? { facts: measured } : measured;
}
