import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';
import { DAY_MS } from '../search/vector-tables.ts';

/** Of recordings, in bytes; what is held is part of it. */
export interface Recorded {
  bytes: number;
  heldBytes: number;
}

/** What a stream's recordings take that may go, and since when they are there. */
export interface Passing {
  streamId: string;
  bytes: number;
  heldBytes: number;
  /** Of what nobody holds; absent when there is none. */
  fromMs?: number;
  toMs?: number;
}

/** What one stream wrote on one UTC day; under '' what the box wrote beside recordings. */
export interface Written {
  streamId: string;
  /** Its beginning. */
  dayMs: number;
  bytes: number;
}

/** As long as a disk's wear is worth looking at. */
const DAYS_TOLD = 90;
const BOX = '';

/** How much is recorded, and how much has been written: kept by triggers, so that asking costs little. */
export class RecordedBytes {
  readonly #connection: Connection;
  readonly #of: Statement<[string], Recorded>;
  readonly #total: Statement<[], Recorded>;
  readonly #passing: Statement<[], { streamId: string; fromMs: number | null; toMs: number | null } & Recorded>;
  readonly #written: Statement<[number], { streamId: string; day: number; bytes: number }>;
  readonly #write: Statement<{ day: number; stream: string; bytes: number }>;
  readonly #forget: Statement<[number]>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#of = sql.prepare('SELECT bytes, held_bytes AS heldBytes FROM stream_bytes WHERE stream_id = ?');
    this.#total = sql.prepare(
      'SELECT coalesce(sum(bytes), 0) AS bytes, coalesce(sum(held_bytes), 0) AS heldBytes FROM stream_bytes',
    );
    this.#passing = sql.prepare(`
      SELECT stream_id AS streamId, bytes, held_bytes AS heldBytes,
        (SELECT min(end_ms) FROM segments s WHERE s.stream_id = b.stream_id AND held = 0) AS fromMs,
        (SELECT max(end_ms) FROM segments s WHERE s.stream_id = b.stream_id AND held = 0) AS toMs
      FROM stream_bytes b`);
    this.#written = sql.prepare(
      'SELECT stream_id AS streamId, day, bytes FROM bytes_written WHERE day >= ? ORDER BY day DESC, stream_id',
    );
    this.#write = sql.prepare(`
      INSERT INTO bytes_written VALUES (@day, @stream, @bytes)
      ON CONFLICT (day, stream_id) DO UPDATE SET bytes = bytes + excluded.bytes`);
    this.#forget = sql.prepare('DELETE FROM bytes_written WHERE day < ?');
  }

  of(streamId: string): Recorded {
    return this.#of.get(streamId) ?? { bytes: 0, heldBytes: 0 };
  }

  total(): Recorded {
    return this.#total.get() ?? { bytes: 0, heldBytes: 0 };
  }

  /** Of every stream that has recordings. */
  passing(): Passing[] {
    return this.#passing.all().map(({ fromMs, toMs, ...rest }) => ({
      ...rest,
      ...(fromMs === null || toMs === null ? {} : { fromMs, toMs }),
    }));
  }

  /** What was written from that day on, newest first. */
  written(sinceMs: number): Written[] {
    const rows = this.#written.all(Math.floor(sinceMs / DAY_MS));
    return rows.map(({ streamId, day, bytes }) => ({ streamId, dayMs: day * DAY_MS, bytes }));
  }

  /** What the box has written beside recordings. Forgets what was long ago. */
  addWritten(bytes: number, nowMs: number): void {
    const day = Math.floor(nowMs / DAY_MS);
    this.#connection.write(() => {
      this.#write.run({ day, stream: BOX, bytes });
      this.#forget.run(day - DAYS_TOLD);
    });
  }
}
