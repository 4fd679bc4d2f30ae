import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '#runtime';
import { Viewers } from '../../src/pipeline/viewers.ts';
import { room, withRectangle } from '../inference/pictures.ts';
import { at, type Box, openBox, STILL } from './box.ts';

const visitor = withRectangle(room, 140, 50, 40, 90);
let box: Box;
let viewers: Viewers;

beforeEach(async () => {
  box = await openBox();
  // What was seen last may take a slow machine longer than its grace.
  const sleep = (ms: number, signal?: AbortSignal) => systemClock.sleep(30 * ms, signal);
  viewers = new Viewers(box.stream.id, { ...box.deps, clock: { ...systemClock, sleep } });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await viewers[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
});

function show(...seconds: number[]): void {
  for (const second of seconds) viewers.show(at(second));
}

describe('who looks', () => {
  it('is every running index over pictures, from when it is started until it is stopped', async () => {
    const first = box.index();
    viewers.come();
    show(0, 2);
    await box.when(() => box.scenes(first).length === 1);
    const second = box.index();
    const audio = box.index({ type: 'transcript', segmenter: 'word', value: 1 });
    viewers.refresh();
    show(4, 6, 8);
    await box.when(() => box.scenes(second).length === 1 && box.scenes(first)[0]?.[1] === 8);
    box.store.indexes.update(first.id, { status: 'stopped' });
    viewers.refresh();
    show(10, 12);
    await viewers[Symbol.asyncDispose]();
    expect(box.scenes(first)).toEqual([[0, 8, STILL]]);
    expect(box.scenes(second)).toEqual([[4, 14, STILL]]);
    expect(box.scenes(audio)).toEqual([]);
    expect(viewers).toMatchObject({ framesDropped: 0, windowsDropped: 0 });
  });

  it('is nobody while the camera is away', async () => {
    const index = box.index();
    viewers.refresh();
    show(0, 2, 4);
    await viewers[Symbol.asyncDispose]();
    expect(box.scenes(index)).toEqual([]);
  });

  it('goes on when the database can not be asked', async () => {
    const index = box.index();
    viewers.come();
    vi.spyOn(box.store.indexes, 'listRunning').mockImplementationOnce(() => {
      throw new Error('the database failed');
    });
    viewers.refresh();
    show(0, 2);
    await box.when(() => box.scenes(index).length === 1);
    expect(viewers.demand()).toEqual({ everyMs: 2000 });
  });

  it.each([
    ['nobody', [], Infinity],
    ['whoever listens', [{ type: 'transcript', segmenter: 'word', value: 1 }], Infinity],
    [
      'the most eager',
      [
        { type: 'time', seconds: 10, frameCount: 1 },
        { type: 'time', seconds: 3, frameCount: 2 },
      ],
      1500,
    ],
    ['who waits for cuts', [{ type: 'shot', threshold: 20, frameCount: 1, longestSeconds: 60 }], 2000],
  ] as const)('says how often frames are wanted: %s', (_who, extractions, everyMs) => {
    for (const extraction of extractions) box.index(extraction);
    viewers.refresh();
    expect(viewers.demand()).toEqual({ everyMs });
  });
});

describe('an index', () => {
  it('remembers over reconnects and pauses what was there', async () => {
    const index = box.index();
    viewers.come();
    viewers.show(at(0, visitor));
    viewers.leave();
    viewers.come();
    viewers.show(at(2, visitor));
    viewers.show(at(4, visitor));
    await box.when(() => box.scenes(index)[0]?.[1] === 4);
    box.store.indexes.update(index.id, { status: 'stopped' });
    viewers.refresh();
    box.store.indexes.update(index.id, { status: 'running' });
    viewers.refresh();
    viewers.show(at(6));
    viewers.show(at(8));
    await viewers[Symbol.asyncDispose]();
    expect(box.scenes(index)).toEqual([
      [0, 4, STILL],
      [6, 8, 'motion in the middle'],
      [8, 10, STILL],
    ]);
  });

  it('that is slow loses its oldest frames, which are counted', async () => {
    const slow = box.index();
    viewers.come();
    const detector = box.holdUp();
    show(0, 2);
    await detector.asked;
    for (let n = 0; n < 40; n += 1) show(4 + 2 * n);
    expect(viewers.framesDropped).toBe(8);
    detector.release();
    await viewers[Symbol.asyncDispose]();
    const seen = box.scenes(slow);
    expect(seen[0]).toEqual([0, 4, STILL]);
    expect(seen.at(-1)?.[1]).toBe(84);
  });

  it('that was stopped while the camera was away stores nothing of what was seen before', async () => {
    const index = box.index();
    viewers.come();
    const detector = box.holdUp();
    show(0, 2);
    await detector.asked;
    viewers.leave();
    box.store.indexes.update(index.id, { status: 'stopped' });
    viewers.refresh();
    box.store.indexes.update(index.id, { status: 'running' });
    viewers.refresh();
    detector.release();
    await viewers[Symbol.asyncDispose]();
    expect(box.scenes(index)).toEqual([]);
  });

  it('may go with its stream', async () => {
    box.index();
    viewers.come();
    const detector = box.holdUp();
    show(0, 2);
    await detector.asked;
    box.store.streams.delete(box.stream.id);
    viewers.refresh();
    detector.release();
    await viewers[Symbol.asyncDispose]();
    expect(box.thumbnails()).toEqual([]);
    expect(viewers).toMatchObject({ framesDropped: 0, windowsDropped: 0 });
  });
});

describe('the end', () => {
  it('comes after what was seen last has been described', async () => {
    const index = box.index();
    viewers.come();
    show(0);
    await viewers[Symbol.asyncDispose]();
    expect(box.scenes(index)).toEqual([[0, 2, STILL]]);
  });

  it('waits for a detector that hangs no longer than its grace', async () => {
    const index = box.index();
    const sleeps: number[] = [];
    const sleep = async (ms: number) => void sleeps.push(ms);
    const impatient = new Viewers(box.stream.id, { ...box.deps, clock: { ...box.deps.clock, sleep } });
    impatient.come();
    const detector = box.holdUp();
    impatient.show(at(0));
    impatient.show(at(2));
    await detector.asked;
    await impatient[Symbol.asyncDispose]();
    expect(sleeps.at(-1)).toBe(2000);
    expect(box.scenes(index)).toEqual([]);
  });
});
