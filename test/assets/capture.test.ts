/** What capture sessions recorded, put together by real ffmpeg: which picture and which sound at which time. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Asset, newId } from '#domain';
import { mix } from '../../src/assets/mix.ts';
import { type Box, ffmpeg, openBox, probe, T0 } from './box.ts';

const RATE = 8000;
let box: Box;
let mic: string;
let system: string;

beforeEach(async () => {
  box = await openBox();
  [mic, system] = ['mic:default', 'system_audio:default'].map((name) => {
    const id = newId('stream');
    box.store.streams.create({ ...box.stream, id, name, mediaTypes: ['audio'] });
    return id;
  }) as [string, string]; // One for each name.
});
afterEach(() => {
  vi.unstubAllEnvs();
  return box[Symbol.asyncDispose]();
});

/** One session of two-second segments: a picture, or a tone between two seconds of it. */
function record(streamId: string, fromMs: number, seconds: number, tone?: [fromS: number, toS: number]): void {
  const id = newId('session', fromMs);
  const path = join(streamId, id);
  const target = join(box.deps.mediaDir, path);
  mkdirSync(target, { recursive: true });
  const heard = tone && ['-af', `volume=0:enable='not(between(t,${tone[0]},${tone[1]}))'`, '-c:a', 'aac'];
  const seen = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10'];
  const source = tone ? `sine=frequency=440:duration=${seconds}` : `testsrc2=size=320x180:rate=5:duration=${seconds}`;
  ffmpeg(
    target,
    ['-f', 'lavfi', '-i', source],
    [
      ...[...(heard ?? seen), '-f', 'hls', '-hls_time', '2', '-hls_segment_type', 'fmp4', '-hls_list_size', '0'],
      ...['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', '%d.m4s', 'live.m3u8'],
    ],
  );
  rmSync(join(target, 'live.m3u8'));
  const size = tone ? { width: 0, height: 0 } : { width: 320, height: 180 };
  const codecs = tone ? 'mp4a.40.2' : 'avc1.42c00d';
  const session = { id, streamId, startedMs: fromMs, initPath: `${path}/init.mp4`, codecs, ...size };
  for (const name of readdirSync(target).filter((file) => file.endsWith('.m4s'))) {
    const startMs = fromMs + Number.parseInt(name, 10) * 2000;
    const { size: bytes } = statSync(join(target, name));
    const endMs = Math.min(startMs + 2000, fromMs + seconds * 1000);
    if (endMs > startMs) {
      box.store.segments.add({ streamId, sessionId: id, startMs, endMs, path: `${path}/${name}`, bytes }, session);
    }
  }
}

async function exported(assetId: string, streamId: string, sounds: string[]): Promise<Asset> {
  const input = { assetId, sessionId: 'cap-1', streamId, sounds, name: 'Capture' };
  await box.run(box.job('capture', input));
  return box.asset(assetId);
}

/** For each half second whether something sounds. Takes are read apart, as this ffmpeg knows no second init file. */
function heardIn({ id }: Asset): string {
  const takes = new Map<string, string[]>();
  for (const { initPath, path } of box.store.assets.pieces(id)) {
    takes.set(initPath, [...(takes.get(initPath) ?? [initPath]), path]);
  }
  return [...takes.values()].map(halvesOf).join('');
}

function halvesOf(paths: string[]): string {
  const input = Buffer.concat(paths.map((path) => readFileSync(join(box.deps.assetsDir, path))));
  const output = ['-vn', '-ac', '1', '-ar', String(RATE), '-f', 's16le', 'pipe:1'];
  const raw = execFileSync('ffmpeg', ['-loglevel', 'error', '-f', 'mp4', '-i', 'pipe:0', ...output], {
    input,
    maxBuffer: 64 * 1024 * 1024,
  });
  const samples = Array.from({ length: raw.length / 2 }, (_, n) => raw.readInt16LE(n * 2) / 32_768);
  const halves = Array.from({ length: Math.floor(samples.length / (RATE / 2)) }, (_, n) => {
    // What lies about a change is either.
    const middle = samples.slice((n * RATE) / 2 + RATE / 8, (n * RATE) / 2 + (RATE * 3) / 8);
    return Math.sqrt(middle.reduce((sum, value) => sum + value * value, 0) / middle.length) > 0.01;
  });
  return halves.map((is) => (is ? '#' : '.')).join('');
}

describe('the export of a capture session', () => {
  it('ends an ffmpeg that takes nothing any more, however slow one may be', async () => {
    record(box.stream.id, T0, 2);
    const bin = join(box.deps.assetsDir, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'nice'), '#!/bin/sh\nexec sleep 300\n', { mode: 0o755 });
    vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
    const pictures = box.store.segments.inRange(box.stream.id, 0, Number.MAX_SAFE_INTEGER);
    const take = { startMs: T0, endMs: T0 + 2000, pictures, sounds: [] };
    const target = { dir: bin, n: 0, startMs: 0, withSound: false };
    const { signal } = new AbortController();
    await expect(mix(take, target, box.deps.mediaDir, signal, 500)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('hung'),
    });
  });

  it('has the pictures as they are, with each sound at its time', async () => {
    record(box.stream.id, T0, 6);
    record(mic, T0 + 1000, 4, [0, 1]); // Heard from 1 to 2.
    record(system, T0 - 2000, 6, [5, 6]); // Began before; heard from 3 to 4.
    const asset = await exported('m-1', box.stream.id, [mic, system]);
    expect(asset).toMatchObject({ kind: 'video', width: 320, height: 180, codecs: 'avc1.42c00d,mp4a.40.2' });
    expect(asset.origin).toEqual({ kind: 'capture', sessionId: 'cap-1', streamId: box.stream.id });
    expect(Math.abs(asset.lengthMs - 6000)).toBeLessThanOrEqual(200);
    expect(asset.thumbPath).toBe('m-1/thumb.jpg');
    expect(
      probe(join(box.deps.assetsDir, 'm-1', 'index.m3u8'))
        .codecs.slice(0, 2)
        .sort(),
    ).toEqual(['aac', 'h264']);
    expect(heardIn(asset).slice(0, 11)).toBe('..##..##...');
    expect(box.store.assets.findCapture('cap-1', box.stream.id)?.id).toBe('m-1');
  });

  it('leaves out what was not recorded, and keeps the sound with its picture', async () => {
    record(box.stream.id, T0, 4);
    record(box.stream.id, T0 + 14_000, 4); // Its client was away for ten seconds.
    record(mic, T0, 18, [15, 16]); // One second into what comes after the gap.
    const asset = await exported('m-2', box.stream.id, [mic]);
    expect(Math.abs(asset.lengthMs - 8000)).toBeLessThanOrEqual(400);
    const pieces = box.store.assets.pieces('m-2');
    const [seam, ...others] = pieces.filter(({ discontinuity }) => discontinuity);
    expect(others).toEqual([]);
    expect(seam?.recordedMs).toBe(T0 + 14_000);
    expect(new Set(pieces.map(({ initPath }) => initPath)).size).toBe(2);
    expect(seam?.startMs).toBe(4000);
    expect(heardIn(asset).slice(0, 15)).toBe('..........##...');
  });

  it('is an audio without pictures, as long as any of its sounds', async () => {
    record(mic, T0, 4, [0, 1]);
    record(system, T0 + 3000, 4, [3, 4]);
    const asset = await exported('a-1', mic, [mic, system]);
    expect(asset).toMatchObject({ kind: 'audio', width: 0, height: 0, codecs: 'mp4a.40.2' });
    expect(Math.abs(asset.lengthMs - 7000)).toBeLessThanOrEqual(200);
    expect(heardIn(asset).slice(0, 14)).toBe('##..........##');
  });

  it('is without a sound track when no sound was stored', async () => {
    record(box.stream.id, T0, 4);
    const asset = await exported('m-3', box.stream.id, []);
    expect(asset.codecs).toBe('avc1.42c00d');
    expect(new Set(probe(join(box.deps.assetsDir, 'm-3', 'index.m3u8')).codecs)).toEqual(new Set(['h264']));
  });

  it('is refused when nothing was recorded, and leaves nothing', async () => {
    record(mic, T0, 2, [0, 1]);
    await expect(exported('m-4', box.stream.id, [mic])).rejects.toThrow('nothing of the session was recorded');
    await expect(exported('a-4', system, [system])).rejects.toThrow('nothing of the session was recorded');
    expect(readdirSync(box.deps.assetsDir)).toEqual([]);
  });

  it('is made of what is left when a file has gone', async () => {
    record(box.stream.id, T0, 6);
    const [, second] = box.store.segments.inRange(box.stream.id, T0, T0 + 6000);
    rmSync(join(box.deps.mediaDir, second?.path ?? ''));
    const asset = await exported('m-5', box.stream.id, []);
    expect(asset.lengthMs, 'what comes after it, too').toBeGreaterThan(5000);
  });
});
