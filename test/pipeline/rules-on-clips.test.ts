/**
 * Every relation from pictures to alerts: clips are decoded, seen, stored and evaluated as a camera's are. Things are found by
 * their colours, so that it is proven everywhere; what needs no detector is seen by the built-in pack alone, and a real one
 * looks at real people where the reference material is. What is heard has tests of its own: `hear-real.test.ts`,
 * `sound-sight.test.ts` here, and `sound-events.test.ts`, `hearing-alerts` in e2e.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Zone } from '#domain';
import { haveReferences, inferenceWith, mediaFile, modelDir, skipNote } from '../inference/references.ts';
import { type Box, openBox } from './box.ts';
import { alertsOn, colourEyes, makeClip, type Thing } from './clips.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const band = (name: string, from: number, to: number): Zone => ({
  name,
  polygon: [
    [from, 0],
    [to, 0],
    [to, 1],
    [from, 1],
  ],
});
const ZONES = [band('gate', 0.68, 0.8), band('yard', 0.4, 0.65)];

/** Between which seconds of the clip each firing comes. */
type Expected = Readonly<Record<string, readonly (readonly [from: number, to: number])[]>>;

let dir: string;
let box: Box;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-clips-'));
});
afterAll(() => rmSync(dir, { recursive: true }));
beforeEach(async () => {
  box = await openBox();
});
afterEach(() => box[Symbol.asyncDispose]());

function check(told: ReadonlyMap<string, readonly number[]>, expected: Expected): void {
  const wrong = Object.entries(expected).flatMap(([prompt, times]) => {
    const fired = told.get(prompt) ?? [];
    const right = fired.length === times.length && times.every(([from, to], i) => inside(fired[i], from, to));
    return right ? [] : [`${prompt}: fired at ${fired.join(', ') || 'no time'}, expected ${JSON.stringify(times)}`];
  });
  expect(wrong).toEqual([]);
}

function inside(at: number | undefined, from: number, to: number): boolean {
  return at !== undefined && at >= from && at <= to;
}

const PERSON = [0.1, 0.4] as const;
/** Comes over the right edge at 4 s, stands in the yard from 8 s to 16 s, and goes out again by 20 s. */
const VISITOR: Thing = {
  colour: 'red',
  at: (t) => {
    if (t < 4 || t > 20) return undefined;
    return [t < 8 ? 1 - (t - 4) / 8 : t < 16 ? 0.5 : 0.5 + (t - 16) / 8, 0.35, ...PERSON];
  },
};
const VISIT: Expected = {
  'a person is in the picture': [[4, 7]],
  'a person appears': [[4, 7]],
  'a person enters': [[4, 7]],
  'a person leaves': [[20, 26]],
  'someone crosses the gate': [
    [5, 9],
    [16, 20],
  ],
  'someone enters the yard': [[6, 10]],
  'someone leaves the yard': [[16, 22]],
  'a person stays for 8 seconds': [[11, 16]],
  'nobody is there for 3 seconds': [
    [3, 4],
    [23, 27],
  ],
  'someone walks to the left': [[5, 9]],
  'someone walks to the right': [[17, 21]],
  'a person approaches the yard': [[5, 9]],
  'a person in red appears': [[4, 7]],
  'a person in blue appears': [],
  'a large person': [],
  'a person in at least 3 of 5 windows': [[6, 10]],
  'a person enters while no car is there': [[4, 7]],
  'a person enters and a car is there': [],
  'a car appears or a person leaves': [[20, 26]],
  'a person is in the picture but nobody is in the yard': [
    [4, 7],
    [16, 22],
  ],
};

describe('things of one colour before a still ground', () => {
  it('come, cross, stay, go, move and approach, alone and in parts', async () => {
    const clip = makeClip(dir, 'visit', 28, [VISITOR]);
    check(await alertsOn(box, clip, Object.keys(VISIT), { eyes: colourEyes, zones: ZONES }), VISIT);
  });

  it('are counted, and one leaves while another comes', async () => {
    const people: Thing[] = [
      { colour: 'red', at: (t) => (t < 4 ? undefined : [t < 12 ? 0.47 : 0.47 - (t - 12) / 8, 0.35, ...PERSON]) },
      { colour: 'magenta', at: (t) => (t < 10 ? undefined : [Math.max(0.53, 1 - (t - 10) / 8), 0.35, ...PERSON]) },
      { colour: 'blue', at: () => [0.03, 0.05, 0.16, 0.22] },
    ];
    const expected: Expected = {
      'at least two people': [[10, 14]],
      'exactly one person': [
        [4, 9],
        [15, 21],
      ],
      'fewer than 2 people': [
        [2, 4],
        [15, 21],
      ],
      'someone enters the yard': [
        [4, 8],
        [12, 16],
      ],
      'someone leaves the yard': [[12, 16]],
      'a person appears while no car is there': [],
      'a person and a car are there': [[4, 7]],
      'more than 2 people': [],
    };
    const clip = makeClip(dir, 'people', 22, people);
    check(await alertsOn(box, clip, Object.keys(expected), { eyes: colourEyes, zones: ZONES }), expected);
  });

  it('grow as they come nearer', async () => {
    const size = (t: number) => 0.1 * 1.25 ** Math.max(0, Math.min(t, 10) - 2);
    const car: Thing = { colour: 'blue', at: (t) => [0.1, 0.1, size(t), 0.7 * size(t)] };
    const expected: Expected = {
      'a car drives towards the camera': [[3, 6]],
      'a car approaches': [[3, 6]],
      'a car drives away from the camera': [],
      'a large car': [[7, 11]],
      'a small car': [[1, 4]],
      'a large person': [],
    };
    const clip = makeClip(dir, 'nearer', 14, [car]);
    check(await alertsOn(box, clip, Object.keys(expected), { eyes: colourEyes }), expected);
  });
});

describe('the built-in pack alone', () => {
  it('tells light, tampering and motion, alone and in parts', async () => {
    const mover: Thing = {
      colour: 'red',
      at: (t) => (t < 2 || t > 6 ? undefined : [0.15 + (t - 2) / 10, 0.35, ...PERSON]),
    };
    const hand: Thing = { colour: 'blue', at: (t) => (t < 24 ? undefined : [0, 0, 1, 1]) };
    const clip = makeClip(dir, 'room', 34, [mover, hand], (t) => (t >= 8 && t < 16 ? 0.12 : 1));
    const expected: Expected = {
      'the lights go off': [[8, 11]],
      'the lights go on': [[16, 19]],
      'the camera is covered': [[24, 33]],
      'something moves for 2 seconds': [[4, 7]],
      'a person enters': [[2, 5]],
      'the lights go on or the camera is covered': [
        [16, 19],
        [24, 33],
      ],
      // Light counts for ten seconds.
      'the lights go on while the camera is covered': [[24, 28]],
    };
    const told = await alertsOn(box, clip, Object.keys(expected), { eyes: box.inference });
    check(told, expected);
  });
});

describe.skipIf(!haveReferences)(`one who walks into a room and out again${skipNote}`, () => {
  it('is told of by every relation', async () => {
    await using bench = await inferenceWith(modelDir('yolox-nano'));
    const expected: Expected = {
      'a person is in the room': [
        [5, 9],
        [22, 27],
      ],
      'a person enters': [
        [5, 9],
        [22, 27],
      ],
      'a person leaves': [[18, 23]],
      'a person stays for 6 seconds': [
        [11, 16],
        [28, 33],
      ],
      'nobody is there for 3 seconds': [
        [3, 5],
        [21, 25],
      ],
      'two or more people': [],
      'a person is there while no car is there': [
        [5, 9],
        [22, 27],
      ],
      'a person in at least 3 of 5 windows': [
        [7, 12],
        [24, 30],
      ],
    };
    const told = await alertsOn(box, firstVisits(), Object.keys(expected), { eyes: bench.inference, fps: 2 });
    check(told, expected);
  });
});

/** The first visit and the beginning of the second. */
function firstVisits(): string {
  const file = join(dir, 'first.mp4');
  const source = mediaFile('video/one-by-one-person-detection.mp4');
  execFileSync('ffmpeg', ['-v', 'error', '-i', source, '-t', '34', '-an', '-c:v', 'copy', file]);
  return file;
}
