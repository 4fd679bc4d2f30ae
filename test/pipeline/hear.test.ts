import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PcmChunk, SceneIndex, TranscriptGap } from '#domain';
import { joined, Spool } from '#hearing';
import { systemClock } from '#runtime';
import { Ear, type Ears, hear } from '../../src/pipeline/hear.ts';
import { chunks, noise, silence, speech, T0 } from '../hearing/sound.ts';
import { type Box, openBox } from './box.ts';
import { audioOf, standInEars } from './ears.ts';

const never = new AbortController().signal;
const SPOKEN: TranscriptExtraction = { type: 'transcript', segmenter: 'sentence', value: 1 };
type TranscriptExtraction = Extract<SceneIndex['extraction'], { type: 'transcript' }>;
const quiet = (seconds: number) => noise(seconds * 1000, -70);
const talk = (seconds: number) => noise(seconds * 1000, -20);
/** What goes on for longer must have syllables, or it is a fan. */
const chatter = (seconds: number) =>
  joined(Array.from({ length: seconds * 4 }, () => [noise(200, -20), noise(50, -60)]).flat());

let box: Box;
let dir: string;
let spool: Spool;
let gaps: TranscriptGap[];

beforeEach(async () => {
  box = await openBox();
  dir = mkdtempSync(join(tmpdir(), 'wp-hear-'));
  gaps = [];
  spool = await Spool.open({
    dir,
    clock: systemClock,
    log: box.deps.log,
    recordGap: (gap) => void gaps.push(gap),
    isUrgent: () => false,
    room: async () => Number.POSITIVE_INFINITY,
  });
  transcribe(true);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await box[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const transcribe = (wanted: boolean) => Object.assign(box.stream.transcription, { wanted });

function earWith(listening: Ears, patienceMs = 2000): Ear {
  const { store, clock, log } = box.deps;
  return new Ear(() => box.stream, { listening, spool, store, clock, log, patienceMs });
}

const listen = (audio: AsyncIterable<PcmChunk>, listening: Ears = standInEars()) =>
  hear(audio, earWith(listening), never);

/** What waits in the spool: seconds from `T0`. */
function spooled(): [startS: number, endS: number][] {
  const all: [number, number][] = [];
  for (let next = spool.take(); next; next = spool.take()) {
    all.push([Math.round((next.startMs - T0) / 10) / 100, Math.round((next.endMs - T0) / 10) / 100]);
  }
  return all;
}

describe('what is said', () => {
  it('is in the spool as it was said, when it was said', async () => {
    await listen(audioOf(joined([quiet(2), talk(3), quiet(2)])));
    const utterance = spool.take();
    expect(utterance && [utterance.startMs - T0, utterance.endMs - T0]).toEqual([1792, 5184]);
    const samples = utterance && (await spool.read(utterance));
    expect(samples).toEqual(joined([quiet(2), talk(3), quiet(2)]).slice(1792 * 16, 5184 * 16));
  });

  it.each([20, 64, 1000])('is the same from chunks of %i ms', async (chunkMs) => {
    await listen(audioOf(chunks(joined([quiet(2), talk(3), quiet(2), talk(1), quiet(2)]), T0, chunkMs)));
    expect(spooled()).toEqual([
      [1.79, 5.18],
      [6.78, 8.16],
    ]);
  });

  it('is caught only while its transcription is wanted', async () => {
    transcribe(false);
    const listening = standInEars();
    async function* audio() {
      yield* chunks(talk(3));
      transcribe(true);
      yield* chunks(talk(3), T0 + 3000);
      transcribe(false);
      yield* chunks(talk(3), T0 + 6000);
    }
    await listen(audio(), listening);
    expect(spooled()).toEqual([[2.98, 5.98]]);
  });

  it('is not caught where nobody will ever write it down', async () => {
    const listening = standInEars({ speechAvailable: false });
    await listen(audioOf(talk(5)), listening);
    expect(spooled()).toEqual([]);
    expect(listening.asked.voice).toBe(0);
  });

  it('ends with the sound', async () => {
    await listen(audioOf(joined([quiet(1), talk(2)])));
    expect(spooled()).toEqual([[0.8, 2.98]]);
    expect(spool.spoken()).toEqual([]);
  });

  it('is cut to what the recogniser takes', async () => {
    await listen(audioOf(chatter(30)), standInEars({ longestMs: 8000 }));
    const found = spooled();
    for (const [startS, endS] of found) expect(endS - startS).toBeLessThanOrEqual(8);
    expect(found[0]?.[0]).toBe(0);
    expect(found.at(-1)?.[1]).toBeCloseTo(30, 1);
    expect(found.length).toBeGreaterThan(3);
  });

  it('is caught without a voice model, too', async () => {
    const sentence = speech('someone help me, there is a fire in the kitchen');
    const away = standInEars({ voice: async () => undefined });
    await listen(audioOf(joined([quiet(3), sentence, quiet(3)])), away);
    const [[startS, endS] = [0, 0], ...others] = spooled();
    expect(others).toEqual([]);
    expect(startS).toBeGreaterThan(2.5);
    expect(startS).toBeLessThan(3.1);
    expect(endS - 3 - sentence.length / 16_000).toBeLessThan(0.5);
  });

  it('is caught when the voice model hangs: it is not waited for, nor asked again soon', async () => {
    const sentence = speech('someone help me, there is a fire in the kitchen');
    let asked = 0;
    const hanging = standInEars({
      voice: () => {
        asked += 1;
        return new Promise(() => undefined);
      },
    });
    await hear(audioOf(joined([quiet(3), sentence, quiet(3)])), earWith(hanging, 20), never);
    expect(spooled()).toHaveLength(1);
    expect(asked).toBe(1);
  });

  it('is caught when the voice model fails', async () => {
    const failing = standInEars({ voice: () => Promise.reject(new Error('no')) });
    await listen(audioOf(joined([quiet(3), speech('the red car is parked next to the gate'), quiet(3)])), failing);
    expect(spooled()).toHaveLength(1);
  });
});

describe('silence', () => {
  it.each([
    ['digital silence', silence(60_000)],
    ['a quiet room', quiet(60)],
  ])('costs no model run: %s', async (_, samples) => {
    const listening = standInEars();
    await listen(audioOf(samples), listening);
    expect(listening.asked).toEqual({ voice: 0, sounds: 0 });
  });

  it('between two words is told to the voice model only so long as a sentence may go on', async () => {
    let told = 0;
    const ears = standInEars();
    const listening = standInEars({
      voice: (id, samples, signal) => {
        told += samples.length;
        return ears.voice(id, samples, signal);
      },
    });
    await listen(audioOf(joined([quiet(10), talk(2), quiet(50)])), listening);
    expect(told / 16_000).toBeLessThan(3.2);
  });
});

describe('sound that is lost', () => {
  const parts = (lostMs: number) => [chunks(talk(3), T0), chunks(talk(3), T0 + 3000 + lostMs)];

  it('ends what was being said, and is told as a gap', async () => {
    await listen(audioOf(...parts(4000)));
    expect(spooled()).toEqual([
      [0, 2.98],
      [7, 9.98],
    ]);
    expect(gaps).toEqual([
      { streamId: box.stream.id, startMs: T0 + 3000, endMs: T0 + 7000, reason: expect.stringContaining('missing') },
    ]);
  });

  it('is no gap where nothing was to be written down', async () => {
    transcribe(false);
    await listen(audioOf(...parts(4000)));
    expect(gaps).toEqual([]);
  });

  it('is no gap when the clock was set back, and what follows has the new time', async () => {
    await listen(audioOf(...parts(-3_600_000)));
    expect(spooled()).toEqual([
      [0, 2.98],
      [-3597, -3594.02],
    ]);
    expect(gaps).toEqual([]);
  });

  it('or comes again after a while is heard as before', async () => {
    const ear = earWith(standInEars());
    await hear(audioOf(chunks(talk(3))), ear, never);
    await hear(audioOf(), ear, never);
    await hear(audioOf(chunks(talk(3), T0 + 60_000)), ear, never);
    expect(spooled()).toEqual([
      [0, 2.98],
      [60, 62.98],
    ]);
    expect(gaps).toEqual([]);
  });
});

describe('a sound', () => {
  const alarm = [{ label: 'smoke detector, smoke alarm', score: 0.9 }];
  const barks = [{ label: 'bark', score: 0.8 }];

  it('is a scene of every running audio index as soon as it begins, and grows while it lasts', async () => {
    const [spoken, seen, stopped] = [box.index(SPOKEN), box.index(), box.index(SPOKEN)];
    box.store.indexes.update(stopped.id, { status: 'stopped' });
    const listening = standInEars();
    const atOnce: unknown[] = [];
    async function* audio() {
      yield* chunks(quiet(5));
      listening.classes = alarm;
      yield* chunks(talk(2), T0 + 5000);
      atOnce.push(...box.scenes(spoken));
      yield* chunks(talk(8), T0 + 7000);
      listening.classes = [];
      yield* chunks(quiet(10), T0 + 15_000);
    }
    await listen(audio(), listening);
    expect(atOnce).toEqual([[expect.closeTo(4.96, 1), expect.any(Number), 'a smoke alarm sounds']]);
    const [[startS, endS, text] = [0, 0, ''], ...others] = box.scenes(spoken);
    expect([others, text]).toEqual([[], 'a smoke alarm sounds']);
    expect([startS, endS]).toEqual([expect.closeTo(4.96, 1), expect.closeTo(14.8, 1)]);
    expect(box.latest(spoken)?.sound).toMatchObject({ sounds: [{ label: alarm[0]?.label }], pack: 'stand-in' });
    expect([...box.scenes(seen), ...box.scenes(stopped)]).toEqual([]);
  });

  it('that comes again is another scene; two at once are one', async () => {
    const index = box.index(SPOKEN);
    const listening = standInEars();
    async function* audio() {
      listening.classes = [...barks, ...alarm];
      yield* chunks(talk(2));
      listening.classes = [];
      yield* chunks(talk(5), T0 + 2000);
      listening.classes = barks;
      yield* chunks(talk(2), T0 + 7000);
    }
    await listen(audio(), listening);
    expect(box.scenes(index).map(([, , text]) => text)).toEqual([
      'a smoke alarm sounds and a dog barks',
      'a dog barks',
    ]);
  });

  it('is known for the scenes of pictures', async () => {
    const listening = standInEars();
    listening.classes = barks;
    const ear = earWith(listening);
    await hear(audioOf(talk(5)), ear, never);
    expect(ear.heard.between(T0 + 1000, T0 + 3000, 0).facts).toEqual({
      sounds: [{ label: 'bark', score: 0.8, startMs: T0, endMs: expect.any(Number) }],
      levelDb: expect.closeTo(-20, 0),
      pack: 'stand-in',
    });
  });

  it('that never changes is looked at now and then only', async () => {
    const listening = standInEars();
    await listen(audioOf(noise(120_000, -35)), listening);
    expect(listening.asked.sounds).toBeGreaterThan(20);
    expect(listening.asked.sounds).toBeLessThan(45);
  });

  it('is unknown while no model listens, and levels are known all the same', async () => {
    const listening = standInEars({ sounds: async () => undefined, status: () => ({ sounds: { state: 'none' } }) });
    const ear = earWith(listening);
    await hear(audioOf(joined([talk(3), silence(14_000)])), ear, never);
    expect(ear.heard.between(T0, T0 + 2000, 0).facts).toEqual({ sounds: [], levelDb: expect.closeTo(-20, 0) });
    expect(ear.heard.between(T0 + 15_000, T0 + 16_000, 0).facts?.trouble).toBe('dead');
  });

  it('that can not be stored costs nothing else', async () => {
    const index = box.index(SPOKEN);
    const listening = standInEars();
    listening.classes = barks;
    {
      using _refused = box.refuseScenes();
      await listen(audioOf(joined([talk(3), quiet(2)])), listening);
    }
    expect(box.scenes(index)).toEqual([]);
    expect(spooled()).toHaveLength(1);
  });
});

describe('a failure', () => {
  it('is told once a minute, and hearing goes on with the next chunk', async () => {
    const listening = standInEars();
    const begin = vi.spyOn(spool, 'begin').mockImplementation(() => Promise.reject(new Error('a bug')));
    const told = vi.spyOn(box.deps.log, 'error');
    async function* audio() {
      yield* chunks(joined([talk(3), quiet(3), talk(3)]));
      begin.mockRestore();
      yield* chunks(joined([quiet(3), talk(3), quiet(3)]), T0 + 9000);
    }
    await listen(audio(), listening);
    expect(told).toHaveBeenCalledTimes(1);
    expect(spooled()).toEqual([[11.81, 15.17]]);
  });

  it('never reaches who records: hearing ends with the sound only', async () => {
    const listening = standInEars({
      voice: () => {
        throw new Error('a bug');
      },
      status: () => {
        throw new Error('another');
      },
    });
    await expect(listen(audioOf(talk(3)), listening)).resolves.toBeUndefined();
  });

  it('asks no model any more once it is told to stop, and keeps what was said', async () => {
    const stop = new AbortController();
    stop.abort();
    const listening = standInEars();
    const sentence = joined([quiet(1), speech('the red car is parked next to the gate'), quiet(1)]);
    await hear(audioOf(sentence), earWith(listening), stop.signal);
    expect(listening.asked).toEqual({ voice: 0, sounds: 0 });
    expect(spooled()).toHaveLength(1);
  });
});
