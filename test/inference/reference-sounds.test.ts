import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ears, earsWith, noise, samplesOf } from './audio.ts';
import { haveReferences, mediaFile, modelDir, skipNote } from './references.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const never = new AbortController().signal;
const patient = { timeout: 60_000, interval: 20 };

const speech = (name: string) => samplesOf(mediaFile(`speech/${name}.wav`));
const sound = (name: string) => samplesOf(mediaFile(`sounds/${name}.wav`));

async function ready(ears: Ears): Promise<Ears> {
  await vi.waitFor(() => {
    expect(ears.listening.status().voice.state).not.toBe('loading');
    expect(ears.listening.status().sounds.state).not.toBe('loading');
  }, patient);
  return ears;
}

/** Mean probability, its largest, and the share above one half. */
function summed(probabilities: Float32Array): { mean: number; max: number; share: number } {
  const all = [...probabilities];
  const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
  return { mean, max: Math.max(...all), share: all.filter((one) => one > 0.5).length / all.length };
}

describe.skipIf(!haveReferences)(`silero against its description${skipNote}`, () => {
  const packs = () => [modelDir('silero-vad-16k')];

  it.each([
    ['jfk', 0.689, 0.68],
    ['silero_test', 0.778, 0.77],
  ])('hears speech in %s', async (name, mean, share) => {
    await using ears = await ready(await earsWith(packs()));
    const heard = summed((await ears.listening.voice('rts-1', await speech(name), never)) ?? expect.fail('no answer'));
    expect(heard.mean).toBeCloseTo(mean, 2);
    expect(heard.share).toBeCloseTo(share, 1);
  });

  it.each(['another_door', 'i_tell_you', 'right_left_up', 'testing_routine', 'yes_no_go_stop'])(
    'hears speech in %s',
    async (name) => {
      await using ears = await ready(await earsWith(packs()));
      const heard = await ears.listening.voice('rts-1', await speech(name), never);
      expect(summed(heard ?? expect.fail('no answer')).share).toBeGreaterThan(0.3);
    },
  );

  it.each(['rain', 'typing', 'applause', 'car_engine', 'smoke_alarm_synth'])('hears none in %s', async (name) => {
    await using ears = await ready(await earsWith(packs()));
    const heard = summed((await ears.listening.voice('rts-1', await sound(name), never)) ?? expect.fail('no answer'));
    expect(heard.mean).toBeLessThanOrEqual(0.02);
    expect(heard.max).toBeLessThan(0.5);
  });

  it('hears none in silence and noise', async () => {
    await using ears = await ready(await earsWith(packs()));
    for (const samples of [new Int16Array(160_000), noise(160_000, 3000)]) {
      const heard = summed((await ears.listening.voice('rts-1', samples, never)) ?? expect.fail('no answer'));
      expect(heard.mean).toBeLessThanOrEqual(0.005);
      expect(heard.max).toBeLessThanOrEqual(0.22);
    }
  });

  it('gives the same when streams are told in pieces, among one another', async () => {
    await using ears = await ready(await earsWith(packs()));
    const said = await speech('jfk');
    const whole = await ears.listening.voice('whole', said.subarray(0, 512 * 60), never);
    const pieces: number[] = [];
    const asked: Promise<unknown>[] = [];
    for (let at = 0; at < 60; at += 12) {
      const piece = ears.listening.voice('pieces', said.subarray(512 * at, 512 * (at + 12)), never);
      asked.push(
        piece.then((probabilities) => pieces.push(...(probabilities ?? []))),
        ears.listening.voice('other', noise(1024, 8000), never),
      );
    }
    await Promise.all(asked);
    expect(pieces).toEqual([...(whole ?? [])]);
  });
});

describe.skipIf(!haveReferences)(`yamnet against its description${skipNote}`, () => {
  let applause: Int16Array;
  beforeAll(async () => {
    if (haveReferences) applause = await sound('applause');
  });

  it.each([
    ['typing', 'typing', 0.9],
    ['applause', 'applause', 0.9],
    ['rain', 'rain', 0.45],
    ['smoke_alarm_synth', 'smoke detector, smoke alarm', 0.8],
  ])('hears in %s: %s', async (name, label, score) => {
    await using ears = await ready(await earsWith([modelDir('yamnet')]));
    const heard = await ears.listening.sounds(await sound(name), never);
    expect(heard?.find((one) => one.label === label)?.score).toBeGreaterThan(score);
    const scores = heard?.map((one) => one.score) ?? [];
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(Math.min(...scores)).toBeGreaterThanOrEqual(0.1);
  });

  it('hears speech in speech and silence in silence', async () => {
    await using ears = await ready(await earsWith([modelDir('yamnet')]));
    expect((await ears.listening.sounds(await speech('jfk'), never))?.[0]?.label).toBe('speech');
    expect((await ears.listening.sounds(new Int16Array(16_000), never))?.[0]?.label).toBe('silence');
  });

  it('takes less than a second, and minutes', async () => {
    await using ears = await ready(await earsWith([modelDir('yamnet')]));
    expect(await ears.listening.sounds(new Int16Array(0), never)).toEqual(
      await ears.listening.sounds(new Int16Array(15_600), never),
    );
    const long = new Int16Array(16_000 * 120);
    long.set(applause, long.length - applause.length);
    const heard = await ears.listening.sounds(long, never);
    expect(heard?.find(({ label }) => label === 'applause')?.score).toBeGreaterThan(0.9);
  });
});
