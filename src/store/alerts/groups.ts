import type { Statement } from 'better-sqlite3';
import { type ArmGroup, isArmed, isScheduled, nextChange, type Schedule, scheduledSince, topicLevel } from '#domain';
import { type Clock, Fault, isSane } from '#runtime';
import type { Connection } from '../connection.ts';
import type { ArmingLog } from './arming-log.ts';

const MOST = 50;
/** A clock that is corrected by less has not been set back. */
const SETBACK_MS = 60_000;
/** Who turns what a schedule does. */
const SCHEDULE = 'schedule';

interface Row {
  name: string;
  armed: number;
  since_ms: number;
  put_ms: number;
  who: string;
  schedule: string | null;
}

/** What is wanted of a group; an empty schedule is none. */
export interface GroupWish {
  armed?: boolean | undefined;
  schedule?: Schedule | undefined;
}

/** Groups of alerts. What was put holds over a power cut; every change is in the log with who made it. */
export class Groups {
  readonly #connection: Connection;
  readonly #log: ArmingLog;
  readonly #clock: Clock;
  readonly #save: Statement<Row>;
  readonly #get: Statement<[string], Row>;
  readonly #list: Statement<[], Row>;
  readonly #delete: Statement<[string]>;

  constructor(connection: Connection, log: ArmingLog, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#log = log;
    this.#clock = clock;
    this.#save = sql.prepare(`
      INSERT INTO alert_groups (name, armed, since_ms, put_ms, who, schedule)
      VALUES (@name, @armed, @since_ms, @put_ms, @who, @schedule)
      ON CONFLICT (name) DO UPDATE SET armed = excluded.armed, since_ms = excluded.since_ms, put_ms = excluded.put_ms,
        who = excluded.who, schedule = excluded.schedule`);
    this.#get = sql.prepare('SELECT * FROM alert_groups WHERE name = ?');
    this.#list = sql.prepare('SELECT * FROM alert_groups ORDER BY name');
    this.#delete = sql.prepare('DELETE FROM alert_groups WHERE name = ?');
  }

  get(name: string): ArmGroup | undefined {
    const row = this.#get.get(name);
    return row && groupOf(row);
  }

  /** By name. */
  list(): ArmGroup[] {
    return this.#list.all().map(groupOf);
  }

  /** Whether its alerts were to be told of then; what is in no group always was. */
  wasArmed(name: string | undefined, atMs: number): boolean {
    const group = name === undefined ? undefined : this.get(name);
    return group === undefined || isArmed(group, atMs, this.#clock.nowMs());
  }

  /**
   * Makes the group, armed unless it says otherwise, or changes it: a new schedule holds at once, and `armed` until the
   * schedule's next change. Throws `conflict` when another group has the same name in topics, `refused` when there are
   * too many.
   */
  put(name: string, wish: GroupWish, by: string): ArmGroup {
    return this.#connection.writeDurably(() => {
      const nowMs = this.#clock.nowMs();
      const before = this.#settled(this.get(name) ?? this.#newGroup(name, by), nowMs);
      const schedule = wish.schedule ?? before.schedule ?? [];
      const isNew = JSON.stringify(schedule) !== JSON.stringify(before.schedule ?? []);
      const armed = wish.armed ?? (isNew && schedule.length > 0 ? isScheduled(schedule, nowMs) : before.armed);
      const isTurned = armed !== before.armed;
      const putMs = isTurned || isNew || wish.armed !== undefined ? nowMs : before.putMs;
      this.#save.run(
        rowOf({
          name,
          armed,
          sinceMs: isTurned ? nowMs : before.sinceMs,
          putMs,
          by: isTurned ? by : before.by,
          ...(schedule.length > 0 ? { schedule } : {}),
        }),
      );
      if (isNew) this.#log.note({ by, what: schedule.length > 0 ? 'scheduled' : 'schedule_removed', group: name });
      if (isTurned) this.#log.note({ by, what: armed ? 'armed' : 'disarmed', group: name });
      return this.get(name) ?? before;
    });
  }

  /** As `put` makes it, when it isn't there. Only inside a transaction. */
  ensure(name: string, by: string): void {
    if (!this.get(name)) this.#save.run(rowOf(this.#newGroup(name, by)));
  }

  /** Its alerts are in no group afterwards. Throws `not_found`. */
  delete(name: string, by: string): void {
    this.#connection.writeDurably(() => {
      if (this.#delete.run(name).changes === 0) throw new Fault('not_found', `group: there is no group "${name}"`);
      this.#log.note({ by, what: 'group_deleted', group: name });
    });
  }

  /**
   * Writes down what the schedules have changed, which holds without it. What was put by a clock that has been set back
   * since is put now: else its schedule would wait until then; what the schedule itself did too soon is undone. Returns when a schedule changes something next.
   */
  follow(): number | undefined {
    const nowMs = this.#clock.nowMs();
    for (const group of this.list()) {
      if (asOf(group, nowMs) === group) continue;
      this.#connection.writeDurably(() => this.#save.run(rowOf(this.#settled(group, nowMs))));
    }
    const next = this.list().flatMap(({ schedule = [] }) => nextChange(schedule, nowMs)?.atMs ?? []);
    return next.length > 0 ? Math.min(...next) : undefined;
  }

  /** The group as it has become, with what its schedule did in the log. Only inside a transaction. */
  #settled(group: ArmGroup, nowMs: number): ArmGroup {
    const after = asOf(group, nowMs);
    const what = after.armed ? 'armed' : 'disarmed';
    if (after.armed !== group.armed) this.#log.note({ by: after.by, what, group: group.name });
    return after;
  }

  #newGroup(name: string, by: string): ArmGroup {
    const others = this.list();
    const twin = others.find((other) => topicLevel(other.name) === topicLevel(name));
    if (twin) throw new Fault('conflict', `group: "${name}" would be the same as "${twin.name}" on MQTT: use that one`);
    if (others.length >= MOST) throw new Fault('refused', `group: there are ${MOST} already, which is the most`);
    return { name, armed: true, sinceMs: 0, putMs: this.#clock.nowMs(), by };
  }
}

/** The same object when nothing has changed. */
function asOf(group: ArmGroup, nowMs: number): ArmGroup {
  const { schedule } = group;
  if (group.putMs > nowMs + SETBACK_MS && isSane(nowMs)) {
    const armed = group.by === SCHEDULE && schedule ? isScheduled(schedule, nowMs) : group.armed;
    return { ...group, armed, sinceMs: 0, putMs: nowMs };
  }
  const change = group.putMs <= nowMs ? scheduledSince(group, nowMs) : undefined;
  return change ? { ...group, armed: change.armed, sinceMs: change.atMs, putMs: change.atMs, by: SCHEDULE } : group;
}

function groupOf(row: Row): ArmGroup {
  return {
    name: row.name,
    armed: row.armed === 1,
    sinceMs: row.since_ms,
    putMs: row.put_ms,
    by: row.who,
    ...(row.schedule === null ? {} : { schedule: JSON.parse(row.schedule) }),
  };
}

function rowOf({ name, armed, sinceMs, putMs, by, schedule }: ArmGroup): Row {
  return {
    name,
    armed: armed ? 1 : 0,
    since_ms: sinceMs,
    put_ms: putMs,
    who: by,
    schedule: schedule ? JSON.stringify(schedule) : null,
  };
}
