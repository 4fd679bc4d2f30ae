/**
 * All that the appliance writes and deletes, once, as the appliance does it. Tells its parent what it has promised so far.
 *
 * argv: what to do (`record`, `sift`, `capture`, `restore` or `migrate`), the data directory.
 */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { newId, RECORD_ALL, type Segment } from '#domain';
import { systemClock } from '#runtime';
import { restoreDamaged, Store } from '#store';
import { SessionDirectory } from '../../src/camera/media-directory.ts';
import { storeThumbnail } from '../../src/pipeline/scene.ts';
import { aFiring, aScene, axis, quiet } from '../store/fixture.ts';
import { observed } from './observed.ts';

export interface Promised {
  kind: 'firing' | 'segment' | 'hold' | 'capture';
  id: string;
}

const [what, dir = ''] = process.argv.slice(2);
const never = new AbortController().signal;
const promise = (promised: Promised): boolean | undefined => process.send?.(promised);

if (what === 'restore') await restoreDamaged(dir, systemClock);
await using store = await Store.open(dir, { clock: systemClock, log: quiet });
if (what === 'record' || what === 'sift') {
  await mkdir(join(dir, 'media'), { recursive: true });
  await store.mediaPlace.demand(join(dir, 'media'));
  await record();
  if (what === 'sift') sift();
  await store.backups.make({ reservePercent: 0, signal: never });
  await erase();
}
if (what === 'capture') capture();
process.disconnect?.();

async function record(): Promise<void> {
  const [stream] = store.streams.list().results;
  const [alert] = store.alerts.list();
  const index = alert && store.indexes.get(alert.indexId);
  if (!stream || !alert || !index) throw new Error('the parent has set up no alert');
  const session = await SessionDirectory.create(join(dir, 'media'), stream, 'session-1');
  for (const name of await readdir(join(dir, 'made')))
    await copyFile(join(dir, 'made', name), join(session.openDir, name));
  const startedMs = systemClock.nowMs();
  const { initPath } = session;
  const facts = { id: 'session-1', streamId: stream.id, startedMs, initPath, width: 320, height: 180 };
  const recording = await session.keepSession(facts, startedMs);
  for (const name of await session.completed()) {
    const times = await session.times(name);
    if (!times) throw new Error(`${name} has no times`);
    const startMs = Math.round(startedMs + times.startMs);
    const endMs = Math.round(startMs + times.durationMs);
    const segment = await session.finish(name, stream.id, 'session-1', startMs, endMs);
    store.segments.add(segment, recording);
    promise({ kind: 'segment', id: segment.path });
    if (store.holds.count().manual === 0) await hold(segment);
    await see(startMs, endMs);
  }
  await session.close();

  async function hold({ streamId, startMs: fromMs, endMs }: Segment): Promise<void> {
    const id = newId('hold');
    const [toMs, createdMs] = [endMs - 1, systemClock.nowMs()];
    await store.holds.add(
      { id, streamId, fromMs, toMs, reason: 'evidence', who: 'a test', createdMs },
      Number.MAX_SAFE_INTEGER,
    );
    promise({ kind: 'hold', id });
  }

  async function see(startMs: number, endMs: number): Promise<void> {
    if (!alert || !index) return;
    await mkdir(join(dir, 'thumbs'), { recursive: true });
    const window = { streamId: index.streamId, startMs, endMs, frames: [], zones: [] };
    const thumbPath = await storeThumbnail(observed(startMs), window, index, {
      thumbsDir: join(dir, 'thumbs'),
      log: quiet,
    });
    if (!thumbPath) throw new Error('no thumbnail was stored');
    const { facts } = observed(startMs);
    const { id: sceneId } = store.scenes.add(aScene(index, { startMs, endMs, facts, thumbPath }), axis(0), 'm');
    const firing = aFiring(alert, startMs, { sceneId });
    const deliveries = [{ channel: 'mqtt' as const, target: 'front/person' }];
    store.commitEvaluation({
      cursor: store.journal.head(),
      cursorName: 'events',
      states: [],
      firings: [{ firing, deliveries }],
    });
    promise({ kind: 'firing', id: firing.id });
  }
}

/** A session through every status, each with the event that tells of it. */
function capture(): void {
  const draft = {
    id: newId('capture'),
    collectionId: 'default',
    endUserId: 'u',
    metadata: {},
    grants: [],
    createdMs: 1,
  };
  const { id } = store.captures.create({ ...draft, callbackUrl: 'http://127.0.0.1:9/' });
  promise({ kind: 'capture', id: 'created' });
  for (const status of ['starting', 'active', 'stopping', 'stopped', 'exported'] as const) {
    store.captures.advance(id, status);
    promise({ kind: 'capture', id: status });
  }
}

/** As ten minutes later, where nothing moved. */
function sift(): void {
  const [stream] = store.streams.list().results;
  const recording = { ...RECORD_ALL, mode: 'motion', preMs: 0, postMs: 0 } as const;
  while (stream && store.sifting.sift({ id: stream.id, recording }, systemClock.nowMs() + 600_000));
}

/** As when the disk has become full. */
async function erase(): Promise<void> {
  await store.retention.enforce({
    mediaDir: join(dir, 'media'),
    thumbsDir: join(dir, 'thumbs'),
    assetsDir: join(dir, 'assets'),
    reservePercent: 10,
    freeSpace: async () => ({ bsize: 1, blocks: 1000, bavail: 99 }),
    signal: never,
  });
}
