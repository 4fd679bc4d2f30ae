import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame, SceneIndex } from '#domain';
import { Heard } from '#hearing';
import { Observer } from '#inference';
import { type Sight, see } from '../../src/pipeline/see.ts';
import { SoundSight } from '../../src/pipeline/sound-sight.ts';
import { dimmed, room, withRectangle } from '../inference/pictures.ts';
import { at, type Box, openBox, STILL, T0 } from './box.ts';

const never = new AbortController().signal;
const visitor = withRectangle(room, 140, 50, 40, 90);
let box: Box;

beforeEach(async () => {
  box = await openBox();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await box[Symbol.asyncDispose]();
});

const sightOf = (index: SceneIndex, heard?: Heard): Sight => ({
  observer: new Observer(index, box.inference),
  sounds: new SoundSight(heard),
  sceneId: undefined,
});

async function* stream(frames: readonly Frame[]): AsyncGenerator<Frame> {
  yield* frames;
}

const look = (frames: readonly Frame[], index: SceneIndex, sight = sightOf(index), signal = never) =>
  see(stream(frames), index, sight, box.outlook, signal);

describe('what an index sees', () => {
  it('is a scene with a thumbnail for every change, which grows while nothing changes', async () => {
    const index = box.index();
    await look([at(0), at(2), at(4, visitor), at(6, visitor), at(8, visitor)], index);
    expect(box.scenes(index)).toEqual([
      [0, 4, STILL],
      [4, 6, 'motion in the middle'],
      [6, 10, STILL],
    ]);
    expect(box.thumbnails().sort()).toEqual([0, 4000, 6000].map((ms) => `${T0 + ms}-${index.id}.jpg`));
    expect(box.latest(index)?.thumbPath).toBe(`${box.stream.id}/2026-01-15/${T0 + 6000}-${index.id}.jpg`);
    expect(box.dropped.windows).toBe(0);
  });

  it('is cut where the picture is, when it is cut by shots', async () => {
    const index = box.index({ type: 'shot', threshold: 30, frameCount: 2, longestSeconds: 60 });
    await look([at(0), at(2), at(4), at(6, dimmed(room, 0.3), 0.9), at(8, dimmed(room, 0.3))], index);
    expect(box.scenes(index)).toEqual([
      [0, 6, STILL],
      [6, 10, expect.stringContaining('the lights went off')],
    ]);
  });

  it('goes on where the camera was away for a part of a window', async () => {
    const index = box.index({ type: 'time', seconds: 10, frameCount: 1 });
    const sight = sightOf(index);
    await look([at(0), at(2)], index, sight);
    await look([at(6), at(8), at(10)], index, sight);
    expect(box.scenes(index)).toEqual([[0, 20, STILL]]);
  });

  it('is told with the zones as they are now', async () => {
    const index = box.index();
    const frames = [at(0), at(2), at(4, visitor)];
    box.stream.zones.push({
      name: 'left',
      polygon: [
        [0, 0],
        [0.3, 0],
        [0.3, 1],
        [0, 1],
      ],
    });
    async function* changing() {
      for (const frame of frames) {
        if (frame === frames[2])
          Object.assign(box.stream.zones[0] ?? {}, {
            name: 'door',
            polygon: [
              [0, 0],
              [1, 0],
              [1, 1],
              [0, 1],
            ],
          });
        yield frame;
      }
    }
    await see(changing(), index, sightOf(index), box.outlook, never);
    expect(box.scenes(index).at(-1)?.[2]).toBe('motion in the door zone');
  });
});

describe('nothing is stored', () => {
  it.each([
    ['was stopped', (index: SceneIndex) => box.store.indexes.update(index.id, { status: 'stopped' })],
    ['was deleted', () => box.store.streams.delete(box.stream.id)],
  ])('of a window that was still looked at when its index %s', async (_what, end) => {
    const index = box.index();
    const detector = box.holdUp();
    const seeing = look([at(0)], index);
    await detector.asked;
    end(index);
    detector.release();
    await seeing;
    expect(box.scenes(index)).toEqual([]);
    expect(box.thumbnails()).toEqual([]);
    expect(box.dropped.windows).toBe(0);
  });

  it('after it was told to stop', async () => {
    const index = box.index();
    const stop = new AbortController();
    const detector = box.holdUp();
    const seeing = look([at(0), at(2), at(4)], index, sightOf(index), stop.signal);
    await detector.asked;
    stop.abort();
    await seeing;
    expect(box.scenes(index)).toEqual([]);
    expect(box.dropped.windows).toBe(0);
  });

  it('and the thumbnail removed when the database refuses; what it missed is no part of the scene before', async () => {
    const index = box.index();
    const sight = sightOf(index);
    await look([at(0)], index, sight);
    const [first] = box.thumbnails();
    {
      using _refusal = box.refuseScenes();
      await look([at(2, visitor)], index, sight);
      expect(box.thumbnails()).toEqual([first]);
      expect(box.dropped.windows).toBe(1);
      await look([at(4, visitor)], index, sight);
    }
    await look([at(6, visitor)], index, sight);
    expect(box.scenes(index)).toEqual([
      [0, 2, STILL],
      [6, 8, STILL],
    ]);
    expect(box.thumbnails()).toHaveLength(2);
  });
});

describe('what fails', () => {
  it('is a thumbnail: the scene is stored without', async () => {
    writeFileSync(box.deps.thumbsDir, 'no directory');
    const index = box.index();
    await look([at(0)], index);
    expect(box.scenes(index)).toHaveLength(1);
    expect(box.latest(index)?.thumbPath).toBeUndefined();
    expect(box.dropped.windows).toBe(0);
  });

  it('is one window: the next is looked at again', async () => {
    const index = box.index();
    vi.spyOn(box.store.alerts, 'enabledByIndex').mockImplementationOnce(() => {
      throw new Error('the database failed');
    });
    await look([at(0), at(2)], index);
    expect(box.scenes(index)).toEqual([[2, 4, STILL]]);
    expect(box.dropped.windows).toBe(1);
  });

  it('is the detector, which has no time: the window is counted', async () => {
    const index = box.index();
    vi.spyOn(box.inference, 'detect').mockResolvedValueOnce('dropped');
    await look([at(0), at(2)], index);
    expect(box.scenes(index)).toEqual([[2, 4, STILL]]);
    expect(box.dropped.windows).toBe(1);
  });
});

describe('what is heard meanwhile', () => {
  const heardFor = (seconds: number) => {
    const heard = new Heard();
    for (let second = 0; second < seconds; second++) {
      heard.level(T0 + second * 1000, T0 + (second + 1) * 1000, { levelDb: -40 }, 'yamnet');
    }
    return heard;
  };
  const bark = (startS: number, endS: number) => {
    return { label: 'bark', score: 0.8, startMs: T0 + startS * 1000, endMs: T0 + endS * 1000 };
  };

  it('makes a scene of its own where nothing moves, and another when it is over', async () => {
    const index = box.index();
    const heard = heardFor(20);
    const sight = sightOf(index, heard);
    heard.sound(bark(4.5, 5.5));
    await look(
      [0, 2, 4, 6, 8].map((second) => at(second)),
      index,
      sight,
    );
    expect(box.scenes(index)).toEqual([
      [0, 4, STILL],
      [4, 6, `${STILL}; a dog barks`],
      [6, 10, STILL],
    ]);
  });

  it('is in the facts, with the level and the pack that listened', async () => {
    const index = box.index();
    const heard = heardFor(20);
    const sight = sightOf(index, heard);
    heard.sound(bark(0, 1));
    await look([at(0)], index, sight);
    expect(box.latest(index)?.facts?.sound).toEqual({ sounds: [bark(0, 1)], levelDb: -40, pack: 'yamnet' });
  });

  it('grows one scene as long as the same is heard', async () => {
    const index = box.index();
    const heard = heardFor(20);
    const sight = sightOf(index, heard);
    heard.sound(bark(0, 10));
    await look(
      [0, 2, 4, 6, 8].map((second) => at(second)),
      index,
      sight,
    );
    expect(box.scenes(index)).toEqual([[0, 10, `${STILL}; a dog barks`]]);
  });

  it('is told of the time since the index looks, not of before', async () => {
    const index = box.index();
    const heard = heardFor(20);
    heard.sound(bark(0, 1));
    await look([at(10)], index, sightOf(index, heard));
    expect(box.latest(index)?.text).toBe(STILL);
  });

  it('is unknown where nobody listens', async () => {
    const index = box.index();
    await look([at(0)], index, sightOf(index, new Heard()));
    expect(box.latest(index)?.facts?.sound).toBeUndefined();
  });
});
