import { beforeEach, describe, expect, it } from 'vitest';
import type { Frame } from '#domain';
import { Channel, type Clock } from '#runtime';
import { timeWindows } from '#sampling';
import { punctual } from '../../src/pipeline/punctual.ts';

/** Time stands still until it is told to go on. */
class HeldClock implements Clock {
  #nowMs = 0;
  readonly #sleepers = new Set<{ untilMs: number; wake: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { untilMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  async to(nowMs: number): Promise<void> {
    this.#nowMs = nowMs;
    for (const sleeper of this.#sleepers) {
      if (sleeper.untilMs > nowMs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    await settled();
  }
}

/** Everything that follows from what happened has happened: none of it takes I/O. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

const frame = (atMs: number): Frame => ({ atMs, width: 1, height: 1, rgb: new Uint8Array(3), sceneScore: 0 });
let clock: HeldClock;
let frames: Channel<Frame>;
let windows: [startMs: number, frames: number[]][];
let late: number;

/** Windows of two seconds with two frames each. */
async function watch(lagMs?: (nowMs: number) => number): Promise<void> {
  const onLate = () => {
    late += 1;
  };
  const spec = { streamId: 's', seconds: 2, frameCount: 2, zones: [], onLate };
  for await (const window of timeWindows(punctual(frames, 2000, clock, lagMs), spec)) {
    windows.push([window.startMs, window.frames.map(({ atMs }) => atMs)]);
  }
}

async function arrives(atMs: number, whenMs: number): Promise<void> {
  await clock.to(whenMs);
  frames.push(frame(atMs));
  await settled();
}

beforeEach(() => {
  clock = new HeldClock();
  frames = new Channel<Frame>(32);
  windows = [];
  late = 0;
});

describe('a window', () => {
  it('is over when no frame can come any more that belongs to it, long before the next one', async () => {
    const watching = watch();
    await arrives(500, 550);
    await arrives(1500, 1580);
    await clock.to(2170);
    expect(windows).toEqual([]);
    await clock.to(2180); // Its end, what frames take at most, and a little.
    expect(windows).toEqual([[0, [500, 1500]]]);
    await arrives(7000, 7050);
    frames.end();
    await watching;
    expect(windows).toEqual([
      [0, [500, 1500]],
      [6000, [7000]],
    ]);
    expect(late).toBe(0);
  });

  it('waits for frames that take as long as others did', async () => {
    const watching = watch();
    await arrives(200, 900);
    await arrives(1900, 2600);
    await arrives(2100, 2700);
    frames.end();
    await watching;
    expect(windows).toEqual([
      [0, [200, 1900]],
      [2000, [2100]],
    ]);
  });

  it('is over once: what comes for it afterwards is counted, and opens no second one', async () => {
    const watching = watch();
    await arrives(500, 500);
    await clock.to(2100);
    await arrives(1900, 2150);
    await arrives(2200, 2200);
    frames.end();
    await watching;
    expect(windows).toEqual([
      [0, [500]],
      [2000, [2200]],
    ]);
    expect(late).toBe(1);
  });

  it('waits for what is heard meanwhile', async () => {
    const watching = watch(() => 600);
    await arrives(500, 500);
    await clock.to(2500);
    expect(windows).toEqual([]);
    await clock.to(2600);
    expect(windows).toHaveLength(1);
    frames.end();
    await watching;
  });

  it('takes the frames that wait before it is over, however late whoever asks', async () => {
    for (const atMs of [100, 1900, 2500]) frames.push(frame(atMs));
    await clock.to(9000);
    const watching = watch();
    await settled();
    expect(windows).toEqual([[0, [100, 1900]]]);
    frames.end();
    await watching;
    expect(windows.at(-1)).toEqual([2000, [2500]]);
  });

  it('ends with the next frame when the time of frames jumps', async () => {
    const watching = watch();
    await arrives(500, 500);
    await arrives(3_600_500, 1500); // The box's clock was set forward,
    expect(windows).toEqual([[0, [500]]]);
    await clock.to(10_000);
    await arrives(3_609_000, 10_000);
    await arrives(10_000, 11_000); // and back.
    frames.end();
    await watching;
    expect(windows.map(([startMs]) => startMs)).toEqual([0, 3_600_000, 3_608_000, 10_000]);
    expect(late).toBe(0);
  });
});

it('throws what the frames end with, and leaves nothing behind when nobody asks any more', async () => {
  const watching = watch();
  await arrives(500, 500);
  frames.end({ error: new Error('the camera broke') });
  await expect(watching).rejects.toThrow('the camera broke');

  frames = new Channel<Frame>(32);
  const one = punctual(frames, 2000, clock)[Symbol.asyncIterator]();
  frames.push(frame(500));
  await one.next();
  await one.return();
  frames.end({ error: new Error('later') });
  await settled();
});
