/**
 * Cameras as they are: each misbehaves in its own way, all at once, on one appliance. None costs another one's recording;
 * each is recorded again soon, and what is missing is said. `WATCHPOST_FAULTS=full` gives rare things their full length.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lifetime } from '#runtime';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { authority } from '../e2e/support/mosquitto.ts';
import { ffmpegsOf } from '../e2e/support/processes.ts';
import { type Picture, type Reel, reelOf } from '../e2e/support/reel.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { until } from '../e2e/support/waiting.ts';
import { cameraState, recordedSince, streamUrl, timeline } from '../e2e/support/watching.ts';
import { type Habits, pause, roundAndRound, WildCamera } from '../e2e/support/wild-camera.ts';
import { isFull } from './form.ts';
import { sizesShown } from './shown.ts';

/** In full, nothing else runs beside it. */
const BACK_WITHIN_MS = isFull ? 10_000 : 30_000;
const STALLED_MS = 4000;
const run = promisify(execFile);

const life = new Lifetime();
let appliance: TestAppliance;
let reel: Reel;

beforeAll(async () => {
  reel = await reelOf();
  const config = { recording: { segmentSeconds: 2 }, ingest: { maxConnecting: 4 } };
  appliance = life.use(await TestAppliance.start({ config }));
});
afterAll(() => life[Symbol.asyncDispose]());

/** Shows the camera to the appliance; both stay until the end. */
async function meet(habits: Partial<Habits>, transport: 'tcp' | 'udp' = 'tcp') {
  const ordinary = roundAndRound(habits.reel ?? reel);
  const { play = ordinary } = habits;
  // The first to come only looks which codecs it has.
  const camera = life.use(
    await WildCamera.start({
      reel,
      ...habits,
      play: (send, client) => (client.nth === 1 ? ordinary : play)(send, client),
    }),
  );
  const body = { url: camera.url, name: 'wild', transport };
  const { id } = await appliance.data<{ id: string }>('POST', '/rtstream', body);
  await appliance.data('POST', `/rtstream/${id}/index/scene`, {
    extraction_type: 'time_based',
    extraction_config: { time: 1, frame_count: 1 },
  });
  return { id, state: () => cameraState(appliance, id) };
}

/** Pictures in their order and at their pace from `from` on, for so long; gives the number of the next. */
async function show(
  send: (picture: Picture, atS: number) => Promise<void>,
  { pictures, fps }: Reel,
  span: { from?: number; seconds: number; atS?: (n: number) => number; keys?: () => boolean },
  signal: AbortSignal,
): Promise<number> {
  const { from = 0, seconds, atS = (n: number) => n / fps, keys = () => true } = span;
  for (let n = from; n < from + seconds * fps && !signal.aborted; n += 1) {
    const picture = pictures[n % pictures.length];
    if (picture && (!picture.isKey || keys())) await send(picture, atS(n));
    await pause(1000 / fps, signal);
  }
  return from + Math.round(seconds * fps);
}

const EVER = 3600;

/** Size and number of the pictures that a player sees between the times. */
async function played(id: string, startMs: number, endMs: number): Promise<{ sizes: string[]; pictures: number }> {
  const url = await streamUrl(appliance, id, startMs / 1000, endMs / 1000);
  const fields = ['-show_entries', 'frame=width,height', '-select_streams', 'v', '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...fields, url], { maxBuffer: 16 * 1024 * 1024 });
  const frames = stdout.match(/\d+,\d+/g) ?? [];
  return { sizes: [...new Set(frames)].sort(), pictures: frames.length };
}

/** Waits until some seconds are played as wanted that lie after the time, and gives when they begin. */
function playedAfter(
  id: string,
  afterMs: number,
  isWanted: (seen: { sizes: string[]; pictures: number }) => boolean,
): Promise<number> {
  return until('it is played as it is sent now', async () => {
    const startMs = Date.now() - 9000;
    return startMs > afterMs && isWanted(await played(id, startMs, startMs + 4000)) && startMs;
  });
}

async function descriptors(): Promise<number> {
  return (await readdir(`/proc/${appliance.pid}/fd`)).length;
}

describe.concurrent('a camera that', () => {
  test('stalls while its connection lives is begun anew', async () => {
    let [isRecorded, stalledMs, againMs] = [false, 0, 0];
    const { id } = await meet({
      play: async (send, { signal }) => {
        // Who comes back at once finds it stalled, too.
        if (stalledMs > 0) await pause(Math.max(0, stalledMs + STALLED_MS - Date.now()), signal);
        let from = 0;
        do from = await show(send, reel, { from, seconds: 1 }, signal);
        while (!isRecorded && !signal.aborted);
        if (stalledMs === 0 && !signal.aborted) {
          stalledMs = Date.now();
          await pause(EVER * 1000, signal);
        }
        againMs ||= Date.now();
        await show(send, reel, { from, seconds: EVER }, signal);
      },
    });
    await recordedSince(appliance, id, 0, 2);
    isRecorded = true;
    await until('it was left', () => againMs > 0);
    expect((await recordedSince(appliance, id, stalledMs + 3000, 4)) - againMs).toBeLessThanOrEqual(BACK_WITHIN_MS);
    await until('its gap is explained', async () =>
      (await timeline(appliance, id)).gaps.some(({ reason }) => /sent no/.test(reason)),
    );
  });

  test('drops the connection in mid-picture is recorded in between', async () => {
    let drops = 0;
    const { id } = await meet({
      play: async (send, { signal, hangUp }) => {
        await show(send, reel, { seconds: drops < 3 ? 5.5 : EVER }, signal);
        if (!signal.aborted) drops += 1;
        hangUp();
      },
    });
    await until('it has dropped three', () => drops >= 3);
    await recordedSince(appliance, id, Date.now(), 4);
    const { recorded, gaps } = await timeline(appliance, id);
    expect(recorded.length).toBeGreaterThanOrEqual(3);
    for (const { reason } of gaps) expect(reason).toMatch(/closed the connection|ended the stream|lost/);
  });

  test('changes its resolution is recorded in both', async () => {
    const large = await reelOf({ width: 640, height: 360 });
    let changedMs = 0;
    const { id } = await meet({
      play: async (send, { signal }) => {
        const from = changedMs > 0 ? 0 : await show(send, reel, { seconds: 8 }, signal);
        if (!signal.aborted) changedMs ||= Date.now();
        await show(send, large, { from, seconds: EVER }, signal);
      },
    });
    const firstMs = await recordedSince(appliance, id, 0, 4);
    await until('it has changed', () => changedMs > 0);
    expect((await played(id, firstMs, firstMs + 3000)).sizes).toEqual(['320,180']);
    const afterMs = await playedAfter(id, changedMs, ({ sizes }) => sizes.join() === '640,360');
    const both = `start=${firstMs / 1000}&end=${afterMs / 1000 + 3}`;
    const { player_url: page } = await appliance.data<{ player_url: string }>('GET', `/rtstream/${id}/stream?${both}`);
    expect(await sizesShown(page), 'in a browser').toEqual(['320,180', '640,360']);
  });

  test('sends nonsense for times is recorded at the right ones', async () => {
    let jumpedMs = 0;
    const { id } = await meet({
      play: async (send, { signal }) => {
        let from = await show(send, reel, { seconds: 8 }, signal);
        from = await show(send, reel, { from, seconds: 6, atS: (n) => n / reel.fps + 3600 }, signal);
        if (!signal.aborted) jumpedMs ||= Date.now();
        await show(send, reel, { from, seconds: EVER, atS: (n) => Math.max(0, n / reel.fps - 10) }, signal);
      },
    });
    await until('its times have jumped twice', () => jumpedMs > 0, 120_000);
    await playedAfter(id, jumpedMs, ({ pictures }) => pictures > 20);
    const { recorded } = await timeline(appliance, id);
    const nowS = Date.now() / 1000;
    for (const [, end] of recorded) expect(end, JSON.stringify(recorded)).toBeLessThan(nowS + 1);
    const total = recorded.reduce((sum, [start, end]) => sum + end - start, 0);
    expect(total, JSON.stringify(recorded)).toBeLessThan(nowS - (recorded[0]?.[0] ?? 0) + 1);
  });

  test('sends keyframes rarely is recorded without a gap', async () => {
    const seconds = isFull ? 20 : 8;
    const rare = await reelOf({ gop: seconds * 10, pictures: seconds * 20 });
    const { id, state } = await meet({ reel: rare });
    const firstMs = await recordedSince(appliance, id, 0, 1);
    await recordedSince(appliance, id, firstMs, 3 * seconds);
    expect((await timeline(appliance, id)).gaps.filter(({ start }) => start * 1000 >= firstMs)).toEqual([]);
    const now = await state();
    expect(now, now?.notes.join()).toMatchObject({ phase: 'recording', restarts: 0, sampling: 'decode' });
  });

  test('sends no keyframe for long is recorded afterwards', async () => {
    const withoutMs = isFull ? 60_000 : 15_000;
    let sinceMs = 0;
    const has = () => sinceMs === 0 || Date.now() > sinceMs + withoutMs;
    const { id } = await meet({
      play: async (send, { signal }) => {
        const from = await show(send, reel, { seconds: 6, keys: has }, signal);
        if (!signal.aborted) sinceMs ||= Date.now();
        await show(send, reel, { from, seconds: EVER, keys: has }, signal);
      },
    });
    await until('keyframes stop and come again', () => sinceMs > 0 && has(), 150_000);
    const backMs = sinceMs + withoutMs;
    expect((await recordedSince(appliance, id, backMs + 1500, 4)) - backMs).toBeLessThanOrEqual(BACK_WITHIN_MS);
  });

  test('goes from 15 pictures a second to one is recorded on', async () => {
    const [fast, slow] = [await reelOf({ fps: 15, gop: 15 }), await reelOf({ fps: 1, gop: 2 })];
    let slowMs = 0;
    const { id, state } = await meet({
      reel: fast,
      play: async (send, { signal }) => {
        await show(send, fast, { seconds: 8 }, signal);
        if (!signal.aborted) slowMs ||= Date.now();
        await show(send, slow, { seconds: EVER, atS: (n) => n + 8 }, signal);
      },
    });
    await until('it has become slow', () => slowMs > 0);
    await recordedSince(appliance, id, slowMs + 2000, 10);
    expect((await timeline(appliance, id)).gaps.filter(({ start }) => start * 1000 >= slowMs - 3000)).toEqual([]);
    expect((await state())?.restarts).toBe(0);
  });

  test('loses packets over UDP is recorded, damage and all', async () => {
    const { id, state } = await meet({ losesOneOf: 50 }, 'udp');
    const firstMs = await recordedSince(appliance, id, 0, 12);
    expect((await played(id, firstMs, firstMs + 8000)).pictures).toBeGreaterThan(40);
    expect(await state()).toMatchObject({ phase: 'recording', restarts: 0 });
  });

  test('describes itself badly is recorded', async () => {
    const sdp = (usual: string) =>
      usual
        .replace(/;sprop-parameter-sets=\S+/, '')
        .replace('s=wild', 's=\r\nb=AS:nonsense\r\na=range:npt=now-\r\na=x');
    const { id } = await meet({ sdp });
    const firstMs = await recordedSince(appliance, id, 0, 6);
    expect((await played(id, firstMs, firstMs + 4000)).sizes).toEqual(['320,180']);
  });

  test('wants TLS and a digest is recorded, and its password told to nobody', async () => {
    const dir = life.use(await tempDir());
    const { issue } = await authority(dir.path, 'camera-authority');
    const { certFile, keyFile } = await issue('camera');
    const tls = { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
    const { id } = await meet({ tls, user: { name: 'viewer', password: 'canary-zoo' } });
    await recordedSince(appliance, id, 0, 6);
    const told = JSON.stringify(await appliance.data('GET', '/v1/status')) + appliance.output;
    expect(told).not.toContain('canary-zoo');
  });

  test('refuses the transport is told apart, with what to do', async () => {
    const { id, state } = await meet({ refuses: 'udp' }, 'udp');
    await until('it is refused', async () => (await state())?.last_error?.includes('461'));
    expect((await state())?.last_error).toMatch(/try the other of tcp and udp/);
    expect((await timeline(appliance, id)).recorded).toEqual([]);
  });
});

test('leaves no process and no descriptor behind', async () => {
  const { cameras } = await appliance.data<{ cameras: { stream_id: string; phase: string }[] }>('GET', '/v1/status');
  const recording = cameras.filter(({ phase }) => phase === 'recording').length;
  await until('one ffmpeg for each', async () => (await ffmpegsOf(appliance.pid)).length <= recording);
  const before = await descriptors();
  for (const { stream_id: id } of cameras) await appliance.data('PATCH', `/rtstream/${id}/status`, { action: 'stop' });
  await until('no ffmpeg', async () => (await ffmpegsOf(appliance.pid)).length === 0);
  await until('their descriptors are closed', async () => (await descriptors()) < before - 3 * recording);
  const recorded = (await readdir(join(appliance.dataDir, 'media'))).filter((name) => name.startsWith('rts-'));
  expect(recorded).toHaveLength(cameras.length - 1);
});
