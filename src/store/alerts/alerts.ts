import type { Statement } from 'better-sqlite3';
import type { Alert } from '#domain';
import { Fault } from '#runtime';
import type { Connection } from '../connection.ts';
import type { ArmingLog } from './arming-log.ts';
import type { Groups } from './groups.ts';

interface Row {
  id: string;
  stream_id: string;
  index_id: string;
  event_id: string;
  callback_url: string | null;
  ws_connection_id: string | null;
  status: Alert['status'];
  created_ms: number;
  snoozed_until_ms: number | null;
  threshold: number | null;
  group_name: string | null;
  box_id: string | null;
}

/**
 * Events armed on an index. What is answered as armed stays armed over a power cut; who changes that is in the log.
 */
export class Alerts {
  readonly #connection: Connection;
  readonly #log: ArmingLog;
  readonly #groups: Groups;
  readonly #insert: Statement<Row>;
  readonly #get: Statement<[string], Row>;
  readonly #list: Statement<[], Row>;
  readonly #byIndex: Statement<[string], Row>;
  readonly #setStatus: Statement<[Alert['status'], string]>;
  readonly #snooze: Statement<[number | null, string]>;
  readonly #setThreshold: Statement<[number | null, string]>;
  readonly #setGroup: Statement<[string | null, string]>;
  readonly #inGroup: Statement<[string], { count: number }>;
  readonly #state: Statement<[string], { state: string }>;

  constructor(connection: Connection, log: ArmingLog, groups: Groups) {
    const { sql } = connection;
    this.#connection = connection;
    this.#log = log;
    this.#groups = groups;
    this.#insert = sql.prepare(`
      INSERT INTO alerts (id, stream_id, index_id, event_id, callback_url, ws_connection_id, status, created_ms,
        snoozed_until_ms, threshold, group_name, box_id)
      VALUES (@id, @stream_id, @index_id, @event_id, @callback_url, @ws_connection_id, @status, @created_ms,
        @snoozed_until_ms, @threshold, @group_name, @box_id)`);
    this.#get = sql.prepare('SELECT * FROM alerts WHERE id = ?');
    this.#list = sql.prepare('SELECT * FROM alerts ORDER BY created_ms, rowid');
    this.#byIndex = sql.prepare('SELECT * FROM alerts WHERE index_id = ? ORDER BY created_ms, rowid');
    this.#setStatus = sql.prepare('UPDATE alerts SET status = ? WHERE id = ?');
    this.#snooze = sql.prepare('UPDATE alerts SET snoozed_until_ms = ? WHERE id = ?');
    this.#setThreshold = sql.prepare('UPDATE alerts SET threshold = ? WHERE id = ?');
    this.#setGroup = sql.prepare('UPDATE alerts SET group_name = ? WHERE id = ?');
    this.#inGroup = sql.prepare('SELECT count(*) AS count FROM alerts WHERE group_name = ?');
    this.#state = sql.prepare('SELECT state FROM alert_states WHERE alert_id = ?');
  }

  /** Without `by` it is in no log. Throws `conflict` when the id is taken, `not_found` when its stream, index or event isn't there. */
  create(alert: Alert, by?: string): void {
    this.#connection.writeDurably(() => {
      this.#insert.run(rowOf(alert));
      if (by !== undefined) this.#log.note({ by, what: 'armed', alertId: alert.id }, alert.streamId);
    });
  }

  get(id: string): Alert | undefined {
    const row = this.#get.get(id);
    return row && alertOf(row);
  }

  /** Oldest first. */
  list(): Alert[] {
    return this.#list.all().map(alertOf);
  }

  /** Oldest first. */
  listByIndex(indexId: string): Alert[] {
    return this.#byIndex.all(indexId).map(alertOf);
  }

  countInGroup(group: string): number {
    return this.#inGroup.get(group)?.count ?? 0;
  }

  /** Those that this box looks at. */
  enabledByIndex(indexId: string): Alert[] {
    return this.listByIndex(indexId).filter(({ status, boxId }) => status === 'enabled' && boxId === undefined);
  }

  /** Throws `not_found`. */
  setStatus(id: string, status: Alert['status'], by: string): Alert {
    return this.#change(id, (before) => {
      this.#setStatus.run(status, id);
      const what = status === 'enabled' ? 'armed' : 'disarmed';
      if (before.status !== status) this.#log.note({ by, what, alertId: id }, before.streamId);
    });
  }

  /** Nobody is told of it until then; undefined: from now on again. Throws `not_found`. */
  snooze(id: string, untilMs: number | undefined, by: string): Alert {
    return this.#change(id, ({ streamId }) => {
      this.#snooze.run(untilMs ?? null, id);
      const snoozed = untilMs === undefined ? { what: 'snooze_ended' as const } : { what: 'snoozed' as const, untilMs };
      this.#log.note({ by, alertId: id, ...snoozed }, streamId);
    });
  }

  /** A group that isn't there is made, armed; undefined: in none. Throws `not_found`, and what making a group throws. */
  setGroup(id: string, group: string | undefined, by: string): Alert {
    return this.#change(id, (before) => {
      if (before.group === group) return;
      if (group !== undefined) this.#groups.ensure(group, by);
      this.#setGroup.run(group ?? null, id);
      const moved =
        group === undefined ? { what: 'left' as const, ...named(before.group) } : { what: 'joined' as const, group };
      this.#log.note({ by, alertId: id, ...moved }, before.streamId);
    });
  }

  /** From now on nobody is told of what it is less sure of; undefined: of everything again. Throws `not_found`. */
  setThreshold(id: string, threshold: number | undefined, by: string): Alert {
    return this.#change(id, (before) => {
      if (before.threshold === threshold) return;
      this.#setThreshold.run(threshold ?? null, id);
      this.#log.note({ by, what: 'threshold', alertId: id }, before.streamId);
    });
  }

  /** What the evaluator last committed for the alert. */
  evidenceState(alertId: string): string | undefined {
    return this.#state.get(alertId)?.state;
  }

  #change(id: string, work: (before: Alert) => void): Alert {
    return this.#connection.writeDurably(() => {
      const before = this.get(id);
      if (!before) throw new Fault('not_found', `no alert ${id}`);
      work(before);
      return this.get(id) ?? before;
    });
  }
}

function named(group: string | undefined): { group?: string } {
  return group === undefined ? {} : { group };
}

function alertOf(row: Row): Alert {
  return {
    id: row.id,
    streamId: row.stream_id,
    indexId: row.index_id,
    eventId: row.event_id,
    ...(row.callback_url === null ? {} : { callbackUrl: row.callback_url }),
    ...(row.ws_connection_id === null ? {} : { wsConnectionId: row.ws_connection_id }),
    status: row.status,
    createdMs: row.created_ms,
    ...(row.snoozed_until_ms === null ? {} : { snoozedUntilMs: row.snoozed_until_ms }),
    ...(row.threshold === null ? {} : { threshold: row.threshold }),
    ...named(row.group_name ?? undefined),
    ...(row.box_id === null ? {} : { boxId: row.box_id }),
  };
}

function rowOf(alert: Alert): Row {
  return {
    id: alert.id,
    stream_id: alert.streamId,
    index_id: alert.indexId,
    event_id: alert.eventId,
    callback_url: alert.callbackUrl ?? null,
    ws_connection_id: alert.wsConnectionId ?? null,
    status: alert.status,
    created_ms: alert.createdMs,
    snoozed_until_ms: alert.snoozedUntilMs ?? null,
    threshold: alert.threshold ?? null,
    group_name: alert.group ?? null,
    box_id: alert.boxId ?? null,
  };
}
