import {
  type CaptureChannel,
  type CaptureSession,
  type Grant,
  isRunning,
  newId,
  primaryOf,
  RECORD_ALL,
  type RecordingPolicy,
  type Stream,
} from '#domain';
import { Fault, Lifetime, messageOf } from '#runtime';
import type { CaptureDraft } from '#store';
import { type CaptureCallbackDeps, CaptureCallbacks } from './callbacks.ts';
import { Course, type CourseDeps } from './course.ts';
import { exportChannel, exportedAs, isExporting } from './exports.ts';

/** Running at once; each is a few streams, and a small box has room for a few of those. */
const MOST_RUNNING = 8;
/** Made and never started. */
const MOST_WAITING = 1000;
/** Of one session token: it is one user's, and whoever got hold of it leaves room for others. */
const MOST_OF_TOKEN = { running: 4, waiting: 20 };
/** A key that was revoked by another process is noticed within this. */
const LOOK_EVERY_MS = 1000;
/** After which an ended session is forgotten, and with it, once nothing of them is left, its streams. */
const KEEP_MS = 30 * 86_400_000;
const FORGET_EVERY_MS = 3_600_000;
/** Others have their turn meanwhile. */
const FORGET_PAUSE_MS = 20;

/** What is needed of whoever takes in what clients send. */
export interface Publishing extends Pick<CourseDeps['push'], 'onPublishing'> {
  /** Where to send the stream, with its key. `host` is the box's name as the client knows it. */
  urlFor(stream: Stream, host: string): string;
}

export interface CaptureDeskDeps extends CourseDeps, Omit<CaptureCallbackDeps, 'store' | 'clock' | 'log'> {
  store: CourseDeps['store'] & CaptureCallbackDeps['store'];
  push: Publishing;
}

/** A channel as a client announces it. */
export type NewChannel = Omit<CaptureChannel, 'streamId'>;

export interface CaptureStart {
  channels: NewChannel[];
  primaryChannelId?: string | undefined;
  callbackUrl?: string | undefined;
  wsConnectionId?: string | undefined;
}

export type ExportState = NonNullable<CaptureSession['exported']>;

/** Every capture session: made, started and stopped here; those under way each have a course. */
export class CaptureDesk implements AsyncDisposable {
  readonly #deps: CaptureDeskDeps;
  readonly #life = new Lifetime();
  readonly #stop = new AbortController();
  readonly #courses = new Map<string, Course>();
  /** Exports that somebody asked for, and why they failed, until that is told. */
  readonly #failed = new Map<string, string>();

  private constructor(deps: CaptureDeskDeps) {
    this.#deps = deps;
  }

  /** Goes on with the sessions that a former life left under way. */
  static start(deps: CaptureDeskDeps): CaptureDesk {
    const desk = new CaptureDesk(deps);
    desk.#life.use(new CaptureCallbacks(deps));
    const forgetting = desk.#forget(desk.#stop.signal);
    desk.#life.defer(() => forgetting);
    const watching = desk.#watch(desk.#stop.signal);
    desk.#life.defer(() => watching);
    for (const { id } of deps.store.captures.unfinished()) desk.#follow(id);
    return desk;
  }

  /** On disk when it returns. Throws `refused` when too many wait to be started. */
  create(draft: Omit<CaptureDraft, 'id' | 'createdMs'>): CaptureSession {
    const { captures } = this.#deps.store;
    this.#demandRoom('waiting', draft.grants[0]);
    return captures.create({ ...draft, id: newId('capture'), createdMs: this.#deps.clock.nowMs() });
  }

  /**
   * Makes a stream for each channel and waits for them to be sent; the same again changes nothing. Throws `conflict` when
   * the session was started with other channels or is over, or whoever made it was thrown out, `refused` when too many are
   * running.
   */
  start(id: string, { channels: asked, ...wish }: CaptureStart, by?: Grant): CaptureSession {
    const { store, supervisor } = this.#deps;
    const session = this.#demand(id);
    if (by) store.captures.tie(id, by);
    if (isRunning(session) && sameChannels(session.channels, asked)) return session;
    if (session.status !== 'created') {
      throw new Fault('conflict', `session_id: the session is ${session.status} already: make another one`);
    }
    if (this.#hasLostItsGrant(session)) {
      throw new Fault('conflict', 'session_id: the key or token that made the session was revoked: make another one');
    }
    this.#demandRoom('running', by);
    const channels = asked.map((channel) => ({ ...channel, streamId: newId('stream', this.#deps.clock.nowMs()) }));
    const primary = primaryOf(channels, wish.primaryChannelId);
    const change = {
      channels,
      ...(primary ? { primaryChannelId: primary.id } : {}),
      ...(session.callbackUrl === undefined && wish.callbackUrl ? { callbackUrl: wish.callbackUrl } : {}),
      ...(session.wsConnectionId === undefined && wish.wsConnectionId ? { wsConnectionId: wish.wsConnectionId } : {}),
    };
    const streams = channels.map((channel) => this.#streamOf(session, channel));
    store.captures.advance(id, 'starting', change, streams);
    supervisor.reconcile();
    this.#follow(id);
    return this.#demand(id);
  }

  /** Ends it in order; a session that has ended stays as it is. */
  stop(id: string): CaptureSession {
    const { captures } = this.#deps.store;
    this.#demand(id);
    if (captures.advance(id, 'stopping')) this.#follow(id).ring();
    return this.#demand(id);
  }

  /**
   * Has the recording made one video: of the channel, or as the session's end did it. Asked again it says how that goes. A
   * failure is told once: after that it is tried anew. Throws `conflict` before the session has stopped.
   */
  export(id: string, channelId: string | undefined): ExportState {
    const session = this.#demand(id);
    if (isRunning(session) || session.status === 'created') {
      throw new Fault(
        'conflict',
        `the session is ${session.status}: its recording can be exported when it has stopped`,
      );
    }
    const assetId = exportedAs(session, channelId, this.#deps);
    if (assetId !== undefined) return { status: 'exported', assetId };
    const key = `${id} ${channelId ?? ''}`;
    const error = this.#failed.get(key);
    this.#failed.delete(key);
    if (error !== undefined) return { status: 'failed', error };
    if (!isExporting(session, channelId, this.#deps)) {
      exportChannel(id, channelId, this.#deps, this.#stop.signal).catch((failure: unknown) => {
        if (!this.#stop.signal.aborted) this.#failed.set(key, messageOf(failure));
      });
    }
    return { status: 'exporting' };
  }

  /** Where each channel is to be sent, while the session wants it: the session ends with whoever was told. */
  addressesOf(session: CaptureSession, host: string, to?: Grant): { channelId: string; url: string }[] {
    if (!wantsToBeSent(session)) return [];
    if (to) this.#deps.store.captures.tie(session.id, to);
    return session.channels.flatMap(({ id, streamId }) => {
      const stream = this.#deps.store.streams.get(streamId);
      return stream ? { channelId: id, url: this.#deps.push.urlFor(stream, host) } : [];
    });
  }

  /** Sessions that are under way go on in the next life. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#courses.values()].map((course) => course[Symbol.asyncDispose]()));
    await this.#life[Symbol.asyncDispose]();
  }

  #demand(id: string): CaptureSession {
    const session = this.#deps.store.captures.get(id);
    if (!session) throw new Fault('not_found', `session_id: there is no capture session "${id.slice(0, 80)}"`);
    return session;
  }

  #demandRoom(kind: 'running' | 'waiting', by: Grant | undefined): void {
    const { captures } = this.#deps.store;
    const [most, what] = kind === 'running' ? [MOST_RUNNING, 'are running'] : [MOST_WAITING, 'wait to be started'];
    if (captures.counts()[kind] >= most) {
      throw new Fault('refused', `${most} capture sessions ${what} already: stop one first`);
    }
    const mostOfToken = MOST_OF_TOKEN[kind];
    if (by?.tokenId !== undefined && captures.counts(by.tokenId)[kind] >= mostOfToken) {
      throw new Fault(
        'refused',
        `${mostOfToken} capture sessions of this session token ${what} already: stop one first`,
      );
    }
  }

  #hasLostItsGrant({ grants }: CaptureSession): boolean {
    return grants.some((grant) => !this.#deps.store.keys.holds(grant));
  }

  /** Stops what somebody may still send who was thrown out. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#deps;
    while (!signal.aborted) {
      try {
        for (const id of this.#courses.keys()) {
          const session = store.captures.get(id);
          if (!session || !wantsToBeSent(session) || !this.#hasLostItsGrant(session)) continue;
          log.warn({ session: id }, 'a key or token of a capture session was revoked: the session is stopped');
          this.stop(id);
        }
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'whose capture sessions run could not be looked at; trying again');
      }
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  #follow(id: string): Course {
    const running = this.#courses.get(id);
    if (running) return running;
    const course = new Course(id, this.#deps);
    this.#courses.set(id, course);
    void course.ended.then(() => this.#courses.delete(id));
    return course;
  }

  #streamOf({ id, collectionId }: CaptureSession, channel: CaptureChannel): Stream {
    const nowMs = this.#deps.clock.nowMs();
    return {
      id: channel.streamId,
      collectionId,
      name: channel.id,
      url: '',
      push: { protocol: 'rtsp' },
      capture: { sessionId: id, channelId: channel.category },
      mediaTypes: [channel.type],
      sampleRate: 30,
      store: channel.store,
      transcription: { wanted: false, engine: 'default', changedMs: nowMs },
      transport: 'tcp',
      zones: [],
      recording: channel.store ? RECORD_ALL : KEEP_NOTHING,
      wanted: 'connected',
      origin: 'api',
      createdMs: nowMs,
    };
  }

  async #forget(signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#deps;
    while (!signal.aborted) {
      try {
        store.captures.forget(clock.nowMs() - KEEP_MS);
        for (const streamId of store.captures.emptyStreams()) {
          store.streams.delete(streamId);
          await clock.sleep(FORGET_PAUSE_MS, signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error: messageOf(error) }, 'old capture sessions could not be forgotten; trying again in an hour');
      }
      await clock.sleep(FORGET_EVERY_MS, signal).catch(() => undefined);
    }
  }
}

/** It is watched and heard, and what was recorded goes some minutes later, as there are no hours in which it is to stay. */
const KEEP_NOTHING: RecordingPolicy = { ...RECORD_ALL, schedule: [] };

function wantsToBeSent({ status }: CaptureSession): boolean {
  return status === 'starting' || status === 'active';
}

function sameChannels(ours: readonly CaptureChannel[], asked: readonly NewChannel[]): boolean {
  return ours.length === asked.length && asked.every(({ id }) => ours.some((channel) => channel.id === id));
}
