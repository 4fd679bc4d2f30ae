import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cut, FRAME_MS, joined, UtteranceCutter } from '#hearing';
import { frames, noise, T0 } from './sound.ts';

interface Utterance {
  startMs: number;
  endMs: number;
  samples: Int16Array;
}

/** Puts together what the cutter said, as the spool does. */
function utterancesOf(cuts: readonly Cut[]): Utterance[] {
  const open: { startMs: number; parts: Int16Array[] }[] = [];
  const done: Utterance[] = [];
  for (const cut of cuts) {
    if (cut.kind === 'begin') open.push({ startMs: cut.startMs, parts: cut.frames.map(({ samples }) => samples) });
    else if (cut.kind === 'more') open.at(-1)?.parts.push(...cut.frames.map(({ samples }) => samples));
    else {
      const [ended] = open.splice(
        open.findIndex(({ startMs }) => startMs === cut.startMs),
        1,
      );
      if (!ended) throw new Error('one ended that never began');
      const length = (cut.endMs - cut.startMs) * 16;
      done.push({ startMs: cut.startMs, endMs: cut.endMs, samples: joined(ended.parts).slice(0, length) });
    }
  }
  expect(open).toEqual([]);
  return done.sort((a, b) => a.startMs - b.startMs);
}

/** Voices as a text: `.` for none, `#` for speech; each sign is one frame. So is what is loud. */
function cut(voices: string, longestMs = 28_000, loud?: string): Utterance[] {
  const cutter = new UtteranceCutter(longestMs);
  const sound = frames(noise(voices.length * FRAME_MS, -20));
  const cuts = sound.flatMap((frame, n) =>
    cutter.push(frame, voices[n] === '#' ? 0.9 : 0.02, loud === undefined ? undefined : loud[n] === '#'),
  );
  return utterancesOf([...cuts, ...cutter.flush()]);
}

const spans = (utterances: readonly Utterance[]) =>
  utterances.map(({ startMs, endMs }) => [(startMs - T0) / FRAME_MS, (endMs - T0) / FRAME_MS]);

/** Quicker than `toEqual`, which looks at each sample. */
const same = (a: Int16Array, b: Int16Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

const [pause, speech] = [(n: number) => '.'.repeat(n), (n: number) => '#'.repeat(n)];

describe('the utterance cutter', () => {
  it('hears nothing where nobody speaks', () => {
    expect(cut(pause(1000))).toEqual([]);
  });

  it('pads what is said by 200 ms', () => {
    expect(spans(cut(pause(50) + speech(30) + pause(50)))).toEqual([[44, 85]]);
  });

  it('hands on exactly the sound of that time', () => {
    const [utterance] = cut(pause(50) + speech(30) + pause(50));
    expect(utterance?.samples).toEqual(noise(130 * FRAME_MS, -20).slice(44 * 512, 85 * 512));
  });

  it('joins what is less than 600 ms apart, and nothing else', () => {
    expect(spans(cut(pause(20) + speech(20) + pause(18) + speech(20) + pause(40)))).toEqual([[14, 83]]);
    expect(spans(cut(pause(20) + speech(20) + pause(19) + speech(20) + pause(40)))).toEqual([
      [14, 45],
      [53, 84],
    ]);
  });

  it('takes a knock for no speech, and a short word for speech', () => {
    expect(cut(`${pause(20)}####${pause(40)}`)).toEqual([]);
    expect(spans(cut(`${pause(20)}#####${pause(40)}`))).toEqual([[14, 30]]);
    expect(spans(cut(`${pause(20)}##.##.#${pause(40)}`))).toEqual([[14, 32]]);
  });

  it('makes up for a detector that judges late: what is loud tells where it began and ended', () => {
    const voices = pause(38) + speech(30) + pause(30);
    expect(spans(cut(voices, 28_000, pause(30) + speech(25) + pause(43)))).toEqual([[24, 60]]);
    expect(spans(cut(voices, 28_000, pause(30) + speech(3) + pause(3) + speech(19) + pause(43)))).toEqual([[24, 60]]);
    // A noise before it that has nothing to do with it.
    expect(spans(cut(voices, 28_000, pause(20) + speech(5) + pause(10) + speech(20) + pause(43)))).toEqual([[29, 60]]);
  });

  it('ends what is being said when the sound ends', () => {
    expect(spans(cut(pause(20) + speech(20)))).toEqual([[14, 40]]);
    expect(spans(cut(`${pause(20)}${speech(20)}${pause(3)}`))).toEqual([[14, 43]]);
  });

  it('may begin with the first frame', () => {
    expect(spans(cut(speech(20) + pause(30)))).toEqual([[0, 25]]);
  });

  it('cuts who never pauses at the longest, and loses nothing', () => {
    const utterances = cut(speech(3000));
    expect(Math.max(...utterances.map(({ startMs, endMs }) => endMs - startMs))).toBeLessThanOrEqual(28_000);
    expect(same(joined(utterances.map(({ samples }) => samples)), noise(3000 * FRAME_MS, -20))).toBe(true);
    expect(utterances.slice(1).map(({ startMs }) => startMs)).toEqual(
      utterances.slice(0, -1).map(({ endMs }) => endMs),
    );
  });

  it('cuts where the pause is, if there is one late enough', () => {
    expect(spans(cut(`${speech(600)}...${speech(600)}${pause(30)}`))[0]?.[1]).toBe(601);
    expect(spans(cut(`${speech(300)}...${speech(900)}${pause(30)}`))[0]?.[1]).toBeGreaterThan(500);
  });

  it('keeps to the shorter window of a smaller model', () => {
    const utterances = cut(speech(1000), 8000);
    expect(Math.max(...utterances.map(({ startMs, endMs }) => endMs - startMs))).toBeLessThanOrEqual(8000);
    expect(same(joined(utterances.map(({ samples }) => samples)), noise(1000 * FRAME_MS, -20))).toBe(true);
  });

  it('begins the next one before it ends the one before, so that nothing is in neither', () => {
    const cutter = new UtteranceCutter(4000);
    const kinds = frames(noise(6000, -20)).flatMap((frame) => cutter.push(frame, 0.9).map(({ kind }) => kind));
    expect(kinds.filter((kind) => kind !== 'more')).toEqual(['begin', 'begin', 'end']);
  });

  it('covers all that is said, in order and without overlap, whatever is said', () => {
    const turns = fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 400 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(turns, fc.integer({ min: 2000, max: 28_000 }), (lengths, longestMs) => {
        const voices = lengths.map(([silent, spoken]) => pause(silent) + speech(spoken)).join('');
        const utterances = cut(voices, longestMs);
        for (const { startMs, endMs, samples } of utterances) {
          expect(endMs - startMs).toBeLessThanOrEqual(longestMs);
          expect(samples.length).toBe((endMs - startMs) * 16);
        }
        const covered = spans(utterances);
        for (const [n, [from = 0]] of covered.entries()) expect(from).toBeGreaterThanOrEqual(covered[n - 1]?.[1] ?? 0);
        for (const run of voices.matchAll(/#{8,}/g)) {
          for (const frame of [run.index, run.index + run[0].length - 1]) {
            expect(covered.some(([from = 0, to = 0]) => frame >= from && frame < to)).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
