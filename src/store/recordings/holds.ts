import { setImmediate } from 'node:timers/promises';
import type { Statement } from 'better-sqlite3';
import { type Firing, type Hold, RECORD_ALL } from '#domain';
import { Fault, faultPoint } from '#runtime';
import type { Connection } from '../connection.ts';
import type { Meta } from '../meta.ts';
import { Pace } from '../pace.ts';
import { HoldReach } from './hold-reach.ts';

/** A firing may go on for hours: its beginning is what tells. The schema relies on it that none is longer. */
const LONGEST_MS = 1_800_000;

/** Of all streams together, made by people. */
const MOST = 1000;
const GAVE_WAY = 'alert_holds_gave_way';

interface Row {
  id: string;
  stream_id: string;
  from_ms: number;
  to_ms: number;
  reason: string;
  who: string;
  until_ms: number | null;
  created_ms: number;
  target_ms: number | null;
}

type AlertHold = {
  firing: string;
  stream: string;
  start: number;
  end: number;
  pre: number;
  post: number;
  longest: number;
};

/**
 * What of the recordings stays although it is the oldest, or older than wanted: around alerts that fired, as long as
 * these are there and there is room, and what people said is to stay. An export needs none: it has names of its own for
 * the files.
 */
export class Holds {
  readonly #connection: Connection;
  readonly #meta: Meta;
  readonly #pace = new Pace();
  readonly #reach: HoldReach;
  /** One after the other: each counts what those before it hold. */
  #adding: Promise<void> = Promise.resolve();
  readonly #insert: Statement<Row>;
  readonly #insertAlert: Statement<AlertHold>;
  readonly #get: Statement<[string], Row>;
  readonly #list: Statement<{ stream: string | null }, Row>;
  readonly #count: Statement<[], { manual: number; alerts: number }>;
  readonly #letGo: Statement<[string]>;
  readonly #expire: Statement<[number]>;
  readonly #giveWay: Statement<[number]>;
  readonly #shorten: Statement<{ now: number }>;
  readonly #bytes: Statement<[], { bytes: number }>;

  constructor(connection: Connection, meta: Meta) {
    const { sql } = connection;
    this.#connection = connection;
    this.#meta = meta;
    this.#reach = new HoldReach(sql);
    this.#insert = sql.prepare(`
      INSERT INTO holds (id, stream_id, from_ms, to_ms, reason, who, until_ms, created_ms, target_ms)
      VALUES (@id, @stream_id, @from_ms, @from_ms, @reason, @who, @until_ms, @created_ms, @to_ms)`);
    this.#insertAlert = sql.prepare(`
      INSERT INTO alert_holds (firing_id, stream_id, from_ms, to_ms)
      SELECT @firing, id, @start - pre, min(@end + post, @start - pre + @longest)
      FROM (
        SELECT id, CAST(coalesce(recording ->> 'preMs', @pre) AS INTEGER) AS pre,
          CAST(coalesce(recording ->> 'postMs', @post) AS INTEGER) AS post
        FROM streams WHERE id = @stream
      )`);
    const wanted = 'coalesce(target_ms, to_ms) > from_ms';
    this.#get = sql.prepare(`SELECT * FROM holds WHERE id = ? AND ${wanted}`);
    this.#list = sql.prepare(
      `SELECT * FROM holds WHERE ${wanted} AND (@stream IS NULL OR stream_id = @stream) AND +stream_id IN (SELECT id FROM streams)
        ORDER BY created_ms DESC, rowid DESC`,
    );
    this.#count = sql.prepare(
      'SELECT (SELECT count(*) FROM holds) AS manual, (SELECT count(*) FROM alert_holds) AS alerts',
    );
    this.#letGo = sql.prepare(`UPDATE holds SET target_ms = from_ms WHERE id = ? AND ${wanted}`);
    this.#expire = sql.prepare(`UPDATE holds SET target_ms = from_ms WHERE until_ms <= ? AND ${wanted}`);
    this.#giveWay = sql.prepare(`
      DELETE FROM alert_holds WHERE firing_id IN (SELECT firing_id FROM alert_holds ORDER BY from_ms LIMIT ?)`);
    const reached = `max(from_ms, @now, coalesce(
      (SELECT end_ms FROM segments s WHERE s.stream_id = holds.stream_id ORDER BY start_ms DESC LIMIT 1), 0))`;
    this.#shorten = sql.prepare(`
      UPDATE holds SET to_ms = min(to_ms, ${reached}), target_ms = min(target_ms, ${reached})
      WHERE coalesce(target_ms, to_ms) > ${reached}`);
    this.#bytes = sql.prepare('SELECT coalesce(sum(held_bytes), 0) AS bytes FROM stream_bytes');
  }

  /**
   * Throws `refused` when there are too many, or when more than `mostBytes` would be held by now. What is recorded in the
   * stretch later is held, too. On disk when it returns: what a crash interrupts, `goOn` finishes.
   */
  async add(hold: Hold, mostBytes: number): Promise<void> {
    const adding = this.#adding.then(() => this.#add(hold, mostBytes));
    this.#adding = adding.catch(() => undefined); // Whoever asked hears of it.
    return adding;
  }

  async #add(hold: Hold, mostBytes: number): Promise<void> {
    let more = 0;
    for (const bytes of this.#reach.freeBytes(hold.streamId, hold.fromMs, hold.toMs)) {
      more += bytes;
      await setImmediate();
    }
    this.#connection.writeDurably(() => {
      if (this.count().manual >= MOST) {
        throw new Fault('refused', `there are ${MOST} holds: delete one that nobody needs any more`);
      }
      if (this.bytes() + more > mostBytes) {
        throw new Fault(
          'refused',
          'to: holds may take half of what recordings may, and with this one they would take more: hold less, delete ' +
            'a hold, or export the recording instead',
        );
      }
      this.#insert.run(rowOf(hold));
      faultPoint('hold.inserted');
    });
    await this.#finish(hold.id);
    faultPoint('hold.entered');
  }

  /**
   * What was recorded around the firing, as much before and after as the stream's recording policy says. Within the
   * transaction that stores the firing.
   */
  addFor({ id: firing, streamId: stream, startMs: start, endMs: end }: Firing): void {
    const { preMs: pre, postMs: post } = RECORD_ALL;
    this.#insertAlert.run({ firing, stream, start, end, pre, post, longest: LONGEST_MS });
  }

  get(id: string): Hold | undefined {
    const row = this.#get.get(id);
    return row && holdOf(row);
  }

  /** Those that people made, newest first. */
  list(streamId?: string): Hold[] {
    return this.#list.all({ stream: streamId ?? null }).map(holdOf);
  }

  count(): { manual: number; alerts: number } {
    return this.#count.get() ?? { manual: 0, alerts: 0 };
  }

  /** Of recordings that are held. */
  bytes(): number {
    return this.#bytes.get()?.bytes ?? 0;
  }

  /** Alerts whose recordings were let go for lack of room. */
  gaveWay(): number {
    return Number(this.#meta.get(GAVE_WAY) ?? 0);
  }

  /** False when there is none. On disk when it returns. */
  async delete(id: string): Promise<boolean> {
    if (!this.#connection.writeDurably(() => this.#letGo.run(id).changes > 0)) return false;
    await this.#finish(id);
    return true;
  }

  /** Those whose time is over begin to go. Returns how many. */
  expire(nowMs: number): number {
    return this.#connection.write(() => this.#expire.run(nowMs).changes);
  }

  /** A slice of one that comes or goes; false when there is none. */
  goOn(): boolean {
    const id = this.#reach.unfinished();
    if (id !== undefined) this.#connection.write(() => this.#reach.step(id));
    return id !== undefined;
  }

  /** What is recorded from now on is held by nobody; what is there stays so. */
  reachNoFurther(nowMs: number): void {
    this.#connection.write(() => this.#shorten.run({ now: nowMs }));
  }

  /** A batch of the oldest alerts let go of their recordings. Returns how many: zero when none holds any. */
  letAlertsGo(): number {
    const alerts = this.#pace.rows;
    return this.#pace.measure(alerts, () =>
      this.#connection.write(() => {
        const { changes } = this.#giveWay.run(alerts);
        if (changes > 0) this.#meta.put(GAVE_WAY, String(this.gaveWay() + changes));
        return changes;
      }),
    );
  }

  async #finish(id: string): Promise<void> {
    while (this.#connection.write(() => this.#reach.step(id))) {
      await setImmediate();
    }
  }
}

function rowOf(hold: Hold): Row {
  return {
    id: hold.id,
    stream_id: hold.streamId,
    from_ms: hold.fromMs,
    to_ms: hold.toMs,
    reason: hold.reason,
    who: hold.who,
    until_ms: hold.untilMs ?? null,
    created_ms: hold.createdMs,
    target_ms: null,
  };
}

function holdOf(row: Row): Hold {
  return {
    id: row.id,
    streamId: row.stream_id,
    fromMs: row.from_ms,
    toMs: row.target_ms ?? row.to_ms,
    reason: row.reason,
    who: row.who,
    ...(row.until_ms === null ? {} : { untilMs: row.until_ms }),
    createdMs: row.created_ms,
  };
}
