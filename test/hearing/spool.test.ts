import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TranscriptGap } from '#domain';
import { Spool, type SpoolOptions, type Utterance } from '#hearing';
import { createLog, Fault } from '#runtime';
import { noise, T0 } from './sound.ts';

const [YARD, DOOR] = ['rts-yard', 'rts-door'];
const SECOND_BYTES = 32_000;

let dir: string;
let gaps: TranscriptGap[];
let urgent: Set<string>;
let room: number;
let databaseRefuses: boolean;
const clock = { now: T0, mono: 1000, nowMs: () => clock.now, monotonicMs: () => clock.mono };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-spool-'));
  gaps = [];
  urgent = new Set();
  room = Number.POSITIVE_INFINITY;
  databaseRefuses = false;
  Object.assign(clock, { now: T0, mono: 1000 });
});
afterEach(() => rmSync(dir, { recursive: true }));

const openSpool = (options: Partial<SpoolOptions> = {}) =>
  Spool.open({
    dir: join(dir, 'spool'),
    clock,
    log: createLog('silent'),
    recordGap: (gap) => {
      if (databaseRefuses) throw new Error('the database is locked');
      gaps.push(gap);
    },
    isUrgent: (streamId) => urgent.has(streamId),
    room: async () => room,
    ...options,
  });

const files = () =>
  readdirSync(join(dir, 'spool'), { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.'));
const at = (second: number) => T0 + second * 1000;
const span = (utterance: Utterance | undefined) =>
  utterance && [utterance.streamId, (utterance.startMs - T0) / 1000, (utterance.endMs - T0) / 1000];

/** Someone says something for so many seconds. */
async function say(spool: Spool, streamId: string, second: number, seconds = 1): Promise<void> {
  const writing = await spool.begin(streamId, at(second));
  await writing.append(noise(seconds * 1000, -20));
  clock.mono += seconds * 1000;
  await writing.end(at(second + seconds));
}

/** All that can be taken, in order. */
function taken(spool: Spool) {
  const all: (readonly unknown[] | undefined)[] = [];
  for (let next = spool.take(); next; next = spool.take()) all.push(span(next));
  return all;
}

describe('an utterance', () => {
  it('is in the spool from when it ends until its words are safe', async () => {
    const spool = await openSpool();
    await say(spool, YARD, 0, 2);
    const utterance = spool.take();
    expect(span(utterance)).toEqual([YARD, 0, 2]);
    if (!utterance) return;
    expect(await spool.read(utterance)).toEqual(noise(2000, -20));
    expect(spool.take()).toBeUndefined();
    expect(spool.status()).toMatchObject({ waiting: 1, bytes: 2 * SECOND_BYTES });
    await spool.done(utterance);
    expect(spool.status()).toEqual({ lagMs: 0, waiting: 0, bytes: 0, gaps: 0, perStream: {} });
    expect(files()).toEqual([]);
  });

  it('is told as unwritten from its beginning, while it is spoken, waits or is written down', async () => {
    const spool = await openSpool();
    const unwritten = (streamId: string) => spool.unwrittenFromMs(streamId);
    expect(unwritten(YARD)).toBeUndefined();
    await say(spool, YARD, 10);
    const writing = await spool.begin(YARD, at(20));
    await say(spool, DOOR, 5);
    expect([unwritten(YARD), unwritten(DOOR)]).toEqual([at(10), at(5)]);
    const first = spool.take(({ streamId }) => streamId === YARD);
    expect(unwritten(YARD)).toBe(at(10));
    if (first) await spool.done(first);
    expect(unwritten(YARD)).toBe(at(20));
    await writing.end(at(21));
    expect(unwritten(YARD)).toBeUndefined();
    expect(unwritten(DOOR)).toBe(at(5));
  });

  it('can be read as far as it goes while it is spoken', async () => {
    const spool = await openSpool();
    const writing = await spool.begin(YARD, at(0));
    await writing.append(noise(1500, -20));
    const [spoken] = spool.spoken();
    expect(span(spoken)).toEqual([YARD, 0, 1.5]);
    expect(spoken && (await spool.readSpoken(spoken))).toEqual(noise(1500, -20));
    await writing.end(at(1.5));
    expect(spool.spoken()).toEqual([]);
  });

  it('may end before what was handed on: the rest is not part of it', async () => {
    const spool = await openSpool();
    const writing = await spool.begin(YARD, at(0));
    await writing.append(noise(3000, -20));
    await writing.end(at(1));
    const utterance = spool.take();
    expect(utterance && (await spool.read(utterance))).toEqual(noise(1000, -20));
    expect(spool.status().bytes).toBe(SECOND_BYTES);
  });

  it('that is put back is taken again', async () => {
    const spool = await openSpool();
    await say(spool, YARD, 0);
    const utterance = spool.take();
    if (utterance) spool.putBack(utterance);
    expect(spool.take()).toBe(utterance);
  });

  it('of a stream that someone waits for comes first, then what is oldest', async () => {
    const spool = await openSpool();
    urgent.add(DOOR);
    await say(spool, YARD, 0);
    await say(spool, YARD, 2);
    await say(spool, DOOR, 4);
    await say(spool, DOOR, 6);
    expect(taken(spool)).toEqual([
      [DOOR, 4, 5],
      [DOOR, 6, 7],
      [YARD, 0, 1],
      [YARD, 2, 3],
    ]);
  });

  it('tells who waits for it that it is there', async () => {
    const spool = await openSpool();
    let rings = 0;
    const ringing = spool.onChange(() => {
      rings += 1;
    });
    await say(spool, YARD, 0);
    expect(rings).toBe(2);
    ringing[Symbol.dispose]();
    await say(spool, YARD, 2);
    expect(rings).toBe(2);
  });
});

describe('the lag', () => {
  it('is how long the utterance has waited that has waited longest, by stream and in all', async () => {
    const spool = await openSpool();
    await say(spool, YARD, 0);
    clock.mono += 5000;
    await say(spool, DOOR, 5);
    clock.mono += 1500;
    expect(spool.status()).toMatchObject({
      lagMs: 7500,
      perStream: { [YARD]: { lagMs: 7500, waiting: 1 }, [DOOR]: { lagMs: 1500, waiting: 1 } },
    });
  });

  it('does not follow a clock that is set', async () => {
    const spool = await openSpool();
    await say(spool, YARD, 0);
    clock.now -= 3_600_000;
    expect(spool.status().lagMs).toBe(0);
    clock.now += 7_200_000;
    expect(spool.status().lagMs).toBe(0);
  });
});

describe('a crash', () => {
  it('loses nothing that was complete, nor what was being spoken', async () => {
    const before = await openSpool();
    await say(before, YARD, 0, 2);
    const writing = await before.begin(YARD, at(5));
    await writing.append(noise(1600, -20));
    clock.now = at(60);

    const after = await openSpool();
    expect(after.status()).toMatchObject({ waiting: 2, lagMs: 58_000 });
    const [first, second] = [after.take(), after.take()];
    expect([span(first), span(second)]).toEqual([
      [YARD, 0, 2],
      [YARD, 5, 6.6],
    ]);
    expect(second && (await after.read(second))).toEqual(noise(1600, -20));
    await writing.end(at(6.6)); // Closes its file, which is somebody else's now.
  });

  it('between beginning one and ending the one before has nothing twice', async () => {
    const before = await openSpool();
    const first = await before.begin(YARD, at(0));
    await first.append(noise(3000, -20));
    const second = await before.begin(YARD, at(2));
    await second.append(noise(1000, -20));

    expect(taken(await openSpool())).toEqual([
      [YARD, 0, 2],
      [YARD, 2, 3],
    ]);
    for (const writing of [first, second]) await writing.end(at(3));
  });

  it('in the midst of writing leaves what was written, and nothing of what was not begun', async () => {
    mkdirSync(join(dir, 'spool', YARD), { recursive: true });
    writeFileSync(join(dir, 'spool', YARD, `${at(0)}.open`), Buffer.alloc(SECOND_BYTES + 33));
    writeFileSync(join(dir, 'spool', YARD, `${at(9)}.open`), Buffer.alloc(0));
    writeFileSync(join(dir, 'spool', YARD, 'what is this'), '');
    writeFileSync(join(dir, 'spool', 'and this'), '');
    const spool = await openSpool();
    expect(taken(spool)).toEqual([[YARD, 0, 1.001]]);
    expect(files()).toEqual([join(YARD, `${at(0)}-${at(1.001)}.pcm`)]);
  });

  it('leaves no folder of a stream that has nothing left', async () => {
    mkdirSync(join(dir, 'spool', DOOR), { recursive: true });
    await openSpool();
    expect(readdirSync(join(dir, 'spool'))).toEqual([]);
  });

  it('that left files nobody can make sense of costs those only', async () => {
    mkdirSync(join(dir, 'spool', DOOR), { recursive: true });
    symlinkSync('/nowhere', join(dir, 'spool', DOOR, `${at(0)}.open`));
    await say(await openSpool(), YARD, 0);
    expect(taken(await openSpool())).toEqual([[YARD, 0, 1]]);
  });

  it('after one was dropped still tells the gap, once', async () => {
    databaseRefuses = true;
    const before = await openSpool({ perStreamBytes: 1.5 * SECOND_BYTES });
    await say(before, YARD, 0);
    await say(before, YARD, 2);
    expect(gaps).toEqual([]);

    databaseRefuses = false;
    const after = await openSpool();
    expect(gaps.map((gap) => span(gap))).toEqual([[YARD, 0, 1]]);
    expect(taken(after)).toEqual([[YARD, 2, 3]]);
    await openSpool();
    expect(gaps).toHaveLength(1);
  });
});

describe('a full spool', () => {
  it('has room for a long piece at once', async () => {
    const spool = await openSpool();
    const writing = await spool.begin(YARD, at(0));
    await writing.append(noise(20_000, -20));
    await writing.end(at(20));
    expect(taken(spool)).toEqual([[YARD, 0, 20]]);
    expect(gaps).toEqual([]);
  });

  it('drops the oldest of the stream that has too much, and tells the gap', async () => {
    const spool = await openSpool({ perStreamBytes: 2.5 * SECOND_BYTES });
    await say(spool, DOOR, 0);
    for (const second of [1, 3, 5, 7]) await say(spool, YARD, second);
    expect(gaps).toEqual([1, 3].map((second) => gapOf(YARD, second)));
    expect(taken(spool)).toEqual([
      [DOOR, 0, 1],
      [YARD, 5, 6],
      [YARD, 7, 8],
    ]);
    expect(spool.status().gaps).toBe(2);
  });

  it('drops the oldest that nobody waits for when all together are too much', async () => {
    urgent.add(DOOR);
    const spool = await openSpool({ totalBytes: 3.5 * SECOND_BYTES });
    await say(spool, DOOR, 0);
    await say(spool, YARD, 1);
    for (const second of [3, 5, 7]) await say(spool, DOOR, second);
    expect(gaps).toEqual([gapOf(YARD, 1), gapOf(DOOR, 0)]);
    expect(taken(spool).map((one) => one?.[1])).toEqual([3, 5, 7]);
  });

  it('never drops what is being written down, and never grows beyond its cap', async () => {
    const spool = await openSpool({ perStreamBytes: 2 * SECOND_BYTES });
    await say(spool, YARD, 0);
    const inWork = spool.take();
    for (let second = 2; second < 20; second += 2) {
      await say(spool, YARD, second);
      expect(spool.status().bytes).toBeLessThanOrEqual(2 * SECOND_BYTES);
    }
    expect(inWork && (await spool.read(inWork))).toHaveLength(16_000);
  });

  it('takes no more of one utterance than fits, and tells the rest as a gap', async () => {
    const spool = await openSpool({ perStreamBytes: 2 * SECOND_BYTES });
    const writing = await spool.begin(YARD, at(0));
    for (let second = 0; second < 4; second++) await writing.append(noise(1000, -20));
    await writing.end(at(4));
    expect(taken(spool)).toEqual([[YARD, 0, 2]]);
    expect(gaps.map((gap) => span(gap))).toEqual([[YARD, 2, 4]]);
  });
});

it('that can not be asked who is urgent takes all for equal', async () => {
  const spool = await openSpool({
    perStreamBytes: 10 * SECOND_BYTES,
    totalBytes: 2.5 * SECOND_BYTES,
    isUrgent: () => {
      throw new Error('locked');
    },
  });
  for (const second of [0, 2, 4]) await say(spool, YARD, second);
  expect(gaps).toEqual([gapOf(YARD, 0)]);
  expect(taken(spool).map((one) => one?.[1])).toEqual([2, 4]);
});

it('where there is no disk at all is empty, and loses what is said', async () => {
  writeFileSync(join(dir, 'spool'), 'no folder');
  const spool = await openSpool();
  await say(spool, YARD, 0);
  expect(gaps.map((gap) => span(gap))).toEqual([[YARD, 0, 1]]);
});

describe('a full disk', () => {
  it('costs what is oldest first, then what is being said', async () => {
    const spool = await openSpool();
    await say(spool, YARD, 0);
    room = 0;
    await say(spool, YARD, 2);
    expect(gaps).toEqual([
      { ...gapOf(YARD, 0), reason: 'there was no room on the disk: the oldest speech was dropped' },
      { ...gapOf(YARD, 2), reason: 'there was no room on the disk for what was said' },
    ]);
    expect(files()).toEqual([]);
    room = Number.POSITIVE_INFINITY;
    await say(spool, YARD, 4);
    expect(taken(spool)).toEqual([[YARD, 4, 5]]);
  });

  it('or one that refuses to write is a gap, and no error', async () => {
    const spool = await openSpool();
    writeFileSync(join(dir, 'spool', DOOR), 'no folder');
    await say(spool, DOOR, 0);
    await say(spool, YARD, 0);
    expect(gaps).toEqual([{ ...gapOf(DOOR, 0), reason: expect.stringContaining('what was said could not be kept') }]);
    expect(taken(spool)).toEqual([[YARD, 0, 1]]);
  });

  it('that fails in the midst of an utterance keeps what was written before', async () => {
    const spool = await openSpool({ room: async () => room });
    const writing = await spool.begin(YARD, at(0));
    await writing.append(noise(1000, -20));
    room = 0;
    for (let part = 0; part < 20; part++) await writing.append(noise(1000, -20));
    await writing.end(at(21));
    const [[, , endS] = []] = taken(spool);
    expect(endS).toBeLessThan(10);
    expect(gaps.map((gap) => span(gap))).toEqual([[YARD, endS, 21]]);
  });
});

describe('a gap', () => {
  it('waits for a database that is away', async () => {
    const spool = await openSpool();
    databaseRefuses = true;
    await spool.note(gapOf(YARD, 0));
    await spool.note(gapOf(YARD, 5));
    expect(gaps).toEqual([]);
    databaseRefuses = false;
    await spool.retryGaps();
    expect(gaps).toEqual([gapOf(YARD, 0), gapOf(YARD, 5)]);
    await spool.retryGaps();
    expect(gaps).toHaveLength(2);
  });

  it('of a stream that is gone is forgotten', async () => {
    const spool = await openSpool({
      recordGap: () => {
        throw new Fault('not_found', 'no such stream');
      },
    });
    await say(spool, YARD, 0);
    const utterance = spool.take();
    if (utterance) await spool.drop(utterance, 'test');
    expect(files()).toEqual([]);
  });
});

function gapOf(streamId: string, second: number): TranscriptGap {
  const reason = 'too much speech at once: the oldest was dropped';
  return { streamId, startMs: at(second), endMs: at(second + 1), reason };
}
