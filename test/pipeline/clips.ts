import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Alert, Detection, Frame, Box as Place, SceneIndex, Zone } from '#domain';
import { Evaluator, ruleFor } from '#events';
import { type Eyes, Observer } from '#inference';
import { createLog } from '#runtime';
import { see } from '../../src/pipeline/see.ts';
import { SoundSight } from '../../src/pipeline/sound-sight.ts';
import { frame, HEIGHT, room, WIDTH } from '../inference/pictures.ts';
import { framesOf } from '../inference/references.ts';
import { anAlert, anEvent, standingClock } from '../store/fixture.ts';
import { type Box, T0 } from './box.ts';

const FPS = 4;

/** A rectangle of one colour: where it is at a time, left, top, width and height as fractions; nowhere when undefined. */
export interface Thing {
  colour: keyof typeof KINDS;
  at: (seconds: number) => readonly [x: number, y: number, w: number, h: number] | undefined;
}

/** What a rectangle of a colour stands for. */
const KINDS = {
  red: { label: 'person', rgb: [208, 32, 32] },
  magenta: { label: 'person', rgb: [208, 32, 208] },
  blue: { label: 'car', rgb: [32, 64, 208] },
} as const;

/** A video of things before a still room; `lit` is how bright it is at a time, 0–1. Returns its file. */
export function makeClip(
  dir: string,
  name: string,
  seconds: number,
  things: readonly Thing[],
  lit: (seconds: number) => number = () => 1,
): string {
  const file = join(dir, `${name}.mp4`);
  const frames = Array.from({ length: seconds * FPS }, (_, i) => paint(things, i / FPS, lit(i / FPS)));
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${WIDTH}x${HEIGHT}`, '-r', `${FPS}`, '-i', 'pipe:0'];
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '12', '-pix_fmt', 'yuv444p'];
  execFileSync('ffmpeg', ['-v', 'error', ...raw, ...encode, file], { input: Buffer.concat(frames) });
  return file;
}

function paint(things: readonly Thing[], seconds: number, light: number): Uint8Array {
  const { rgb } = frame(0, room);
  for (const { colour, at } of things) {
    const [x = 0, y = 0, w = 0, h = 0] = at(seconds) ?? [];
    const [left, right] = [Math.max(0, Math.round(x * WIDTH)), Math.min(WIDTH, Math.round((x + w) * WIDTH))];
    for (
      let row = Math.max(0, Math.round(y * HEIGHT));
      row < Math.min(HEIGHT, Math.round((y + h) * HEIGHT));
      row += 1
    ) {
      for (let column = left; column < right; column += 1) rgb.set(KINDS[colour].rgb, (row * WIDTH + column) * 3);
    }
  }
  return rgb.map((value) => value * light);
}

/** Knows the rectangles by their colours; everything else is the box's own. */
export const colourEyes: Eyes = {
  has: (task) => task === 'object-detection',
  status: () => ({
    state: 'ready',
    pack: 'colours',
    packs: { 'object-detection': 'colours' },
    restarts: 0,
    queued: 0,
    dropped: 0,
  }),
  detect: async (frame) => Object.values(KINDS).flatMap(({ label, rgb }) => detectionOf(frame, label, rgb)),
  ask: async () => 'none',
};

const NEAR = 60;
const STEP = 4;
const LEAST = 12;

function detectionOf({ width, height, rgb }: Frame, label: string, wanted: readonly number[]): Detection[] {
  const xs: number[] = [];
  const ys: number[] = [];
  for (let y = 0; y < height; y += STEP) {
    for (let x = 0; x < width; x += STEP) {
      const at = (y * width + x) * 3;
      if (wanted.some((value, i) => Math.abs((rgb[at + i] ?? 0) - value) > NEAR)) continue;
      xs.push(x);
      ys.push(y);
    }
  }
  if (xs.length < LEAST) return [];
  const place: Place = {
    x1: Math.min(...xs) / width,
    y1: Math.min(...ys) / height,
    x2: Math.min(1, (Math.max(...xs) + STEP) / width),
    y2: Math.min(1, (Math.max(...ys) + STEP) / height),
  };
  return [{ label, score: 0.9, box: place }];
}

/** When each prompt's alert fires while the clip is seen, in seconds of the clip. */
export async function alertsOn(
  box: Box,
  file: string,
  prompts: readonly string[],
  { eyes, zones = [], fps = FPS }: { eyes: Eyes; zones?: readonly Zone[]; fps?: number },
): Promise<Map<string, number[]>> {
  const { store, stream, outlook } = box;
  store.streams.update(stream.id, { zones: [...zones] });
  const index = box.index({ type: 'time', seconds: 1, frameCount: Math.min(4, fps) });
  for (const prompt of prompts) arm(box, index, prompt, zones);
  const sight = { observer: new Observer(index, eyes), sounds: new SoundSight(undefined), sceneId: undefined };
  async function* frames(): AsyncGenerator<Frame> {
    for await (const frame of framesOf(file, fps, 2 * HEIGHT)) yield { ...frame, atMs: T0 + frame.atMs };
  }
  await see(frames(), index, sight, { ...outlook, zones: () => [...zones] }, new AbortController().signal);
  const deps = { store, clock: standingClock(), log: createLog('silent'), mqttTopic: false };
  await using evaluator = await Evaluator.start(deps, AbortSignal.abort());
  while (evaluator.runOnce() > 0);
  const told = new Map<string, number[]>(prompts.map((prompt) => [prompt, []]));
  for (const { label, endMs } of store.firings.recent({ limit: 500 }).reverse())
    told.get(label)?.push((endMs - T0) / 1000);
  return told;
}

function arm({ store }: Box, index: SceneIndex, prompt: string, zones: readonly Zone[]): Alert {
  const event = anEvent({ rule: ruleFor(prompt, { zones: zones.map(({ name }) => name) }), prompt, label: prompt });
  store.events.create(event);
  const alert = anAlert(index, event, { createdMs: T0 });
  store.alerts.create(alert);
  return alert;
}
