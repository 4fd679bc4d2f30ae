import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Spool } from '#hearing';
import { Transcriber, type TranscriberDeps } from '#pipeline';
import { Fault } from '#runtime';
import { noise, T0 } from '../hearing/sound.ts';
import { type Box, openBox } from './box.ts';
import { standInRecogniser, TestClock, wordsOf } from './ears.ts';

const at = (second: number) => T0 + second * 1000;

let box: Box;
let dir: string;
let spool: Spool;
let clock: TestClock;

beforeEach(async () => {
  box = await openBox();
  dir = mkdtempSync(join(tmpdir(), 'wp-transcriber-'));
  clock = new TestClock(at(0));
  spool = await openSpool();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await box[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const openSpool = () =>
  Spool.open({
    dir,
    clock,
    log: box.deps.log,
    recordGap: (gap) => box.store.transcripts.addGap(gap),
    isUrgent: () => false,
    room: async () => Number.POSITIVE_INFINITY,
  });

const start = (listening: TranscriberDeps['listening'], onInterim?: TranscriberDeps['onInterim']) =>
  Transcriber.start(
    { store: box.store, spool, listening, clock, log: box.deps.log, ...(onInterim ? { onInterim } : {}) },
    new AbortController().signal,
  );

const soundOf = (second: number, seconds = 1) => noise(seconds * 1000, -20 - second);

async function say(second: number, seconds = 1, streamId = box.stream.id): Promise<void> {
  const writing = await spool.begin(streamId, at(second));
  await writing.append(soundOf(second, seconds));
  await writing.end(at(second + seconds));
}

const written = () => box.store.transcripts.inRange(box.stream.id, 0, Number.MAX_SAFE_INTEGER);
const gaps = () => box.store.transcripts.gaps(box.stream.id, 0, Number.MAX_SAFE_INTEGER);

/** Resolves as soon as it is so; time passes in steps of a second meanwhile. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; !isSo(); turn++) {
    if (turn > 2000) throw new Error('it never came to that');
    await clock.pass(1000);
  }
}

describe('what waits in the spool', () => {
  it("is written down with its words on the camera's clock, and goes", async () => {
    await say(5, 2);
    await using transcriber = await start(standInRecogniser(() => ' somebody help '));
    await until(() => transcriber.status().transcribed === 1);
    expect(written()).toMatchObject([
      {
        startMs: at(5),
        endMs: at(7),
        text: 'somebody help',
        language: 'en',
        confidence: 0.9,
        words: expect.arrayContaining([{ text: 'somebody', startMs: at(5) + 100, endMs: at(5) + 180 }]),
      },
    ]);
    expect(transcriber.status()).toEqual({
      lagMs: 0,
      waiting: 0,
      spoolBytes: 0,
      gaps: 0,
      transcribed: 1,
      perStream: {},
    });
  });

  it('is written down as it comes, oldest first', async () => {
    const order: string[] = [];
    await using transcriber = await start(
      standInRecogniser((samples) => {
        order.push(wordsOf(samples));
        return wordsOf(samples);
      }),
    );
    for (const second of [0, 3, 6]) await say(second);
    await until(() => transcriber.status().transcribed === 3);
    expect(order).toEqual([0, 3, 6].map((second) => wordsOf(soundOf(second))));
    expect(written().map(({ text }) => text)).toEqual(order);
  });

  it('leaves no transcript where nothing was said after all', async () => {
    await say(0);
    await using transcriber = await start(standInRecogniser(() => '  '));
    await until(() => transcriber.status().transcribed === 1);
    expect([written(), gaps()]).toEqual([[], []]);
  });

  it('has no word outside its time', async () => {
    await say(0);
    const far = { text: 'word', startMs: -500, endMs: 99_000 };
    const recogniser = {
      ...standInRecogniser(),
      recognise: async () => ({ text: 'word', words: [far], confidence: 1 }),
    };
    await using transcriber = await start(recogniser);
    await until(() => transcriber.status().transcribed === 1);
    expect(written()[0]?.words).toEqual([{ text: 'word', startMs: at(0), endMs: at(1) }]);
  });

  it('is recognised in pieces where a model came since that takes less at once', async () => {
    await say(0, 20);
    const recogniser = standInRecogniser((samples) => `${samples.length / 16_000}`);
    recogniser.longestMs = 8000;
    await using transcriber = await start(recogniser);
    await until(() => transcriber.status().transcribed === 1);
    const part = 20 / 3;
    expect(written()).toMatchObject([{ startMs: at(0), endMs: at(20), confidence: expect.closeTo(0.9, 5) }]);
    expect(written()[0]?.text.split(' ').map(Number)).toEqual(Array.from({ length: 3 }, () => expect.closeTo(part, 3)));
    const starts = written()[0]?.words.map(({ startMs }) => startMs - T0);
    expect(starts).toEqual([0, part, 2 * part].map((second) => Math.round(second * 1000)));
  });

  it('of a stream that was deleted is forgotten', async () => {
    await say(0, 1, 'rts-gone');
    await say(3);
    await using transcriber = await start(standInRecogniser());
    await until(() => transcriber.status().transcribed === 2);
    expect(written()).toHaveLength(1);
    expect(transcriber.status().lastError).toBeUndefined();
  });

  it('is not recognised again when its words are there: we were killed before its sound could go', async () => {
    await say(0);
    box.store.transcripts.add({ streamId: box.stream.id, startMs: at(0), endMs: at(1), text: 'said', words: [] });
    const recogniser = standInRecogniser();
    await using transcriber = await start(recogniser);
    await until(() => transcriber.status().waiting === 0);
    expect(recogniser.calls).toBe(0);
    expect(written().map(({ text }) => text)).toEqual(['said']);
  });

  it('whose file was taken away is a gap', async () => {
    await say(0);
    await say(3);
    rmSync(join(dir, box.stream.id, `${at(0)}-${at(1)}.pcm`));
    await using transcriber = await start(standInRecogniser());
    await until(() => transcriber.status().transcribed + gaps().length === 2);
    expect(written().map(({ startMs }) => startMs)).toEqual([at(3)]);
    expect(gaps()).toMatchObject([
      { startMs: at(0), endMs: at(1), reason: expect.stringContaining('could not be read') },
    ]);
  });
});

describe('a recogniser', () => {
  const away = () => Promise.reject(new Fault('unavailable', 'its process is starting'));

  it('that is away is waited for: nothing is lost, and the lag shows', async () => {
    let isAway = true;
    const recogniser = standInRecogniser((samples) => (isAway ? away() : wordsOf(samples)));
    await using transcriber = await start(recogniser);
    for (const second of [0, 3, 6]) await say(second);
    await until(() => recogniser.calls > 20);
    expect(transcriber.status()).toMatchObject({ waiting: 3, lastError: 'its process is starting', transcribed: 0 });
    // It isn't asked more often than every half a minute in the end.
    expect(transcriber.status().lagMs).toBeGreaterThan(400_000);
    isAway = false;
    await until(() => transcriber.status().waiting === 0);
    expect(written().map(({ text }) => text)).toEqual([0, 3, 6].map((second) => wordsOf(soundOf(second))));
    expect(gaps()).toEqual([]);
    expect(transcriber.status().lastError).toBeUndefined();
  });

  it("that isn't installed any more is not asked, until it is", async () => {
    const recogniser = standInRecogniser();
    recogniser.speechAvailable = false;
    await say(0);
    await using transcriber = await start(recogniser);
    await clock.pass(120_000);
    expect(recogniser.calls).toBe(0);
    recogniser.speechAvailable = true;
    await until(() => transcriber.status().transcribed === 1);
  });

  it.each([
    ['hangs or dies', () => new Fault('unavailable', 'its process died')],
    ['fails', () => new Fault('internal', 'no such tensor')],
  ])('that %s at one utterance again and again gets on with the others; that one is a gap', async (_, fault) => {
    const poison = wordsOf(soundOf(3));
    const recogniser = standInRecogniser((samples) => {
      const words = wordsOf(samples);
      return words === poison ? Promise.reject(fault()) : words;
    });
    for (const second of [0, 3, 6]) await say(second);
    await using transcriber = await start(recogniser);
    await until(() => transcriber.status().transcribed + gaps().length === 3);
    expect(written().map(({ startMs }) => startMs)).toEqual([at(0), at(6)]);
    expect(gaps()).toEqual([
      {
        streamId: box.stream.id,
        startMs: at(3),
        endMs: at(4),
        reason: `what was said could not be recognised: ${fault().message}`,
      },
    ]);
    expect(transcriber.status().gaps).toBe(1);
  });

  it('that was away for long is not held against what was said meanwhile', async () => {
    let isAway = true;
    await using transcriber = await start(
      standInRecogniser((samples) => (isAway ? away() : samples.length > 20_000 ? away() : wordsOf(samples))),
    );
    for (const second of [0, 3, 6]) await say(second);
    await clock.pass(300_000);
    isAway = false;
    await until(() => transcriber.status().transcribed === 3);
    expect(gaps()).toEqual([]);
  });

  it('is stopped in the midst of an utterance, which then waits for the next start', async () => {
    await say(0);
    const asked = new Promise<void>((resolve) => {
      const hanging = standInRecogniser((_samples, signal) => {
        resolve();
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      });
      void start(hanging).then(async (transcriber) => {
        await asked;
        await transcriber[Symbol.asyncDispose]();
      });
    });
    await asked;
    spool = await openSpool();
    await using transcriber = await start(standInRecogniser());
    await until(() => transcriber.status().transcribed === 1);
    expect(written()).toHaveLength(1);
  });
});

describe('a database that refuses', () => {
  it('is asked again, without recognising again', async () => {
    const recogniser = standInRecogniser();
    const refusing = vi.spyOn(box.store.transcripts, 'add').mockImplementation(() => {
      throw new Error('the disk is full');
    });
    await say(0);
    await using transcriber = await start(recogniser);
    await until(() => refusing.mock.calls.length > 2);
    expect(transcriber.status()).toMatchObject({ waiting: 1, lastError: 'the disk is full' });
    refusing.mockRestore();
    await until(() => transcriber.status().transcribed === 1);
    expect(recogniser.calls).toBe(1);
    expect(written()).toHaveLength(1);
  });

  it('gets the gaps that it did not take', async () => {
    const refusing = vi.spyOn(box.store.transcripts, 'addGap').mockImplementation(() => {
      throw new Error('locked');
    });
    await using _transcriber = await start(standInRecogniser());
    await spool.note({ streamId: box.stream.id, startMs: at(0), endMs: at(1), reason: 'test' });
    expect(gaps()).toEqual([]);
    refusing.mockRestore();
    await until(() => gaps().length === 1);
  });
});

describe('what is being said', () => {
  it('is told as far as it goes after five seconds, and again when more is said', async () => {
    const told: [number, number, string][] = [];
    const recogniser = standInRecogniser((samples) => `${samples.length / 16_000} seconds`);
    await using transcriber = await start(recogniser, (_streamId, { startMs, endMs, text }) => {
      told.push([(startMs - T0) / 1000, (endMs - T0) / 1000, text]);
    });
    const writing = await spool.begin(box.stream.id, at(0));
    for (let second = 0; second < 12; second++) {
      await writing.append(noise(1000, -20));
      await clock.pass(1000);
      await clock.pass(0);
    }
    await writing.end(at(12));
    await until(() => transcriber.status().transcribed === 1);
    expect(told.length).toBeGreaterThanOrEqual(2);
    for (const [n, [startS, endS, text]] of told.entries()) {
      expect(startS).toBe(0);
      expect(endS).toBeGreaterThanOrEqual(n === 0 ? 5 : (told[n - 1]?.[1] ?? 0) + 3);
      expect(text).toBe(`${endS} seconds`);
    }
    expect(written().map(({ text }) => text)).toEqual(['12 seconds']);
  });

  it('is told only when nothing waits, and to someone', async () => {
    const recogniser = standInRecogniser();
    const writing = await spool.begin(box.stream.id, at(0));
    await writing.append(noise(10_000, -20));
    {
      await using _transcriber = await start(recogniser);
      await clock.pass(10_000);
    }
    expect(recogniser.calls).toBe(0);
    await writing.end(at(10));
  });

  it('is not tried again when it fails, and what is complete is written down all the same', async () => {
    let calls = 0;
    const recogniser = standInRecogniser((samples) => {
      calls += 1;
      if (calls === 1) throw new Fault('unavailable', 'busy');
      return wordsOf(samples);
    });
    const told = vi.fn<() => void>();
    await using transcriber = await start(recogniser, told);
    const writing = await spool.begin(box.stream.id, at(0));
    await writing.append(noise(6000, -20));
    await until(() => calls === 1);
    await clock.pass(5000);
    await writing.end(at(6));
    await until(() => transcriber.status().transcribed === 1);
    expect(told).not.toHaveBeenCalled();
    expect(gaps()).toEqual([]);
  });
});
