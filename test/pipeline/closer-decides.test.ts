import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame, Scene } from '#domain';
import { newId } from '#domain';
import { ruleFor } from '#events';
import { Observer } from '#inference';
import { Closer } from '../../src/pipeline/closer.ts';
import { see } from '../../src/pipeline/see.ts';
import { SoundSight } from '../../src/pipeline/sound-sight.ts';
import {
  type Bench,
  framesOf,
  haveReferences,
  inferenceWith,
  mediaFile,
  modelDir,
  skipNote,
} from '../inference/references.ts';
import { type Box, openBox, T0 } from './box.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const CLIP = 'video/one-by-one-person-detection.mp4';
const never = new AbortController().signal;
/** When the first visitor's head is in the picture: the detector is not sure of it. */
const HEAD_S = 6.4;
const EMPTY_S = 4;

describe.skipIf(!haveReferences)(`a window with one frame, of a visitor who is hardly there yet${skipNote}`, () => {
  let mediaDir: string;
  let bench: Bench;
  let box: Box;
  const frames = new Map<number, Frame>();

  /** The first twelve seconds of the clip as the recorder has them. */
  beforeAll(async () => {
    mediaDir = mkdtempSync(join(tmpdir(), 'wp-decides-'));
    const hls = ['-f', 'hls', '-hls_time', '4', '-hls_segment_type', 'fmp4', '-hls_list_size', '0'];
    const names = ['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', '%d.m4s', 'live.m3u8'];
    const input = ['-loglevel', 'error', '-i', mediaFile(CLIP), '-t', '12', '-an', '-c:v', 'copy'];
    execFileSync('ffmpeg', [...input, ...hls, ...names], { cwd: mediaDir });
    for await (const frame of framesOf(mediaFile(CLIP), 5, 360)) {
      if (frame.atMs <= HEAD_S * 1000) frames.set(frame.atMs, frame);
    }
    bench = await inferenceWith(modelDir('yolox-nano'));
  });
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
    rmSync(mediaDir, { recursive: true });
  });
  beforeEach(async () => {
    box = await openBox();
    const session = {
      id: 'rec-1',
      streamId: box.stream.id,
      startedMs: T0,
      initPath: 'init.mp4',
      width: 768,
      height: 432,
    };
    let startMs = T0;
    const playlist = readFileSync(join(mediaDir, 'live.m3u8'), 'utf8');
    for (const [, seconds, path] of playlist.matchAll(/#EXTINF:([\d.]+),\n(\S+)/g)) {
      const endMs = startMs + Math.round(Number(seconds) * 1000);
      const about = { streamId: box.stream.id, sessionId: session.id, startMs, endMs };
      box.store.segments.add({ ...about, path: path ?? '', bytes: 1 }, session);
      startMs = endMs;
    }
  });
  afterEach(() => box[Symbol.asyncDispose]());

  /** What is told of the ten seconds in which the visitor comes, of which the index has one frame. */
  async function toldOf(prompt: string | undefined): Promise<{ scene: Scene; looks: number }> {
    const index = box.index({ type: 'time', seconds: 10, frameCount: 1 });
    if (prompt !== undefined) {
      const eventId = newId('event');
      const at = { createdMs: T0 };
      box.store.events.create({ id: eventId, label: 'visit', prompt, rule: ruleFor(prompt, { zones: [] }), ...at });
      const about = { id: newId('alert'), streamId: box.stream.id, indexId: index.id, eventId };
      box.store.alerts.create({ ...about, status: 'enabled', ...at });
    }
    const { store, deps } = box;
    const closer = new Closer({ store, mediaDir, clock: deps.clock, log: deps.log });
    const observer = new Observer(index, bench.inference);
    const sight = { observer, sounds: new SoundSight(undefined), sceneId: undefined };
    const shown = [
      [-6, EMPTY_S],
      [HEAD_S, HEAD_S],
    ] as const;
    async function* stream(): AsyncGenerator<Frame> {
      for (const [at, of] of shown) {
        const frame = frames.get(of * 1000) ?? expect.fail(`no frame at ${of} s`);
        yield { ...frame, atMs: T0 + at * 1000 };
      }
    }
    await see(stream(), index, sight, { ...box.outlook, closer }, never);
    return { scene: box.latest(index) ?? expect.fail('no scene'), looks: closer.looks };
  }

  const people = ({ facts }: Scene) => facts?.objects.filter(({ label }) => label === 'person') ?? [];

  it('is looked at more closely when an alert hangs on it, and then tells who came', async () => {
    const { scene, looks } = await toldOf('a person enters');
    expect(looks).toBe(1);
    expect(people(scene)).toMatchObject([{ track: 1, appeared: 'bottom' }]);
    expect(scene.startMs).toBe(T0);
  });

  it('stays as it was seen when none does', async () => {
    const unarmed = await toldOf(undefined);
    expect([people(unarmed.scene), unarmed.looks]).toEqual([[], 0]);
    const other = await toldOf('a car enters');
    expect([people(other.scene), other.looks]).toEqual([[], 0]);
  });
});
