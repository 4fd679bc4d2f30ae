import type { Statement } from 'better-sqlite3';
import type { BoxReport, ParcelHead } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { Connection } from '../connection.ts';
import { BoxCameras } from './box-cameras.ts';

/** Another box that sends to this one. */
export interface StoredBox {
  id: string;
  report: BoxReport;
  firstMs: number;
  /** When it was heard of last, by this box's clock. */
  seenMs: number;
  /** How far its clock was ahead of this box's when it said hello last. */
  clockAheadMs: number;
}

/** A parcel of which bytes are still to come. */
export interface Incoming {
  id: string;
  boxId: string;
  head: ParcelHead;
  /** Bytes that are on disk. */
  received: number;
}

type BoxRow = Omit<StoredBox, 'report'> & { report: string; keyId: number | null };
type IncomingRow = Omit<Incoming, 'head'> & { head: string };

/** More parcels than this are not begun at a time by one box: what has waited longest for its rest gives way. */
const MOST_INCOMING = 16;
const INCOMING = 'SELECT id, box_id AS boxId, head, received FROM incoming';

/** The boxes that send to this one, each known by its key, and what of theirs has come in part. */
export class Boxes {
  readonly cameras: BoxCameras;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #get: Statement<[string], BoxRow>;
  readonly #byKey: Statement<[number], BoxRow>;
  readonly #nameOf: Statement<[string], string>;
  readonly #list: Statement<[], BoxRow>;
  readonly #isGood: Statement<[number], number>;
  readonly #put: Statement<BoxRow>;
  readonly #seen: Statement<[number, string]>;
  readonly #delete: Statement<[string]>;
  readonly #begin: Statement<[string, string, string, string, number]>;
  readonly #incoming: Statement<[string], IncomingRow>;
  readonly #incomingByKey: Statement<[string], IncomingRow>;
  readonly #beyond: Statement<[string, number], string>;
  readonly #untouched: Statement<[number], string>;
  readonly #progress: Statement<[number, number, string]>;
  readonly #end: Statement<[string]>;

  constructor(connection: Connection, clock: Clock) {
    const { sql } = connection;
    this.cameras = new BoxCameras(connection);
    this.#connection = connection;
    this.#clock = clock;
    const boxes =
      'SELECT id, key_id AS keyId, report, first_ms AS firstMs, seen_ms AS seenMs, clock_ahead_ms AS clockAheadMs FROM boxes';
    this.#get = sql.prepare(`${boxes} WHERE id = ?`);
    this.#byKey = sql.prepare(`${boxes} WHERE key_id = ?`);
    this.#nameOf = sql.prepare<[string], string>("SELECT report ->> 'name' FROM boxes WHERE id = ?").pluck();
    this.#list = sql.prepare(`${boxes} ORDER BY first_ms, id`);
    this.#isGood = sql.prepare<[number], number>('SELECT 1 FROM keys WHERE id = ? AND revoked_ms IS NULL').pluck();
    this.#put = sql.prepare(`
      INSERT INTO boxes (id, key_id, report, first_ms, seen_ms, clock_ahead_ms)
      VALUES (@id, @keyId, @report, @firstMs, @seenMs, @clockAheadMs)
      ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id, report = excluded.report, seen_ms = excluded.seen_ms,
        clock_ahead_ms = excluded.clock_ahead_ms`);
    this.#seen = sql.prepare('UPDATE boxes SET seen_ms = ? WHERE id = ?');
    this.#delete = sql.prepare('DELETE FROM boxes WHERE id = ?');
    this.#begin = sql.prepare('INSERT INTO incoming (id, box_id, key, head, touched_ms) VALUES (?, ?, ?, ?, ?)');
    this.#incoming = sql.prepare(`${INCOMING} WHERE id = ?`);
    this.#incomingByKey = sql.prepare(`${INCOMING} WHERE key = ?`);
    this.#beyond = sql
      .prepare<[string, number], string>(
        'SELECT id FROM incoming WHERE box_id = ? ORDER BY touched_ms DESC LIMIT -1 OFFSET ?',
      )
      .pluck();
    this.#untouched = sql.prepare<[number], string>('SELECT id FROM incoming WHERE touched_ms < ?').pluck();
    this.#progress = sql.prepare('UPDATE incoming SET received = ?, touched_ms = ? WHERE id = ?');
    this.#end = sql.prepare('DELETE FROM incoming WHERE id = ?');
  }

  /**
   * The box tells of itself; the first time, the key becomes its own. Throws `forbidden` when the key is another box's, or
   * the box has another key.
   */
  hello(report: BoxReport, keyId: number): StoredBox {
    return this.#connection.writeDurably(() => {
      const owner = this.#byKey.get(keyId);
      if (owner && owner.id !== report.boxId) {
        throw new Fault('forbidden', `this key belongs to the box ${owner.id}: make one for each box on the hub`);
      }
      const known = this.#get.get(report.boxId);
      if (known && known.keyId !== null && known.keyId !== keyId && this.#isGood.get(known.keyId) === 1) {
        throw new Fault('forbidden', `the box ${known.id} has another key: revoke that one on the hub first`);
      }
      const nowMs = this.#clock.nowMs();
      const row: BoxRow = {
        id: report.boxId,
        keyId,
        report: JSON.stringify(report),
        firstMs: known?.firstMs ?? nowMs,
        seenMs: nowMs,
        clockAheadMs: report.clockMs - nowMs,
      };
      this.#put.run(row);
      return boxOf(row);
    });
  }

  /** Whose key it is. Throws `not_found` when it is no box's yet. */
  byKey(keyId: number): StoredBox {
    const row = this.#byKey.get(keyId);
    if (!row) throw new Fault('not_found', 'this key is no box’s yet: say hello first (POST /v1/edge/hello)');
    return boxOf(row);
  }

  get(id: string): StoredBox | undefined {
    const row = this.#get.get(id);
    return row && boxOf(row);
  }

  /** As it calls itself; undefined when there is none. */
  nameOf(id: string): string | undefined {
    return this.#nameOf.get(id);
  }

  /** It was heard of now. */
  seen(id: string): void {
    this.#connection.write(() => this.#seen.run(this.#clock.nowMs(), id));
  }

  /** The key with which it sends; undefined when it has none any more. */
  keyOf(id: string): number | undefined {
    return this.#get.get(id)?.keyId ?? undefined;
  }

  /** With what has come of it in part, and the commands that wait for it. */
  delete(id: string): void {
    this.#connection.writeDurably(() => this.#delete.run(id));
  }

  /** The first known first. */
  list(): StoredBox[] {
    return this.#list.all().map(boxOf);
  }

  /** The same parcel goes on where it was, anew when its bytes are others by now. `dropped` are begun ones that gave way. */
  begin(id: string, boxId: string, head: ParcelHead): { incoming: Incoming; dropped: string[] } {
    return this.#connection.write(() => {
      const known = this.#incomingByKey.get(head.key);
      const begun = known && incomingOf(known);
      if (begun && begun.head.body?.bytes === head.body?.bytes) return { incoming: begun, dropped: [] };
      if (begun) this.#end.run(begun.id);
      this.#begin.run(id, boxId, head.key, JSON.stringify(head), this.#clock.nowMs());
      const beyond = this.#beyond.all(boxId, MOST_INCOMING);
      for (const one of beyond) this.#end.run(one);
      const dropped = begun ? [begun.id, ...beyond] : beyond;
      return { incoming: { id, boxId, head, received: 0 }, dropped };
    });
  }

  incoming(id: string): Incoming | undefined {
    const row = this.#incoming.get(id);
    return row && incomingOf(row);
  }

  /** To be called when so many of its bytes are on disk. */
  progressed(id: string, received: number): void {
    this.#connection.write(() => this.#progress.run(received, this.#clock.nowMs(), id));
  }

  end(id: string): void {
    this.#connection.write(() => this.#end.run(id));
  }

  /** Forgets those of which nothing came since then, and says which. */
  forgetIncoming(untouchedSinceMs: number): string[] {
    return this.#connection.write(() => {
      const ids = this.#untouched.all(untouchedSinceMs);
      for (const id of ids) this.#end.run(id);
      return ids;
    });
  }
}

function boxOf({ keyId: _secret, report, ...row }: BoxRow): StoredBox {
  return { ...row, report: JSON.parse(report) };
}

function incomingOf({ head, ...row }: IncomingRow): Incoming {
  return { ...row, head: JSON.parse(head) };
}
