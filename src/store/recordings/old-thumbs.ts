import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';
import { NO_EVIDENCE, NOT_HELD, NOT_HELD_BY_ALERTS } from './held.ts';

/** Scenes that are looked at in one go: a few milliseconds, however many are held. */
const LOOKED_AT = 1000;

type Looked = { id: number; endMs: number; goes: number };

/** Finds thumbnails of scenes that nothing recorded shows any more, one camera after the other, a few at a time. */
export class OldThumbs {
  readonly #next: Statement<[string], string>;
  readonly #some: Statement<{ stream: string; after: number }, Looked>;
  #stream = '';
  #afterMs = -1;

  constructor({ sql }: Pick<Connection, 'sql'>) {
    this.#next = sql.prepare<[string], string>('SELECT min(id) FROM streams WHERE id >= ?').pluck();
    this.#some = sql.prepare(`
      SELECT id, end_ms AS endMs, ${NO_EVIDENCE} AND ${NOT_HELD} AND ${NOT_HELD_BY_ALERTS} AS goes
      FROM scenes INDEXED BY scenes_with_thumb
      WHERE stream_id = @stream AND thumb_path IS NOT NULL AND end_ms > @after AND end_ms <= coalesce(
        (SELECT start_ms FROM segments s WHERE s.stream_id = @stream AND held = 0 ORDER BY s.end_ms LIMIT 1), 9e15)
      ORDER BY end_ms LIMIT ${LOOKED_AT}`);
  }

  /** At most so many of the scenes; undefined when all have been looked at: the next call begins anew. */
  find(most: number): { id: number }[] | undefined {
    const stream = this.#next.get(this.#stream);
    if (typeof stream !== 'string') return this.#goTo('');
    if (stream !== this.#stream) this.#goTo(stream);
    const looked = this.#some.all({ stream, after: this.#afterMs });
    const last = looked.at(-1);
    if (!last) {
      this.#goTo(`${stream}\0`); // The one after it.
      return [];
    }
    const going = looked.filter(({ goes }) => goes === 1).slice(0, most);
    this.#afterMs = (going.length === most ? going.at(-1) : last)?.endMs ?? last.endMs;
    return going;
  }

  #goTo(stream: string): undefined {
    this.#stream = stream;
    this.#afterMs = -1;
  }
}
