import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Backfill, SceneIndex } from '#domain';
import { Observer } from '#inference';
import { Backfiller } from '#pipeline';
import { systemClock } from '#runtime';
import { type Box, openBox, STILL, T0 } from './box.ts';
import { record, still, visited } from './recording.ts';

const never = new AbortController().signal;
let box: Box;
let mediaDir: string;

beforeEach(async () => {
  box = await openBox();
  mediaDir = join(box.deps.thumbsDir, '../media');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await box[Symbol.asyncDispose]();
});

const deps = () => ({ ...box.deps, mediaDir, eyes: box.inference });
const start = () => Backfiller.start(deps(), never);

function ask(index: SceneIndex, fromS: number, toS: number): void {
  const [fromMs, toMs] = [T0 + fromS * 1000, T0 + toS * 1000];
  box.store.backfills.put({ indexId: index.id, fromMs, toMs, reachedMs: fromMs, status: 'waiting', createdMs: toMs });
}

/** Resolves when one has ended. */
function ended(): Promise<Backfill | undefined> {
  const { backfills } = box.store;
  const finish = backfills.finish.bind(backfills);
  return new Promise((resolve) => {
    vi.spyOn(backfills, 'finish').mockImplementation((id, ...rest) => {
      finish(id, ...rest);
      resolve(backfills.get(id));
    });
  });
}

async function fill(index: SceneIndex, fromS: number, toS: number): Promise<Backfill | undefined> {
  ask(index, fromS, toS);
  const done = ended();
  await using _filler = await start();
  return await done;
}

describe('recordings from before an index was there', () => {
  it('are described as if it had been there, and nobody is alarmed by them', async () => {
    record(box.store, mediaDir, box.stream, T0, visited(6, 4));
    const index = box.index();
    const head = box.store.journal.head();
    expect(await fill(index, 0, 10)).toMatchObject({ status: 'done', reachedMs: T0 + 10_000 });
    expect(box.scenes(index)).toEqual([
      [0, 6, STILL],
      [6, 8, 'motion in the middle'],
      [8, 10, STILL],
    ]);
    expect(box.thumbnails()).toHaveLength(3);
    expect(box.store.journal.after(head, 10, ['scene', 'growth'])).toEqual([]);
  });

  it('are described over gaps, and from where they begin', async () => {
    record(box.store, mediaDir, box.stream, T0, still(4));
    record(box.store, mediaDir, box.stream, T0 + 60_000, still(4));
    const index = box.index();
    await fill(index, 2, 70);
    expect(box.scenes(index)).toEqual([
      [2, 4, STILL],
      [60, 64, STILL],
    ]);
  });

  it('are left out where the index has looked already', async () => {
    record(box.store, mediaDir, box.stream, T0, still(8));
    const index = box.index();
    const scene = { streamId: box.stream.id, indexId: index.id, startMs: T0 + 2000, endMs: T0 + 4000, text: 'told' };
    box.store.scenes.add(scene, new Float32Array(256), 'none');
    await fill(index, 0, 8);
    expect(box.scenes(index)).toEqual([
      [0, 2, STILL],
      [2, 4, 'told'],
      [4, 8, STILL],
    ]);
  });

  it('are passed over where they can not be read, and that is said', async () => {
    const [first = ''] = record(box.store, mediaDir, box.stream, T0, still(4));
    record(box.store, mediaDir, box.stream, T0 + 10_000, still(4));
    rmSync(join(mediaDir, first));
    const index = box.index();
    expect(await fill(index, 0, 20)).toMatchObject({
      status: 'done',
      message: 'a stretch of the recording can not be read',
    });
    expect(box.scenes(index)).toEqual([[10, 14, STILL]]);
  });

  it('are passed over in silence where there was sound only', async () => {
    record(box.store, mediaDir, box.stream, T0, still(4));
    const session = {
      id: 'ses-heard',
      streamId: box.stream.id,
      startedMs: T0 + 10_000,
      initPath: 'none',
      width: 0,
      height: 0,
    };
    const heard = { streamId: box.stream.id, sessionId: session.id, startMs: T0 + 10_000, endMs: T0 + 14_000 };
    box.store.segments.add({ ...heard, path: 'none', bytes: 1 }, session);
    const index = box.index();
    const done = await fill(index, 0, 20);
    expect(done).toMatchObject({ status: 'done' });
    expect(done?.message).toBeUndefined();
    expect(box.scenes(index)).toEqual([[0, 4, STILL]]);
  });
});

describe('the work', () => {
  it('goes on after an interruption where it was, and does nothing twice', async () => {
    record(box.store, mediaDir, box.stream, T0, visited(6, 4));
    const index = box.index();
    ask(index, 0, 10);
    const { backfills } = box.store;
    const reach = backfills.reach.bind(backfills);
    const first = await start();
    await new Promise<void>((resolve) => {
      vi.spyOn(backfills, 'reach').mockImplementation((...args) => {
        reach(...args);
        resolve();
      });
    });
    await first[Symbol.asyncDispose]();
    expect(backfills.get(index.id)).toMatchObject({ status: 'running', reachedMs: T0 + 6000 });
    const done = ended();
    await using _second = await start();
    expect(await done).toMatchObject({ status: 'done' });
    expect(box.scenes(index)).toEqual([
      [0, 6, STILL],
      [6, 10, STILL],
    ]);
  });

  it('waits for a detector that has no time', async () => {
    record(box.store, mediaDir, box.stream, T0, still(2));
    const index = box.index();
    const detect = vi.spyOn(box.inference, 'detect').mockResolvedValueOnce('dropped');
    expect(await fill(index, 0, 2)).toMatchObject({ status: 'done' });
    expect(box.scenes(index)).toEqual([[0, 2, STILL]]);
    expect(detect.mock.calls.map(([, about]) => about.priority)).toEqual(['backfill', 'backfill']);
  });

  it('ends when nobody wants it any more', async () => {
    record(box.store, mediaDir, box.stream, T0, still(8));
    const index = box.index();
    const held = box.holdUp();
    ask(index, 0, 8);
    await using _filler = await start();
    await held.asked;
    box.store.backfills.finish(index.id, 'cancelled', T0);
    const other = box.index();
    ask(other, 0, 2);
    const done = ended();
    held.release();
    expect(await done).toMatchObject({ indexId: other.id, status: 'done' });
    expect(box.scenes(index)).toEqual([]);
  });

  it('begins anew when something else is asked for meanwhile', async () => {
    record(box.store, mediaDir, box.stream, T0, still(8));
    const index = box.index();
    const held = box.holdUp();
    ask(index, 4, 8);
    await using _filler = await start();
    await held.asked;
    ask(index, 0, 6);
    const done = ended();
    held.release();
    expect(await done).toMatchObject({ status: 'done', toMs: T0 + 6000, reachedMs: T0 + 6000 });
    expect(box.scenes(index)).toEqual([[0, 6, STILL]]);
  });

  it('begins anew also when that is asked for while a scene is stored', async () => {
    record(box.store, mediaDir, box.stream, T0, still(8));
    const index = box.index();
    ask(index, 4, 8);
    const { scenes } = box.store;
    const addPast = scenes.addPast.bind(scenes);
    vi.spyOn(scenes, 'addPast').mockImplementationOnce((...scene) => {
      ask(index, 0, 6);
      return addPast(...scene);
    });
    await using filler = await start();
    filler.wake();
    await vi.waitFor(() => expect(box.store.backfills.get(index.id)?.status).toBe('done'), 20_000);
    expect(box.scenes(index)).toEqual([
      [0, 4, STILL],
      [4, 8, STILL],
    ]);
  });

  it('follows a prompt that is changed meanwhile', async () => {
    record(box.store, mediaDir, box.stream, T0, visited(2, 4));
    const index = box.index();
    const heed = vi.spyOn(Observer.prototype, 'heed');
    const held = box.holdUp();
    ask(index, 0, 6);
    const done = ended();
    await using _filler = await start();
    await held.asked;
    box.store.indexes.update(index.id, { prompt: 'read what is written' });
    held.release();
    await done;
    expect(heed.mock.calls.map(([{ prompt }]) => prompt)).toEqual(['read what is written']);
  });

  it('that gets no further is given up after a while, and keeps no other waiting', async () => {
    record(box.store, mediaDir, box.stream, T0, still(2));
    const [bad, good] = [box.index(), box.index()];
    const { scenes } = box.store;
    const addPast = scenes.addPast.bind(scenes);
    vi.spyOn(scenes, 'addPast').mockImplementation((draft, ...rest) => {
      if (draft.indexId === bad.id) throw new Error('no room');
      return addPast(draft, ...rest);
    });
    ask(bad, 0, 2);
    ask(good, 0, 2);
    box.store.backfills.reach(bad.id, T0); // It is under way, so that it is first.
    const clock = { ...systemClock, sleep: async () => undefined };
    await using _filler = await Backfiller.start({ ...deps(), clock }, never);
    await vi.waitFor(() => expect(box.store.backfills.get(good.id)?.status).toBe('done'), { timeout: 30_000 });
    expect(box.store.backfills.get(bad.id)).toMatchObject({ status: 'failed', message: 'no room' });
  }, 60_000);

  it('is taken up when it is asked for', async () => {
    record(box.store, mediaDir, box.stream, T0, still(2));
    const index = box.index();
    await using filler = await start();
    const done = ended();
    ask(index, 0, 2);
    filler.wake();
    expect(await done).toMatchObject({ status: 'done' });
  });
});
