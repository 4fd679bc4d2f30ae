import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';

/** A camera of another box, and the newest that has come of it. */
export interface BoxCamera {
  id: string;
  boxId: string;
  name: string;
  /** Until when recordings of it are here; absent: none is. */
  recordedToMs?: number;
  /** The newest scene with a picture; absent: there is none. */
  pictured?: { sceneId: number; atMs: number };
}

interface Row {
  id: string;
  boxId: string;
  name: string;
  recordedToMs: number | null;
  sceneId: number | null;
  atMs: number | null;
}

/** The cameras of other boxes, all at once: hundreds of them cost a few milliseconds. */
export class BoxCameras {
  readonly #list: Statement<{ box: string | null }, Row>;

  constructor({ sql }: Pick<Connection, 'sql'>) {
    this.#list = sql.prepare(`
      SELECT s.id, s.box_id AS boxId, s.name,
        (SELECT end_ms FROM segments WHERE stream_id = s.id ORDER BY start_ms DESC LIMIT 1) AS recordedToMs,
        c.id AS sceneId, c.end_ms AS atMs
      FROM streams s LEFT JOIN scenes c ON c.id = (
        SELECT id FROM scenes WHERE stream_id = s.id AND thumb_path IS NOT NULL ORDER BY end_ms DESC LIMIT 1)
      WHERE s.box_id IS NOT NULL AND (@box IS NULL OR s.box_id = @box)
      ORDER BY s.name COLLATE NOCASE, s.id`);
  }

  /** Of one box, or of all; by name. */
  list(boxId?: string): BoxCamera[] {
    return this.#list.all({ box: boxId ?? null }).map(cameraOf);
  }
}

function cameraOf({ recordedToMs, sceneId, atMs, ...camera }: Row): BoxCamera {
  return {
    ...camera,
    ...(recordedToMs === null ? {} : { recordedToMs }),
    ...(sceneId === null || atMs === null ? {} : { pictured: { sceneId, atMs } }),
  };
}
