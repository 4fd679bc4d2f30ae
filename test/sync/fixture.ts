import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parseConfig, type TargetConfig } from '#config';
import type { Alert, RecordingSession, SceneIndex, Segment } from '#domain';
import type { Clock } from '#runtime';
import type { Store } from '#store';
import { type Line, type Parcel, Sync, type SyncDeps, type Target } from '#sync';
import { hastyClock } from '../delivery/fixture.ts';
import { aFiring, anArmedCamera, aScene, aSegment, aSession, axis, NOON, openStore, quiet } from '../store/fixture.ts';

const SEGMENT_MS = 4000;
export const SEGMENT_BYTES = 1000;

/** What one target has, and what it was offered. */
export class FakeTarget implements Target {
  readonly name: string;
  readonly takes: Target['takes'];
  readonly clipsAs: Target['clipsAs'];
  follows?: true;
  /** Each once, in the order in which the target had them for good. */
  readonly have = new Map<string, { parcel: Parcel; bytes: number }>();
  readonly offered: string[] = [];
  /** Called before anything is taken. */
  behave: (parcel: Parcel, line: Line, signal: AbortSignal) => Promise<void> = async () => undefined;

  constructor(name = 'there', clipsAs: Target['clipsAs'] = 'segments') {
    this.name = name;
    this.clipsAs = clipsAs;
    this.takes =
      clipsAs === 'mp4'
        ? ['alert', 'picture', 'clip', 'records', 'segment']
        : ['alert', 'picture', 'records', 'segment'];
  }

  get kinds(): string[] {
    return [...this.have.values()].map(({ parcel }) => parcel.kind);
  }

  async send(parcel: Parcel, line: Line, signal: AbortSignal): Promise<void> {
    this.offered.push(parcel.key);
    await this.behave(parcel, line, signal);
    signal.throwIfAborted();
    await line.take(parcel.body?.bytes ?? 500);
    const bytes = parcel.body ? (await buffer(parcel.body.open())).length : 0;
    if (!this.have.has(parcel.key)) this.have.set(parcel.key, { parcel, bytes });
  }
}

export function aTarget(rest = '', name = 'there'): TargetConfig {
  const yaml = `sync: { targets: [{ kind: hub, name: ${name}, url: "http://h", token: x${rest && `, ${rest}`} }] }`;
  const [target] = parseConfig(yaml, {}, 'f.yaml').sync.targets;
  if (!target) throw new Error('no target');
  return target;
}

/** A box with one armed camera, whose files are there; it syncs with targets of the test's own. */
export async function openBox({ clock = hastyClock(200) }: { clock?: Clock } = {}) {
  const opened = await openStore(clock);
  const { store, dir } = opened;
  const camera = anArmedCamera(store);
  const session = aSession(camera.stream.id, { codecs: 'avc1.640028' });
  const [mediaDir, thumbsDir] = [join(dir, 'media'), join(dir, 'thumbs')];
  await write(join(mediaDir, session.initPath), 100);
  const targets = new Map<string, FakeTarget>();
  const deps: SyncDeps = {
    store,
    mediaDir,
    thumbsDir,
    spoolDir: join(dir, 'spool'),
    payload: (firing, what) => ({ firing_id: firing.id, what }),
    openClip: () => Promise.reject(new Error('no clips here')),
    makeTarget: async ({ name }) => targets.get(name) ?? new FakeTarget(name),
    clock,
    log: quiet,
  };
  return {
    ...camera,
    ...{ store, dir, mediaDir, session, targets, deps, clock },
    start: (target: FakeTarget, config = aTarget('', target.name), more: Partial<SyncDeps> = {}) => {
      targets.set(target.name, target);
      return Sync.start({ ...deps, ...more }, [config]);
    },
    record: (count: number, from = 0, of: RecordingSession = session) => record(store, mediaDir, of, count, from),
    recordAt: (of: RecordingSession, times: readonly [startMs: number, endMs: number][]) =>
      recordAt(store, mediaDir, of, times),
    fire: (n: number, sceneId?: number) => fire(store, camera.alert, n, sceneId),
    see: (n: number, picture = true) => see(store, thumbsDir, camera.index, n, picture),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

export const at = (n: number): number => NOON + n * SEGMENT_MS;

function record(store: Store, mediaDir: string, session: RecordingSession, count: number, from: number) {
  const times = Array.from({ length: count }, (_, n): [number, number] => [at(from + n), at(from + n + 1)]);
  return recordAt(store, mediaDir, session, times);
}

async function recordAt(
  store: Store,
  mediaDir: string,
  session: RecordingSession,
  times: readonly [startMs: number, endMs: number][],
) {
  await write(join(mediaDir, session.initPath), 100);
  const segments: Segment[] = [];
  for (const [startMs, endMs] of times) {
    const segment = aSegment(session, startMs, { endMs, bytes: SEGMENT_BYTES });
    await write(join(mediaDir, segment.path), SEGMENT_BYTES);
    store.segments.add(segment, session);
    segments.push(segment);
  }
  return segments;
}

function fire(store: Store, alert: Alert, n: number, sceneId?: number): string {
  const firing = aFiring(alert, at(n), { endMs: at(n) + 1000, ...(sceneId === undefined ? {} : { sceneId }) });
  const cursor = store.journal.cursor('events');
  store.commitEvaluation({ cursor, cursorName: 'events', states: [], firings: [{ firing, deliveries: [] }] });
  return firing.id;
}

async function see(store: Store, thumbsDir: string, index: SceneIndex, n: number, picture: boolean): Promise<number> {
  const thumbPath = `${index.streamId}/2025-06-15/${n}.jpg`;
  if (picture) await write(join(thumbsDir, thumbPath), 300);
  const scene = aScene(index, { startMs: at(n), endMs: at(n + 1), ...(picture ? { thumbPath } : {}) });
  return store.scenes.add(scene, axis(0), 'm').id;
}

async function write(file: string, bytes: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, Buffer.alloc(bytes, 7));
}

/** Until it holds; the error of the last look when it never does. */
export async function soon(look: () => unknown, ms = 20_000): Promise<void> {
  const untilMs = performance.now() + ms;
  for (;;) {
    try {
      if ((await look()) !== false) return;
      if (performance.now() > untilMs) throw new Error('it did not come to that');
    } catch (error) {
      if (performance.now() > untilMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
