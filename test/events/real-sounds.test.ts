import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileRule, step } from '#events';
import { SoundTracker } from '#hearing';
import { describeSound } from '#inference';
import { type Ears, earsWith, samplesOf } from '../inference/audio.ts';
import { haveReferences, mediaFile, modelDir, skipNote } from '../inference/references.ts';
import { T0 } from './scenes.ts';

/** What the pipeline hands to the model at once. */
const STRETCH = 31 * 512;
const PER_MS = 16;
const never = new AbortController().signal;

const PROMPTS = [
  'the smoke alarm goes off',
  'it is raining',
  'someone is typing',
  'people applaud',
  'an engine runs',
  'a bird sings',
  'glass breaking',
  'someone screams',
  'a baby cries',
  'a gunshot',
];

describe.skipIf(!haveReferences)(`rules on real sounds${skipNote}`, () => {
  let ears: Ears;

  beforeAll(async () => {
    ears = await earsWith([modelDir('yamnet')]);
    await vi.waitUntil(() => ears.listening.status().sounds.state === 'ready', { timeout: 20_000 });
  });
  afterAll(() => ears[Symbol.asyncDispose]());

  /** Which prompts fire, and after how many milliseconds of the recording. */
  async function fired(file: string): Promise<Map<string, number>> {
    const samples = await samplesOf(mediaFile(file));
    const tracker = new SoundTracker();
    const found = new Map<string, number>();
    for (let at = 0; at + STRETCH <= samples.length; at += STRETCH) {
      const classes = await ears.listening.sounds(samples.subarray(at, at + STRETCH), never);
      const [startMs, endMs] = [T0 + at / PER_MS, T0 + (at + STRETCH) / PER_MS];
      const { began } = tracker.hear(classes ?? expect.fail('no answer'), startMs, endMs);
      if (began.length === 0) continue;
      const sound = { sounds: began, levelDb: -20, pack: 'yamnet' };
      for (const prompt of PROMPTS.filter((one) => !found.has(one))) {
        const rule = compileRule(prompt, { zones: [] });
        const result = step(rule, undefined, { startMs, endMs, text: describeSound(sound), sound });
        if (result.fired) found.set(prompt, endMs - T0);
      }
    }
    return found;
  }

  it.each([
    ['sounds/smoke_alarm_synth.wav', 'the smoke alarm goes off'],
    ['sounds/rain.wav', 'it is raining'],
    ['sounds/typing.wav', 'someone is typing'],
    ['sounds/applause.wav', 'people applaud'],
    ['sounds/birds1.wav', 'a bird sings'],
    ['sounds/car_engine.wav', 'an engine runs'],
  ])('%s fires "%s" within 3 s, and no other', async (file, prompt) => {
    const found = await fired(file);
    expect([...found.keys()]).toEqual([prompt]);
    expect(found.get(prompt)).toBeLessThanOrEqual(3000);
  });

  it.each(['speech/jfk.wav', 'speech/silero_test.wav', 'speech/testing_routine.wav'])('%s fires none', async (file) => {
    expect([...(await fired(file)).keys()]).toEqual([]);
  });
});
