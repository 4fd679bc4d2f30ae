import { setImmediate } from 'node:timers/promises';
import type { TargetConfig } from '#config';
import { type Clock, Fault, type Log } from '#runtime';
import type { Store } from '#store';
import { ClipSpool, type MakeClip } from './clip-spool.ts';
import { Courier, type TargetStatus } from './courier.ts';
import { Parcels, type ParcelsDeps } from './parcels.ts';
import type { Target } from './target.ts';

const LONGEST_REQUEST_MS = 86_400_000;

export interface SyncDeps extends Pick<ParcelsDeps, 'mediaDir' | 'thumbsDir' | 'payload'> {
  store: Store;
  /** Where clips lie while they are sent. */
  spoolDir: string;
  openClip: MakeClip;
  /** Throws when the configuration is not right for it; it is tried again. */
  makeTarget: (config: TargetConfig) => Promise<Target>;
  clock: Clock;
  log: Log;
}

/** A stretch of recording that somebody wants to have elsewhere. */
export interface SyncRequest {
  /** By name; else all that take recordings. */
  target?: string;
  streamId: string;
  fromMs: number;
  toMs: number;
  by: string;
}

/** All targets of the configuration, each by itself. */
export class Sync implements AsyncDisposable {
  readonly #deps: SyncDeps;
  readonly #parcels: Parcels;
  readonly #clips: ClipSpool;
  #couriers = new Map<string, Courier>();

  private constructor(deps: SyncDeps) {
    this.#deps = deps;
    this.#clips = new ClipSpool(deps.spoolDir, deps.openClip);
    this.#parcels = new Parcels({ ...deps, clips: this.#clips });
  }

  static async start(deps: SyncDeps, targets: readonly TargetConfig[]): Promise<Sync> {
    const sync = new Sync(deps);
    await sync.#clips.open((id) => deps.store.outbox.get(id) !== undefined);
    await sync.configure(targets);
    return sync;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#couriers.values()].map((courier) => courier[Symbol.asyncDispose]()));
  }

  /**
   * Only targets that changed are begun anew. What waits for one that is gone from the configuration is forgotten; one that
   * has another address under the same name gets what waits.
   */
  async configure(targets: readonly TargetConfig[]): Promise<void> {
    const before = this.#couriers;
    const isSame = (config: TargetConfig) => JSON.stringify(before.get(config.name)?.config) === JSON.stringify(config);
    const changed = [...before.values()].filter(
      (courier) => !targets.some((one) => one.name === courier.config.name && isSame(one)),
    );
    // What fails from here on leaves none that has ended.
    this.#couriers = new Map([...before].filter(([, courier]) => !changed.includes(courier)));
    await Promise.all(changed.map((courier) => courier[Symbol.asyncDispose]()));
    await this.#forgetStale(targets.map(({ name }) => name));
    const forgetClip = (entry: { id: number }) => this.#clips.forget(entry);
    const deps = { ...this.#deps, parcels: this.#parcels, forgetClip };
    for (const config of targets) {
      const courier = this.#couriers.get(config.name) ?? Courier.start(config, deps);
      this.#couriers.delete(config.name); // Those that stay come behind those before them.
      this.#couriers.set(config.name, courier);
    }
  }

  /** What waits for targets that aren't among these, and would be forgotten with them. */
  wouldForget(targets: readonly Pick<TargetConfig, 'name'>[]): { target: string; items: number; bytes: number }[] {
    const { outbox } = this.#deps.store;
    const names = targets.map(({ name }) => name);
    const gone = outbox.staleTargets(names).map((target) => {
      const waiting = outbox.backlog(target);
      const sum = (key: 'items' | 'bytes') => waiting.reduce((total, one) => total + one[key], 0);
      return { target, items: sum('items'), bytes: sum('bytes') };
    });
    return gone.filter(({ items }) => items > 0);
  }

  /** In the order of the configuration. */
  status(): TargetStatus[] {
    return [...this.#couriers.values()].map((courier) => courier.status());
  }

  /** Nothing goes there until it is resumed, over restarts, too. Throws `not_found`. */
  pause(target: string | undefined, by: string): void {
    for (const courier of this.#named(target)) {
      this.#deps.store.outbox.targets.pause(courier.config.name, { atMs: this.#deps.clock.nowMs(), by });
      courier.changed();
    }
  }

  /** Throws `not_found`. */
  resume(target?: string): void {
    for (const courier of this.#named(target)) {
      this.#deps.store.outbox.targets.pause(courier.config.name, undefined);
      courier.changed();
    }
  }

  /** Tries what failed at once, and sends what waits for its hours. What is paused stays so. Throws `not_found`. */
  now(target?: string): void {
    for (const courier of this.#named(target)) courier.hurry();
  }

  /**
   * Sends a stretch of recording before all that nobody asked for, at any hour, on metered lines, too. Returns the targets that will get it.
   * Throws `not_found`, and `invalid` when the stretch is none.
   */
  async request({ target, streamId, fromMs, toMs, by }: SyncRequest): Promise<string[]> {
    if (!this.#deps.store.streams.get(streamId))
      throw new Fault('not_found', `stream_id: there is no camera ${streamId}`);
    if (!(fromMs < toMs)) throw new Fault('invalid', 'to: must be after from');
    if (toMs - fromMs > LONGEST_REQUEST_MS) throw new Fault('invalid', 'to: must not be more than a day after from');
    if (fromMs >= this.#deps.clock.nowMs()) throw new Fault('invalid', 'from: must be in the past');
    const getting: Courier[] = [];
    for (const courier of this.#named(target)) {
      if ((await courier.ask({ streamId, fromMs, toMs, by })) > 0) getting.push(courier);
    }
    if (getting.length === 0)
      throw new Fault('invalid', 'target: none takes recordings (now); GET /v1/control/sync lists them');
    return getting.map(({ config }) => config.name);
  }

  async #forgetStale(names: readonly string[]): Promise<void> {
    const { store, log } = this.#deps;
    for (const name of store.outbox.staleTargets(names)) {
      let entries = 0;
      for (let gone = store.outbox.forgetSome(name); gone > 0; gone = store.outbox.forgetSome(name)) {
        entries += gone;
        await setImmediate();
      }
      log.warn({ target: name, entries }, 'the target is gone from the configuration: what waited for it is forgotten');
    }
  }

  #named(target: string | undefined): Courier[] {
    if (target === undefined) return [...this.#couriers.values()];
    const courier = this.#couriers.get(target);
    if (!courier) throw new Fault('not_found', `target: there is none called ${target}`);
    return [courier];
  }
}
