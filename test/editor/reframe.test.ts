/** Videos in another shape, whose picture goes where something is: real ffmpeg, the built-in pack. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Asset, type Job, newId } from '#domain';
import { beginFollowing, type Composition } from '#editor';
import { type Box, openBox, T0 } from '../assets/box.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let box: Box;
beforeAll(async () => {
  box = await openBox();
});
afterAll(() => box[Symbol.asyncDispose]());

/** Of the ground; a white square of 40 pixels makes a picture of 96 by 180 about twelve brighter. */
const GREY = 127;
const SIZE = { width: 96, height: 180 };

function composition(asset: Asset, fromMs = 0): Composition {
  const durationMs = asset.lengthMs - fromMs;
  const content = { kind: 'video', assetId: asset.id, fromMs, volume: 1 } as const;
  const place = { position: 'center', offset: { x: 0, y: 0 }, scale: 1, opacity: 1 } as const;
  const layer = { startMs: 0, durationMs, content, fit: 'crop', ...place } as const;
  return { ...SIZE, fps: 10, background: '#000000', durationMs, layers: [layer] };
}

/** A job as the runner would hand it out. */
function begin(wanted: Composition): { asset: Asset } | { job: Job } {
  const jobs = {
    submit: (kind: Job['kind'], input: Record<string, unknown>, options: object = {}) =>
      box.store.jobs.add({ id: newId('job'), kind, input, createdMs: T0, ...options }),
  };
  const keep = { collectionId: box.store.defaultCollection.id, name: 'Yard (96x180)' };
  return beginFollowing({ ...box.deps, jobs }, wanted, { keep });
}

async function made(wanted: Composition) {
  const begun = begin(wanted);
  if (!('job' in begun)) throw new Error('it was made before');
  const { assetId = '', message } = await box.run(begun.job);
  return { asset: box.asset(assetId), message };
}

/** Of the whole picture at a time. */
function brightness(asset: Asset, atS: number): number {
  const pieces = box.store.assets.pieces(asset.id);
  const files = [pieces[0]?.initPath ?? '', ...pieces.map(({ path }) => path)];
  const whole = join(box.dir, 'whole.mp4');
  writeFileSync(whole, Buffer.concat(files.map((file) => readFileSync(join(box.deps.assetsDir, file)))));
  const { stdout } = spawnSync('ffmpeg', [
    ...['-v', 'error', '-i', whole, '-ss', String(atS), '-frames:v', '1', '-vf', 'scale=1:1:flags=area'],
    ...['-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'],
  ]);
  return stdout[0] ?? 0;
}

describe('a video that is reframed smartly', () => {
  it('shows what moves, wherever it goes', async () => {
    const moving = 'overlay=x=20+40*t:y=70,format=yuv420p';
    const video = await box.upload(
      ['-f', 'lavfi', '-i', 'color=gray:s=320x180:r=10:d=6', '-f', 'lavfi', '-i', 'color=white:s=40x40:r=10:d=6'],
      ['-filter_complex', moving, '-c:v', 'libx264', '-g', '10', '-preset', 'ultrafast'],
    );
    const { asset, message } = await made(composition(video));
    expect(asset).toMatchObject({ ...SIZE, kind: 'video', name: 'Yard (96x180)', origin: { kind: 'edit' } });
    expect(message).toBeUndefined();
    expect(Math.abs(asset.lengthMs - 6000)).toBeLessThanOrEqual(100);
    // In the middle of the video a fifth of the square would be left then.
    for (const atS of [1.5, 4.5]) expect(brightness(asset, atS), `at ${atS} s`).toBeGreaterThan(GREY + 8);
    expect(box.store.assets.list({ kind: 'video' }).map(({ id }) => id)).toContain(asset.id);
    expect(begin(composition(video))).toEqual({ asset });
  });

  it('takes the middle where nothing moves, and says so', async () => {
    const still = await box.upload(
      ['-f', 'lavfi', '-i', 'color=gray:s=320x180:r=10:d=2'],
      ['-c:v', 'libx264', '-g', '10', '-preset', 'ultrafast'],
    );
    expect((await made(composition(still))).message).toContain('the middle of the picture');
  });

  it('is begun again when the box was stopped while it looked', async () => {
    const video = await box.upload(
      ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=10:d=3'],
      ['-c:v', 'libx264', '-g', '10'],
    );
    const begun = begin(composition(video));
    if (!('job' in begun)) throw new Error('it was made before');
    const edits = () => box.store.assets.list({ kind: 'video' }).filter(({ origin }) => origin.kind === 'edit').length;
    const before = edits();
    const stop = new AbortController();
    await expect(box.run(begun.job, stop.signal, () => stop.abort())).rejects.toThrow();
    expect(edits()).toBe(before);
    const { assetId = '' } = await box.run(begun.job);
    expect(Math.abs(box.asset(assetId).lengthMs - 3000)).toBeLessThanOrEqual(100);
  });

  it('is refused when its video has gone', async () => {
    const gone = await box.upload(['-f', 'lavfi', '-i', 'color=gray:s=320x180:r=10:d=1'], ['-c:v', 'libx264']);
    const begun = begin(composition(gone));
    box.store.assets.delete(gone.id);
    if (!('job' in begun)) throw new Error('it was made before');
    await expect(box.run(begun.job)).rejects.toThrow('deleted before it could be reframed');
  });
});
