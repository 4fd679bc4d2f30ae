import { describe, expect, it } from 'vitest';
import { joined, LevelMeter, NoiseGate, UtteranceCutter, VoiceDetector } from '#hearing';
import { ABSENT, sharedFile } from '../e2e/support/shared.ts';
import { decoded, frames, mixed, noise, silence, speech, T0, tone } from './sound.ts';

/** Share of frames that are taken for speech. */
function share(samples: Int16Array): number {
  const detector = new VoiceDetector();
  const voices = frames(samples).map((frame) => detector.judge(frame.samples));
  return voices.filter((voice) => voice > 0.5).length / voices.length;
}

/** Utterances in ms from the start, as a box without a voice model cuts them. */
function utterances(samples: Int16Array): [startMs: number, endMs: number][] {
  const [gate, meter, detector, cutter] = [
    new NoiseGate(),
    new LevelMeter(),
    new VoiceDetector(),
    new UtteranceCutter(28_000),
  ];
  const cuts = frames(samples).flatMap((frame) => {
    const open = gate.pass(meter.add(frame));
    return cutter.push(frame, open ? detector.judge(frame.samples) : 0, gate.isLoud);
  });
  return [...cuts, ...cutter.flush()].flatMap((cut): [number, number][] =>
    cut.kind === 'end' ? [[cut.startMs - T0, cut.endMs - T0]] : [],
  );
}

const SENTENCE = 'someone help me, there is a fire in the kitchen';

describe('the built-in voice detector', () => {
  it.each(['en-us', 'en-us+f3', 'en-gb+m7', 'de', 'es+f2'])('hears speech (%s)', (voice) => {
    expect(share(speech(SENTENCE, voice))).toBeGreaterThan(0.6);
  });

  it('hears speech over a fan, and speech from far away', () => {
    const sentence = speech(SENTENCE);
    expect(share(mixed(sentence, noise(sentence.length / 16, -36)))).toBeGreaterThan(0.5);
    expect(share(sentence.map((sample) => Math.round(sample / 20)))).toBeGreaterThan(0.6);
  });

  it.each([
    ['silence', silence(5000)],
    ['a fan', noise(5000, -30)],
    ['a whistle', tone(5000, 1000, -20)],
    ['a hum', tone(5000, 100, -20)],
    ['a beep every second', joined(Array.from({ length: 6 }, () => [tone(500, 3100, -20), silence(500)]).flat())],
    ['clicks', joined(Array.from({ length: 20 }, () => [noise(20, -20), silence(230)]).flat())],
  ])('takes %s for no speech', (_, samples) => {
    expect(share(samples)).toBeLessThan(0.05);
  });

  it('cuts what is said where it is said', () => {
    const [first, second] = [speech(SENTENCE), speech('the red car is parked next to the gate', 'en-gb+m7')];
    const [lead, pause] = [3000, 4000];
    const room = noise(60_000, -60);
    const found = utterances(mixed(room, joined([silence(lead), first, silence(pause), second])));
    const secondMs = lead + first.length / 16 + pause;
    expect(found).toHaveLength(2);
    const spoken = [lead, lead + first.length / 16, secondMs, secondMs + second.length / 16];
    // Each begins and ends with what is said and some silence, and cuts nothing off.
    for (const [n, edgeMs] of found.flat().entries()) {
      const silentMs = (edgeMs - (spoken[n] ?? 0)) * (n % 2 === 0 ? -1 : 1);
      expect(silentMs).toBeGreaterThan(0);
      expect(silentMs).toBeLessThan(300);
    }
  });

  it('is not disturbed by what it is not shown', () => {
    const detector = new VoiceDetector();
    expect(detector.judge(new Int16Array(512))).toBeLessThan(0.1);
    expect(Number.isFinite(detector.judge(new Int16Array(512).fill(32_767)))).toBe(true);
  });
});

const jfk = sharedFile('media/speech/jfk.wav');

describe.skipIf(!jfk)(`the built-in voice detector, with real sounds (${ABSENT})`, () => {
  const file = (path: string) => decoded(sharedFile(`media/${path}.wav`) ?? '');

  it.each(['jfk', 'silero_test', 'another_door', 'testing_routine', 'i_tell_you'])('hears speech in %s', (name) => {
    expect(share(file(`speech/${name}`))).toBeGreaterThan(0.55);
  });

  it.each(['rain', 'typing', 'applause', 'car_engine', 'smoke_alarm_synth'])('cuts no utterance from %s', (name) => {
    expect(utterances(file(`sounds/${name}`))).toEqual([]);
  });
});
