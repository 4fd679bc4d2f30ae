import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SceneIndex } from '#domain';
import { joined, Spool } from '#hearing';
import { systemClock } from '#runtime';
import { Ear, hear } from '../../src/pipeline/hear.ts';
import { chunks, noise, T0 } from '../hearing/sound.ts';
import { type Ears, earsWith, samplesOf } from '../inference/audio.ts';
import { haveReferences, mediaFile, modelDir, skipNote } from '../inference/references.ts';
import { type Box, openBox } from './box.ts';

const never = new AbortController().signal;
const room = (seconds: number) => noise(seconds * 1000, -65);

describe.skipIf(!haveReferences)(`hearing with real models and real sounds${skipNote}`, () => {
  let ears: Ears;
  let box: Box;
  let spoken: SceneIndex;
  let dir: string;
  let spool: Spool;
  let ear: Ear;

  beforeAll(async () => {
    ears = await earsWith([modelDir('silero-vad-16k'), modelDir('yamnet')]);
    const { listening } = ears;
    const ready = () => listening.status().sounds.state === 'ready' && listening.status().voice.state === 'ready';
    await vi.waitUntil(ready, { timeout: 45_000 });
  });
  afterAll(() => ears[Symbol.asyncDispose]());

  beforeEach(async () => {
    box = await openBox();
    spoken = box.index({ type: 'transcript', segmenter: 'sentence', value: 1 });
    dir = mkdtempSync(join(tmpdir(), 'wp-hear-'));
    const { store, clock, log } = box.deps;
    spool = await Spool.open({
      dir,
      clock: systemClock,
      log,
      recordGap: (gap) => expect.fail(gap.reason),
      isUrgent: () => false,
      room: async () => Number.POSITIVE_INFINITY,
    });
    const { listening } = ears;
    // Somebody would write it down.
    const models = {
      voice: listening.voice.bind(listening),
      sounds: listening.sounds.bind(listening),
      status: listening.status.bind(listening),
      speechAvailable: true,
      longestMs: 28_000,
    };
    const stream = { ...box.stream, transcription: { ...box.stream.transcription, wanted: true } };
    ear = new Ear(() => stream, { listening: models, spool, store, clock, log, patienceMs: 30_000 });
  });
  afterEach(async () => {
    await box[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  async function listen(samples: Int16Array): Promise<void> {
    async function* audio() {
      yield* chunks(samples, T0, 250);
    }
    await hear(audio(), ear, never);
  }

  /** Seconds from `T0`. */
  function utterances(): [startS: number, endS: number][] {
    const all: [number, number][] = [];
    for (let next = spool.take(); next; next = spool.take()) {
      all.push([(next.startMs - T0) / 1000, (next.endMs - T0) / 1000]);
    }
    return all;
  }

  it.each(['rain', 'typing', 'applause', 'car_engine', 'birds1', 'crowd_cheering', 'smoke_alarm_synth'])(
    'hears nobody speak in %s',
    async (name) => {
      await listen(joined([room(3), await samplesOf(mediaFile(`sounds/${name}.wav`)), room(2)]));
      expect(utterances()).toEqual([]);
    },
  );

  it.each([
    ['jfk', 1],
    ['another_door', 1],
    ['testing_routine', 1],
    ['i_tell_you', 1],
  ])('cuts %s where it is said', async (name, most) => {
    const speech = await samplesOf(mediaFile(`speech/${name}.wav`));
    await listen(joined([room(4), speech, room(2)]));
    const found = utterances();
    expect(found.length).toBeGreaterThanOrEqual(most);
    const [firstS, lastS] = [found[0]?.[0] ?? 0, found.at(-1)?.[1] ?? 0];
    expect(firstS).toBeGreaterThan(3.5);
    expect(firstS).toBeLessThan(5);
    expect(lastS).toBeLessThan(4 + speech.length / 16_000 + 0.5);
    const total = found.reduce((sum, [startS, endS]) => sum + endS - startS, 0);
    expect(total).toBeGreaterThan((0.7 * speech.length) / 16_000);
  });

  it('tells a smoke alarm within two seconds of its sound, whenever it begins', async () => {
    const alarm = await samplesOf(mediaFile('sounds/smoke_alarm_synth.wav'));
    for (const lead of [3000, 3210, 3420, 3630, 3840]) {
      const index = box.index({ type: 'transcript', segmenter: 'sentence', value: 1 });
      const sound = joined([noise(lead, -65), alarm, room(4)]);
      let toldMs: number | undefined;
      async function* audio() {
        for (const chunk of chunks(sound, T0, 250)) {
          yield chunk;
          // What is asked for is what came of the chunks before.
          if (box.scenes(index).some(([, , text]) => /smoke alarm/.test(text))) toldMs ??= chunk.atMs;
        }
      }
      await hear(audio(), ear, never);
      expect(toldMs).toBeDefined();
      expect((toldMs ?? 0) - T0 - lead).toBeLessThan(2000);
    }
  });

  it('tells what is heard, for as long as it is heard', async () => {
    await listen(joined([room(3), await samplesOf(mediaFile('sounds/applause.wav')), room(6)]));
    const [[startS, endS, text] = [0, 0, '']] = box.scenes(spoken);
    expect(text).toContain('applau');
    expect(startS).toBeGreaterThan(2.9);
    expect(startS).toBeLessThan(5);
    expect(endS).toBeGreaterThan(10);
    expect(endS).toBeLessThan(12.5);
  });

  it('takes speech for no sound that is told', async () => {
    await listen(joined([room(3), await samplesOf(mediaFile('speech/jfk.wav')), room(4)]));
    expect(box.scenes(spoken)).toEqual([]);
  });
});
