import type { Statement } from 'better-sqlite3';
import type { Delivery, DeliveryChannel, Firing } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { Connection } from '../connection.ts';
import { type FiringRow, firingOf } from './firings.ts';

/** No schedule waits this long: a later time means that the clock has been set back, and the delivery is due. */
const LONGEST_WAIT_MS = 86_400_000;

const COLUMNS = `f.*, d.id AS delivery_id, d.channel, d.target, d.what, d.attempts, d.next_try_ms, d.since_ms,
  d.last_error, d.delivered_ms, d.dead_ms`;
const WAITING = 'd.delivered_ms IS NULL AND d.dead_ms IS NULL';

/** A verdict waits for the alert that it is about. */
const MAY_GO = `${WAITING} AND (d.what <> 'verdict' OR NOT EXISTS (
  SELECT 1 FROM deliveries first
  WHERE first.what = 'alert' AND first.delivered_ms IS NULL AND first.dead_ms IS NULL
    AND first.firing_id = d.firing_id AND first.channel = d.channel AND first.target = d.target))`;

interface Row extends FiringRow {
  delivery_id: number;
  channel: DeliveryChannel;
  target: string;
  what: Delivery['what'];
  attempts: number;
  next_try_ms: number;
  since_ms: number;
  last_error: string | null;
  delivered_ms: number | null;
  dead_ms: number | null;
}

export type DeliveryState = 'waiting' | 'dead' | 'delivered';
export type FiringDelivery = Delivery & { firing: Firing };

/** Which of a target's deliveries is next. */
export interface TurnQuery {
  channel: DeliveryChannel;
  target: string;
  /** Those made since then go before older ones. */
  freshFromMs: number;
  /** Those that were refused so often go behind all others. */
  asideFrom: number;
}

export interface GivenUp {
  beforeMs: number;
  nowMs: number;
  reason: string;
}

/** Firings on their way to receivers; each stays due until its receiver has acknowledged it, or it is given up. */
export class Deliveries {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #due: Statement<{ now: number; latest: number; channel: DeliveryChannel | null; limit: number }, Row>;
  readonly #next: Statement<{ latest: number; channel: DeliveryChannel | null }, { due: number | null }>;
  readonly #targets: Statement<{ channel: DeliveryChannel }, { target: string }>;
  readonly #turn: Statement<TurnQuery, Row>;
  readonly #get: Statement<[number], Row>;
  readonly #list: Record<DeliveryState, Statement<{ before: number; limit: number }, Row>>;
  readonly #delivered: Statement<[number, number]>;
  readonly #failed: Statement<[string, number, number, number]>;
  readonly #giveUp: Statement<[number, number]>;
  readonly #giveUpAll: Statement<GivenUp & Pick<Delivery, 'channel' | 'target'>>;
  readonly #replay: Statement<[number, number]>;
  readonly #clockWasSet: Statement<{ step: number; now: number }>;
  readonly #backlog: Statement<[], { channel: DeliveryChannel; pending: number; oldestMs: number }>;
  readonly #totals: Statement<[], { channel: DeliveryChannel; count: number }>;
  readonly #dead: Statement<[], { count: number }>;

  constructor(connection: Connection, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#clock = clock;
    const from = 'FROM deliveries d JOIN firings f ON f.id = d.firing_id';
    this.#due = sql.prepare(`
      SELECT ${COLUMNS} ${from}
      WHERE ${MAY_GO} AND (d.next_try_ms <= @now OR d.next_try_ms > @latest)
        AND (@channel IS NULL OR d.channel = @channel)
      ORDER BY d.next_try_ms, d.id LIMIT @limit`);
    this.#next = sql.prepare(`
      SELECT min(iif(next_try_ms > @latest, 0, next_try_ms)) AS due FROM deliveries d
      WHERE ${MAY_GO} AND (@channel IS NULL OR channel = @channel)`);
    // One seek for each target, however many wait for it.
    const first = `SELECT min(target) FROM deliveries d WHERE channel = @channel AND ${WAITING}`;
    this.#targets = sql.prepare(`
      WITH RECURSIVE found (target) AS (
        ${first} UNION ALL SELECT (${first} AND target > found.target) FROM found
        WHERE found.target IS NOT NULL)
      SELECT target FROM found WHERE target IS NOT NULL`);
    this.#turn = sql.prepare(`
      SELECT ${COLUMNS} ${from}
      WHERE d.id = (
        SELECT d.id FROM deliveries d INDEXED BY deliveries_targets
        WHERE d.channel = @channel AND d.target = @target AND ${MAY_GO}
        ORDER BY iif(d.attempts < @asideFrom, 0, d.attempts), d.since_ms < @freshFromMs, d.id LIMIT 1)`);
    this.#get = sql.prepare(`SELECT ${COLUMNS} ${from} WHERE d.id = ?`);
    const list = (where: string) =>
      sql.prepare<{ before: number; limit: number }, Row>(
        `SELECT ${COLUMNS} ${from} WHERE ${where} AND d.id < @before ORDER BY d.id DESC LIMIT @limit`,
      );
    this.#list = {
      waiting: list(WAITING),
      dead: list('d.dead_ms IS NOT NULL'),
      delivered: list('d.delivered_ms IS NOT NULL'),
    };
    this.#delivered = sql.prepare(`
      UPDATE deliveries SET delivered_ms = ?, attempts = attempts + 1, dead_ms = NULL
      WHERE id = ? AND delivered_ms IS NULL`);
    this.#failed = sql.prepare(`
      UPDATE deliveries SET last_error = ?, next_try_ms = ?, attempts = attempts + ?
      WHERE id = ? AND delivered_ms IS NULL`);
    this.#giveUp = sql.prepare('UPDATE deliveries SET dead_ms = ? WHERE id = ? AND delivered_ms IS NULL');
    this.#giveUpAll = sql.prepare(`
      UPDATE deliveries AS d SET dead_ms = @nowMs, last_error = @reason
      WHERE channel = @channel AND target = @target AND since_ms < @beforeMs AND ${WAITING}`);
    this.#replay = sql.prepare(`
      UPDATE deliveries SET dead_ms = NULL, delivered_ms = NULL, attempts = 0, next_try_ms = 0, since_ms = ?
      WHERE id = ?`);
    this.#clockWasSet = sql.prepare(`
      UPDATE deliveries AS d SET since_ms = since_ms + @step
      WHERE ${WAITING} AND iif(@step > 0, since_ms <= @now - @step, since_ms > @now)`);
    this.#backlog = sql.prepare(`
      SELECT d.channel, count(*) AS pending, min(f.at_ms) AS oldestMs ${from}
      WHERE ${WAITING} GROUP BY d.channel ORDER BY d.channel`);
    this.#totals = sql.prepare(
      'SELECT channel, count(*) AS count FROM deliveries WHERE delivered_ms IS NOT NULL GROUP BY channel',
    );
    this.#dead = sql.prepare('SELECT count(*) AS count FROM deliveries WHERE dead_ms IS NOT NULL');
  }

  /** Those to be tried now, longest due first. */
  due(nowMs: number, limit: number, channel?: DeliveryChannel): FiringDelivery[] {
    const latest = nowMs + LONGEST_WAIT_MS;
    return this.#due.all({ now: nowMs, latest, channel: channel ?? null, limit }).map(deliveryOf);
  }

  /** When the next one is due (0: at once); undefined when none waits. */
  nextDueMs(channel?: DeliveryChannel): number | undefined {
    const latest = this.#clock.nowMs() + LONGEST_WAIT_MS;
    return this.#next.get({ latest, channel: channel ?? null })?.due ?? undefined;
  }

  /** Where anything waits to go. */
  targets(channel: DeliveryChannel): string[] {
    return this.#targets.all({ channel }).map(({ target }) => target);
  }

  /** The next for one target, whether or not its time has come: in the order in which they were made, within the query's. */
  turn(query: TurnQuery): FiringDelivery | undefined {
    const row = this.#turn.get(query);
    return row && deliveryOf(row);
  }

  get(id: number): FiringDelivery | undefined {
    const row = this.#get.get(id);
    return row && deliveryOf(row);
  }

  /** Newest first, those before `beforeId`. */
  list(state: DeliveryState, { limit, beforeId }: { limit: number; beforeId?: number }): FiringDelivery[] {
    return this.#list[state].all({ before: beforeId ?? Number.MAX_SAFE_INTEGER, limit }).map(deliveryOf);
  }

  /** The receiver has acknowledged it. */
  delivered(id: number, nowMs: number): void {
    this.#connection.writeDurably(() => this.#delivered.run(nowMs, id));
  }

  /** The receiver refused it. */
  failed(id: number, error: string, nextTryMs: number): void {
    this.#connection.writeDurably(() => this.#failed.run(error, nextTryMs, 1, id));
  }

  /** Nobody was there to refuse it. */
  unreached(id: number, error: string, nextTryMs: number): void {
    this.#connection.writeDurably(() => this.#failed.run(error, nextTryMs, 0, id));
  }

  /** Returns how many were given up: 0 when it has been delivered meanwhile. */
  giveUp(id: number, nowMs: number): number {
    return this.#connection.writeDurably(() => this.#giveUp.run(nowMs, id).changes);
  }

  /** All that have waited for the target since before then; returns how many. */
  giveUpAll({ channel, target }: Pick<Delivery, 'channel' | 'target'>, how: GivenUp): number {
    return this.#connection.writeDurably(() => this.#giveUpAll.run({ channel, target, ...how }).changes);
  }

  /** Makes it due once more, as if it were new. Throws `not_found`. */
  replay(id: number, nowMs: number): FiringDelivery {
    return this.#connection.writeDurably(() => {
      this.#replay.run(nowMs, id);
      const delivery = this.get(id);
      if (!delivery) throw new Fault('not_found', `there is no delivery ${id}; GET /v1/deliveries lists them`);
      return delivery;
    });
  }

  /** What was made before the clock was set has waited for no other time than it has; `nowMs` is by the new clock. */
  clockWasSet(stepMs: number, nowMs: number): void {
    this.#connection.writeDurably(() => this.#clockWasSet.run({ step: stepMs, now: nowMs }));
  }

  /** What is pending, by channel; channels with nothing pending are left out. */
  backlog(): { channel: DeliveryChannel; pending: number; oldestMs?: number }[] {
    return this.#backlog.all();
  }

  /** Delivered and still stored, by channel. */
  totals(): Record<DeliveryChannel, number> {
    const totals: Record<DeliveryChannel, number> = { mqtt: 0, webhook: 0 };
    for (const { channel, count } of this.#totals.all()) totals[channel] = count;
    return totals;
  }

  /** Given up and still stored. */
  deadCount(): number {
    return this.#dead.get()?.count ?? 0;
  }
}

function deliveryOf(row: Row): FiringDelivery {
  return {
    id: row.delivery_id,
    firingId: row.id,
    channel: row.channel,
    what: row.what,
    target: row.target,
    attempts: row.attempts,
    nextTryMs: row.next_try_ms,
    sinceMs: row.since_ms,
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    ...(row.delivered_ms === null ? {} : { deliveredMs: row.delivered_ms }),
    ...(row.dead_ms === null ? {} : { deadMs: row.dead_ms }),
    firing: firingOf(row),
  };
}
