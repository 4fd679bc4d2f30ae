import type { Statement } from 'better-sqlite3';
import type { Delivery, DeliveryChannel, Firing } from '#domain';
import type { Clock } from '#runtime';
import type { Connection } from './connection.ts';
import { type FiringRow, firingOf } from './firings.ts';

/** No schedule waits this long: a later time means that the clock has been set back, and the delivery is due. */
const LONGEST_WAIT_MS = 86_400_000;

/** A verdict waits for the alert that it is about. */
const MAY_GO = `d.delivered_ms IS NULL AND NOT EXISTS (
  SELECT 1 FROM deliveries first
  WHERE d.what = 'verdict' AND first.what = 'alert' AND first.delivered_ms IS NULL
    AND first.firing_id = d.firing_id AND first.channel = d.channel AND first.target = d.target)`;

interface Row extends FiringRow {
  delivery_id: number;
  channel: DeliveryChannel;
  target: string;
  what: Delivery['what'];
  attempts: number;
  next_try_ms: number;
  last_error: string | null;
  delivered_ms: number | null;
}

/** Firings on their way to receivers; each stays due until its receiver has acknowledged it. */
export class Deliveries {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #due: Statement<{ now: number; latest: number; channel: DeliveryChannel | null; limit: number }, Row>;
  readonly #next: Statement<{ latest: number; channel: DeliveryChannel | null }, { due: number | null }>;
  readonly #delivered: Statement<[number, number]>;
  readonly #failed: Statement<[string, number, number]>;
  readonly #backlog: Statement<[], { channel: DeliveryChannel; pending: number; oldestMs: number }>;
  readonly #totals: Statement<[], { channel: DeliveryChannel; count: number }>;

  constructor(connection: Connection, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#clock = clock;
    this.#due = sql.prepare(`
      SELECT f.*, d.id AS delivery_id, d.channel, d.target, d.what, d.attempts, d.next_try_ms, d.last_error, d.delivered_ms
      FROM deliveries d JOIN firings f ON f.id = d.firing_id
      WHERE ${MAY_GO} AND (d.next_try_ms <= @now OR d.next_try_ms > @latest)
        AND (@channel IS NULL OR d.channel = @channel)
      ORDER BY d.next_try_ms, d.id LIMIT @limit`);
    this.#next = sql.prepare(`
      SELECT min(iif(next_try_ms > @latest, 0, next_try_ms)) AS due FROM deliveries d
      WHERE ${MAY_GO} AND (@channel IS NULL OR channel = @channel)`);
    this.#delivered = sql.prepare(
      'UPDATE deliveries SET delivered_ms = ?, attempts = attempts + 1 WHERE id = ? AND delivered_ms IS NULL',
    );
    this.#failed = sql.prepare(`
      UPDATE deliveries SET last_error = ?, next_try_ms = ?, attempts = attempts + 1
      WHERE id = ? AND delivered_ms IS NULL`);
    this.#backlog = sql.prepare(`
      SELECT d.channel, count(*) AS pending, min(f.at_ms) AS oldestMs
      FROM deliveries d JOIN firings f ON f.id = d.firing_id
      WHERE d.delivered_ms IS NULL GROUP BY d.channel ORDER BY d.channel`);
    this.#totals = sql.prepare(
      'SELECT channel, count(*) AS count FROM deliveries WHERE delivered_ms IS NOT NULL GROUP BY channel',
    );
  }

  /** Those to be tried now, longest due first. */
  due(nowMs: number, limit: number, channel?: DeliveryChannel): (Delivery & { firing: Firing })[] {
    const latest = nowMs + LONGEST_WAIT_MS;
    return this.#due.all({ now: nowMs, latest, channel: channel ?? null, limit }).map(deliveryOf);
  }

  /** When the next one is due (0: at once); undefined when all are delivered. */
  nextDueMs(channel?: DeliveryChannel): number | undefined {
    const latest = this.#clock.nowMs() + LONGEST_WAIT_MS;
    return this.#next.get({ latest, channel: channel ?? null })?.due ?? undefined;
  }

  /** The receiver has acknowledged it. */
  delivered(id: number, nowMs: number): void {
    this.#connection.writeDurably(() => this.#delivered.run(nowMs, id));
  }

  failed(id: number, error: string, nextTryMs: number): void {
    this.#connection.writeDurably(() => this.#failed.run(error, nextTryMs, id));
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
}

function deliveryOf(row: Row): Delivery & { firing: Firing } {
  return {
    id: row.delivery_id,
    firingId: row.id,
    channel: row.channel,
    what: row.what,
    target: row.target,
    attempts: row.attempts,
    nextTryMs: row.next_try_ms,
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    ...(row.delivered_ms === null ? {} : { deliveredMs: row.delivered_ms }),
    firing: firingOf(row),
  };
}
