import { describe, expect, it } from 'vitest';
import type { Frame, Window } from '#domain';
import { shotWindows } from '#sampling';

const spec = { streamId: 's', threshold: 20, frameCount: 3, longestMs: 10_000, zones: [] };
const frame = (atMs: number, sceneScore = 0): Frame => ({
  atMs,
  width: 1,
  height: 1,
  rgb: new Uint8Array(3),
  sceneScore,
});

async function cut(frames: Frame[], overrides: Partial<typeof spec> = {}): Promise<Window[]> {
  const windows: Window[] = [];
  async function* source() {
    yield* frames;
  }
  for await (const window of shotWindows(source(), { ...spec, ...overrides })) windows.push(window);
  return windows;
}
const spans = (windows: Window[]) => windows.map(({ startMs, endMs }) => [startMs, endMs]);
const every = (seconds: number, from: number, to: number) =>
  Array.from({ length: (to - from) / seconds }, (_, i) => frame((from + i * seconds) * 1000));

describe('shots', () => {
  it('begin where the picture changes, and meet', async () => {
    const frames = [...every(1, 0, 4), frame(4000, 0.5), frame(5000), frame(6000, 0.21), frame(7000, 0.2)];
    expect(spans(await cut(frames))).toEqual([
      [0, 4000],
      [4000, 6000],
      [6000, 8000],
    ]);
  });

  it('are cut when they go on for too long', async () => {
    expect(spans(await cut(every(1, 0, 25)))).toEqual([
      [0, 10_000],
      [10_000, 20_000],
      [20_000, 25_000],
    ]);
  });

  it('end at the last frame when the camera goes away or the clock steps back', async () => {
    expect(spans(await cut([...every(1, 0, 3), ...every(1, 100, 102)]))).toEqual([
      [0, 3000],
      [100_000, 102_000],
    ]);
    expect(spans(await cut([...every(1, 100, 102), ...every(1, 0, 2)]))).toEqual([
      [100_000, 102_000],
      [0, 2000],
    ]);
  });

  it('of few frames are no longer than a shot may be', async () => {
    expect(spans(await cut([frame(0), frame(9000)]))).toEqual([[0, 10_000]]);
    expect(spans(await cut([frame(0), frame(9000), frame(60_000), frame(61_000)]))).toEqual([
      [0, 10_000],
      [60_000, 62_000],
    ]);
  });

  it('pass over a frame that is merely late, as when a second connection takes over', async () => {
    const [shot, ...others] = await cut([frame(0), frame(2000), frame(1900, 0.9), frame(2000, 0.9), frame(4000)]);
    expect(others).toEqual([]);
    expect(shot?.frames.map(({ atMs }) => atMs)).toEqual([0, 2000, 4000]);
  });

  it('keep frames from all over, in order, and no more than asked', async () => {
    const [shot] = await cut(every(0.01, 0, 9));
    const at = shot?.frames.map(({ atMs }) => Math.round(atMs)) ?? [];
    expect(at).toHaveLength(3);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at[0]).toBeLessThan(3000);
    expect(at[2]).toBeGreaterThan(5500);
  });

  it('are nothing when there are no frames', async () => {
    expect(await cut([])).toEqual([]);
  });

  it('of one frame last a second', async () => {
    expect(spans(await cut([frame(500)]))).toEqual([[500, 1500]]);
  });
});
