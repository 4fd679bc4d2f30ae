import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  Alert,
  Firing,
  Mark,
  Scene,
  SceneIndex,
  SentAlert,
  SentIndex,
  SentMark,
  SentScene,
  Stream,
  StreamFacts,
} from '#domain';
import type { Clock } from '#runtime';
import type { OutboxEntry, SegmentRow, Store } from '#store';
import type { ClipSpool } from './clip-spool.ts';
import type { Parcel, ParcelBody } from './target.ts';

/** A recording that isn't there so long after its time will not come: the camera was away. */
const RECORDED_BY_MS = 60_000;
/** Sessions whose init file is known. */
const MOST_INITS = 16;

export interface ParcelsDeps {
  store: Store;
  mediaDir: string;
  thumbsDir: string;
  clips: ClipSpool;
  /** What a webhook gets of it. */
  payload: (firing: Firing, what: 'alert' | 'verdict') => Record<string, unknown>;
  clock: Clock;
}

/**
 * What an entry of the outbox comes to now: a parcel; `later`, as it is not recorded yet; `done`, as all of it has been
 * sent or was never there; `lost`, with its bytes, when it was there once and cannot be read any more.
 */
export type Made =
  | { what: 'parcel'; parcel: Parcel; bytes: number /** Of a stretch: where the next begins. */; nextMs?: number }
  | { what: 'later' }
  | { what: 'done' }
  | { what: 'lost'; bytes: number; nextMs?: number };

/** Makes parcels of what is stored, each as it is now. Reads files, and writes none but a clip's. */
export class Parcels {
  readonly #deps: ParcelsDeps;
  readonly #inits = new Map<string, string>();

  constructor(deps: ParcelsDeps) {
    this.#deps = deps;
  }

  /** Throws `unavailable` when the recordings' disk is not there, and what making a clip throws. */
  async make(entry: OutboxEntry, signal: AbortSignal): Promise<Made> {
    switch (entry.kind) {
      case 'alert':
        return this.#alert(entry);
      case 'picture':
        return this.#picture(entry);
      case 'clip':
        return this.#clip(entry, signal);
      case 'records':
        return this.#records(entry);
      case 'segment':
        return this.#segment(entry);
    }
  }

  #alert(entry: OutboxEntry): Made {
    const { store, payload } = this.#deps;
    const firing = store.firings.get(entry.facts.firings?.[0] ?? '');
    const alert = firing && store.alerts.get(firing.alertId);
    const event = firing && store.events.get(firing.eventId);
    const index = firing && store.indexes.get(firing.indexId);
    const stream = firing && store.streams.get(firing.streamId);
    if (!alert || !event || !index || !stream) return { what: 'done' };
    const scene = firing.sceneId === undefined ? undefined : store.scenes.get(firing.sceneId);
    const isVerdict = entry.ref.endsWith('/verdict');
    const isMark = entry.ref.startsWith(`${firing.id}/mark-`);
    const facts = {
      payload: payload(firing, isVerdict ? 'verdict' : 'alert'),
      firing,
      alert: sentAlert(alert),
      event,
      index: sentIndex(index),
      stream: streamFacts(stream),
      ...(scene ? { scene: sentScene(scene) } : {}),
      ...(isMark ? { mark: sentMark(store.marks.get(firing.id), entry.startMs) } : {}),
    };
    return this.#parcel(entry, { kind: 'alert', facts });
  }

  async #picture(entry: OutboxEntry): Promise<Made> {
    const { store, thumbsDir } = this.#deps;
    const scene = store.scenes.get(entry.facts.scenes?.[0] ?? 0);
    const index = scene && store.indexes.get(scene.indexId);
    const stream = scene && store.streams.get(scene.streamId);
    if (!index || !stream || scene.startMs !== entry.startMs) return { what: 'done' };
    const file = scene.thumbPath === undefined ? undefined : join(thumbsDir, scene.thumbPath);
    const bytes = file === undefined ? undefined : await sizeOf(file);
    if (file === undefined || bytes === undefined) return { what: 'lost', bytes: entry.bytes };
    const firingId = entry.facts.firings?.[0];
    const facts = {
      scene: sentScene(scene),
      index: sentIndex(index),
      stream: streamFacts(stream),
      ...(firingId === undefined ? {} : { firingId }),
    };
    return this.#parcel(entry, { kind: 'picture', facts, body: bodyOf(file, bytes, 'image/jpeg') });
  }

  async #clip(entry: OutboxEntry, signal: AbortSignal): Promise<Made> {
    const { store, clips } = this.#deps;
    const rows = store.segments.inRange(entry.streamId, entry.startMs, entry.endMs);
    const stream = store.streams.get(entry.streamId);
    if (!this.#isRecorded(entry)) return { what: 'later' };
    const [first] = rows;
    if (!first || !stream) return { what: 'done' };
    await this.#demandFiles(rows);
    const body = await clips.clipOf(entry, rows, signal);
    const { codecs, width, height } = first.session;
    const facts = {
      ...this.#titled(entry, stream),
      firingIds: entry.facts.firings ?? [],
      stream: streamFacts(stream),
      ...(codecs === undefined ? {} : { codecs }),
      width,
      height,
    };
    return this.#parcel(entry, { kind: 'clip', facts, body });
  }

  #records(entry: OutboxEntry): Made {
    const { store } = this.#deps;
    const scenes = (entry.facts.scenes ?? []).flatMap((id) => store.scenes.get(id) ?? []);
    const transcripts = (entry.facts.transcripts ?? []).flatMap((id) => store.transcripts.get(id) ?? []);
    const gaps = (entry.facts.gaps ?? []).flatMap((id) => store.segments.gap(id) ?? []);
    const { deleted = [] } = entry.facts;
    if (scenes.length + transcripts.length + gaps.length + deleted.length === 0) return { what: 'done' };
    const streams = [...new Set([...scenes, ...transcripts, ...gaps].map(({ streamId }) => streamId))];
    const indexes = [...new Set(scenes.map(({ indexId }) => indexId))];
    const facts = {
      streams: streams.flatMap((id) => store.streams.get(id) ?? []).map(streamFacts),
      indexes: indexes.flatMap((id) => store.indexes.get(id) ?? []).map(sentIndex),
      scenes: scenes.map(sentScene),
      transcripts,
      ...(gaps.length > 0 ? { gaps } : {}),
      ...(deleted.length > 0 ? { deleted } : {}),
    };
    return this.#parcel(entry, { kind: 'records', facts });
  }

  async #segment(entry: OutboxEntry): Promise<Made> {
    const { store, mediaDir } = this.#deps;
    const row = store.segments.firstToEnd(entry.streamId, entry.startMs, entry.endMs);
    const stream = store.streams.get(entry.streamId);
    if (!stream) return { what: 'done' };
    if (!row) return { what: this.#isRecorded(entry) ? 'done' : 'later' };
    const nextMs = row.endMs;
    await this.#demandFiles([row]);
    const file = join(mediaDir, row.path);
    const init = await this.#init(row);
    if (init === undefined || (await sizeOf(file)) !== row.bytes) return { what: 'lost', bytes: row.bytes, nextMs };
    const session = without(row.session, 'streamId', 'initPath');
    const { startMs, endMs } = row;
    const facts = { stream: streamFacts(stream), segment: { startMs, endMs }, session, init };
    const body = bodyOf(file, row.bytes, 'video/iso.segment');
    const key = `${store.boxId}/segment/${row.sessionId}/${startMs}`;
    const parcel: Parcel = { kind: 'segment', key, streamId: entry.streamId, startMs, endMs, facts, body };
    return { what: 'parcel', parcel, bytes: row.bytes, nextMs };
  }

  #isRecorded({ streamId, endMs }: OutboxEntry): boolean {
    const { store, clock } = this.#deps;
    return (store.segments.bounds(streamId)?.endMs ?? 0) >= endMs || clock.nowMs() > endMs + RECORDED_BY_MS;
  }

  /** Where none can be read, the disk may be away: nothing is lost then. */
  async #demandFiles(rows: readonly SegmentRow[]): Promise<void> {
    const { store, mediaDir } = this.#deps;
    for (const { path } of rows) if ((await sizeOf(join(mediaDir, path))) !== undefined) return;
    await store.mediaPlace.demand(mediaDir);
  }

  async #init({ session }: SegmentRow): Promise<string | undefined> {
    const known = this.#inits.get(session.id);
    if (known !== undefined) return known;
    const init = await readFile(join(this.#deps.mediaDir, session.initPath)).catch(() => undefined);
    if (!init) return undefined;
    const [oldest] = this.#inits.keys();
    if (oldest !== undefined && this.#inits.size >= MOST_INITS) this.#inits.delete(oldest);
    const text = init.toString('base64');
    this.#inits.set(session.id, text);
    return text;
  }

  #titled({ facts, startMs }: OutboxEntry, stream: Stream): { name: string; description: string } {
    const at = new Date(startMs).toISOString();
    const firings = (facts.firings ?? []).flatMap((id) => this.#deps.store.firings.get(id) ?? []);
    const labels = [...new Set(firings.map(({ label }) => label))].join(', ');
    const description =
      firings.map(({ explanation }) => explanation).join(' ') || `Asked for by ${facts.by ?? 'nobody'}`;
    return { name: [stream.name, labels, at].filter((part) => part !== '').join(' · '), description };
  }

  #parcel(
    entry: OutboxEntry,
    made: { [Kind in Parcel['kind']]: Pick<Extract<Parcel, { kind: Kind }>, 'kind' | 'facts'> }[Parcel['kind']] & {
      body?: ParcelBody;
    },
  ): Made {
    const { streamId, startMs, endMs, kind, ref } = entry;
    const key = `${this.#deps.store.boxId}/${kind}/${ref}`;
    const parcel: Parcel = { ...made, key, ...(streamId === '' ? {} : { streamId }), startMs, endMs };
    return { what: 'parcel', parcel, bytes: made.body?.bytes ?? entry.bytes };
  }
}

function bodyOf(file: string, bytes: number, mediaType: ParcelBody['mediaType']): ParcelBody {
  return { bytes, mediaType, open: (fromByte = 0) => createReadStream(file, { start: fromByte }) };
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size;
}

function streamFacts({ id, name, mediaTypes, zones, createdMs }: Stream): StreamFacts {
  return { id, name, mediaTypes, zones, createdMs };
}

function sentAlert(alert: Alert): SentAlert {
  return without(alert, 'callbackUrl', 'wsConnectionId');
}

/** As it is now; `atMs` is when it was taken back. */
function sentMark(mark: Mark | undefined, atMs: number): SentMark {
  return mark ? without(mark, 'firingId', 'alertId') : { verdict: 'none', atMs };
}

function sentIndex(index: SceneIndex): SentIndex {
  return without(index, 'wsConnectionId');
}

function sentScene(scene: Scene): SentScene {
  return without(scene, 'thumbPath');
}

function without<T extends object, K extends keyof T>(whole: T, ...keys: K[]): Omit<T, K> {
  const rest: Partial<T> = { ...whole };
  for (const key of keys) delete rest[key];
  return rest as Omit<T, K>; // All others are there.
}
