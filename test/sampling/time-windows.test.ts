import { describe, expect, it } from 'vitest';
import type { Frame, Window } from '#domain';
import { timeWindows } from '#sampling';

const frame = (atMs: number): Frame => ({ atMs, width: 1, height: 1, rgb: new Uint8Array(3), sceneScore: 0 });

async function* from(times: number[]): AsyncGenerator<Frame> {
  for (const atMs of times) yield frame(atMs);
}

async function cut(times: number[], seconds: number, frameCount: number): Promise<Window[]> {
  const all: Window[] = [];
  for await (const window of timeWindows(from(times), { streamId: 's', seconds, frameCount, zones: [] }))
    all.push(window);
  return all;
}

const shape = (windows: Window[]) => windows.map((w) => [w.startMs, w.endMs, w.frames.map((f) => f.atMs)]);

describe('timeWindows', () => {
  it('aligns windows to the epoch and hands on the last one when the frames end', async () => {
    expect(shape(await cut([7000, 9000, 11_000, 12_000], 5, 5))).toEqual([
      [5000, 10_000, [7000, 9000]],
      [10_000, 15_000, [11_000, 12_000]],
    ]);
  });

  it('takes at most the frames asked for, spread evenly, oldest first', async () => {
    const every100 = Array.from({ length: 100 }, (_, i) => i * 100);
    expect(shape(await cut(every100, 10, 2))).toEqual([[0, 10_000, [2500, 7500]]]);
  });

  it('gives no window for a stretch without frames', async () => {
    expect(shape(await cut([0, 60_000], 5, 1)).map(([start]) => start)).toEqual([0, 60_000]);
  });

  it('goes on after the clock has stepped back far, and passes over a frame that is merely late', async () => {
    expect(shape(await cut([20_000, 19_900, 10_000, 13_000], 5, 2))).toEqual([
      [20_000, 25_000, [20_000]],
      [10_000, 15_000, [10_000, 13_000]],
    ]);
  });

  it('keeps no more frames than the window needs', async () => {
    const [window] = await cut(
      Array.from({ length: 10_000 }, (_, i) => i / 10),
      1,
      3,
    );
    expect(window?.frames).toHaveLength(3);
  });
});
