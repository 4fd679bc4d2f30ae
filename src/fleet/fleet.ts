import { mkdir } from 'node:fs/promises';
import { type BoxReport, HELLO_EVERY_MS, type ParcelHead, type ParcelKind } from '#domain';
import { Fault } from '#runtime';
import type { Incoming } from '#store';
import { Arrivals } from './arrivals.ts';
import { type KeepDeps, keepAlert, keepRecords, Pictures, Recordings } from './keep.ts';

export interface FleetDeps extends KeepDeps {
  /** Where bytes lie until all of a parcel's have come. */
  incomingDir: string;
}

/** What became of a parcel: all of it is on disk, or its bytes are wanted from there on. */
export type Taken = { state: 'stored' } | { state: 'upload'; id: string; offset: number };

/** One of the boxes that send to this one. */
export interface BoxState {
  id: string;
  /** As it told last. */
  report: BoxReport;
  firstMs: number;
  seenMs: number;
  online: boolean;
  /** How far its clock was ahead of this one's then. */
  clockAheadMs: number;
  /** How long the oldest has waited that it has yet to send. */
  lagMs: number;
}

export interface FleetStatus {
  boxes: number;
  online: number;
  /** Since the start. */
  taken: Partial<Record<ParcelKind, number>>;
  bytes: number;
}

const AWAY_MS = 2.5 * HELLO_EVERY_MS;
/** Whose rest hasn't come by then is begun anew if it ever does. */
const FORGET_MS = 3 * 86_400_000;

/** The boxes that send to this one, and what they send. */
export class Fleet {
  readonly #deps: FleetDeps;
  readonly #arrivals: Arrivals;
  readonly #pictures: Pictures;
  readonly #recordings: Recordings;
  readonly #seenMs = new Map<string, number>();
  readonly #taken: Partial<Record<ParcelKind, number>> = {};
  #bytes = 0;

  private constructor(deps: FleetDeps) {
    this.#deps = deps;
    this.#arrivals = new Arrivals(deps);
    this.#pictures = new Pictures(deps);
    this.#recordings = new Recordings(deps);
  }

  static async start(deps: FleetDeps): Promise<Fleet> {
    await mkdir(deps.incomingDir, { recursive: true, mode: 0o700 });
    return new Fleet(deps);
  }

  /** The box that has this key tells of itself. Throws `forbidden` when the key is another box's. */
  hello(keyId: number, report: BoxReport): BoxState {
    const { store } = this.#deps;
    if (report.boxId === store.boxId) {
      throw new Fault('forbidden', `boxId: ${report.boxId} is this hub itself: a box can't send to itself`);
    }
    const { id } = store.boxes.hello(report, keyId);
    this.#saw(id);
    return this.#stateOf(id);
  }

  /**
   * Stores the parcel, or says from where on its bytes are wanted. Throws `invalid` for what will never be taken,
   * `forbidden` for what is another box's, `unavailable` while there is no room: to be tried again.
   */
  async take(keyId: number, head: ParcelHead): Promise<Taken> {
    const boxId = this.#boxOf(keyId);
    const { kind, key } = head;
    if (!key.startsWith(`${boxId}/${kind}/`)) {
      throw new Fault('invalid', `key: it must begin with ${boxId}/${kind}/`);
    }
    const isKept = await this.#keep(boxId, head);
    return isKept ? this.#stored(boxId, kind, 0) : this.#arrivals.begin(boxId, head);
  }

  /** From where on the bytes are wanted; whoever still sends them is cut off. Throws `not_found`. */
  async offsetOf(keyId: number, id: string): Promise<number> {
    return this.#arrivals.offsetOf(this.#incoming(keyId, id));
  }

  /**
   * Takes bytes from `offsetOf` on; what has come of them stays when they break off. Throws `conflict` when others came
   * meanwhile, and as `take` does.
   */
  async append(keyId: number, id: string, from: number, bytes: AsyncIterable<Uint8Array>): Promise<Taken> {
    const incoming = this.#incoming(keyId, id);
    const { offset, file } = await this.#arrivals.append(incoming, from, bytes);
    if (offset < this.#arrivals.sizeOf(incoming.head)) return { state: 'upload', id, offset };
    await this.#place(incoming, file);
    await this.#arrivals.end(id);
    return this.#stored(incoming.boxId, incoming.head.kind, offset);
  }

  /** The first known first. */
  boxes(): BoxState[] {
    return this.#deps.store.boxes.list().map(({ id }) => this.#stateOf(id));
  }

  /**
   * Ends the box's key and forgets the box, its cameras and all that came from them. Killed in the middle it is still
   * listed, and forgotten by asking again. False when there is none.
   */
  forget(id: string): boolean {
    const { store } = this.#deps;
    if (!store.boxes.get(id)) return false;
    const keyId = store.boxes.keyOf(id);
    if (keyId !== undefined) store.keys.revoke(keyId);
    for (const { id: streamId, boxId } of store.streams.list().results)
      if (boxId === id) store.streams.delete(streamId);
    store.boxes.delete(id);
    this.#seenMs.delete(id);
    return true;
  }

  status(): FleetStatus {
    const boxes = this.boxes();
    const online = boxes.filter((box) => box.online).length;
    return { boxes: boxes.length, online, taken: { ...this.#taken }, bytes: this.#bytes };
  }

  /** Removes what has come of parcels whose rest hasn't for days. */
  async sweep(): Promise<void> {
    await this.#arrivals.sweep(this.#deps.clock.nowMs() - FORGET_MS);
  }

  /** Keeps what needs no bytes, or has them already; false when they are wanted. */
  async #keep(boxId: string, head: ParcelHead): Promise<boolean> {
    switch (head.kind) {
      case 'alert':
        keepAlert(boxId, head.facts, this.#deps);
        return true;
      case 'records':
        await keepRecords(boxId, head.facts, this.#deps);
        return true;
      case 'picture':
        return this.#pictures.has(boxId, head.facts);
      case 'segment':
        return this.#recordings.has(boxId, head.facts);
      case 'clip':
        throw new Fault('invalid', 'kind: a hub takes recordings as segments, not as clips');
    }
  }

  async #place({ boxId, head }: Incoming, file: string): Promise<void> {
    if (head.kind === 'picture') await this.#pictures.place(boxId, head.facts, file);
    if (head.kind === 'segment') await this.#recordings.place(boxId, head.facts, file);
  }

  #boxOf(keyId: number): string {
    const { id } = this.#deps.store.boxes.byKey(keyId);
    this.#saw(id);
    return id;
  }

  #incoming(keyId: number, id: string): Incoming {
    const incoming = this.#deps.store.boxes.incoming(id);
    if (incoming?.boxId === this.#boxOf(keyId)) return incoming;
    throw new Fault('not_found', 'there is no such upload (any more): send the parcel again (POST /v1/edge/parcels)');
  }

  #stateOf(id: string): BoxState {
    const box = this.#deps.store.boxes.get(id);
    if (!box) throw new Fault('internal', `the box ${id} is gone`);
    const seenMs = Math.max(box.seenMs, this.#seenMs.get(id) ?? 0);
    const { clockMs, oldestWaitingMs = clockMs } = box.report;
    return {
      ...box,
      seenMs,
      online: this.#deps.clock.nowMs() - seenMs < AWAY_MS,
      lagMs: Math.max(0, clockMs - oldestWaitingMs),
    };
  }

  #saw(id: string): void {
    this.#seenMs.set(id, this.#deps.clock.nowMs());
  }

  /** It is on disk, with all that came of it, before the box that sends it forgets it. */
  async #stored(boxId: string, kind: ParcelKind, bytes: number): Promise<Taken> {
    const { store } = this.#deps;
    store.boxes.seen(boxId);
    await store.settle();
    this.#taken[kind] = (this.#taken[kind] ?? 0) + 1;
    this.#bytes += bytes;
    return { state: 'stored' };
  }
}
