import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adviceFor,
  type Camera,
  type CameraOptions,
  checkSourceUrl,
  openCamera,
  probeSource,
  type SamplingDemand,
} from '#camera';
import { RECORD_ALL, type Stream } from '#domain';
import { createLog, Gate, systemClock } from '#runtime';
import { ffmpegArguments } from '../../src/camera/ffmpeg-arguments.ts';

const run = promisify(execFile);
const QUIET = { everyMs: Number.POSITIVE_INFINITY };
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sound-only-'));
});
afterAll(() => rm(dir, { recursive: true }));

const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`];
const yard = (seconds: number) => ['-f', 'lavfi', '-i', `testsrc2=size=320x240:rate=10:duration=${seconds}`];

async function made(name: string, ...args: string[]): Promise<string> {
  const file = join(dir, name);
  await run('ffmpeg', ['-loglevel', 'error', '-y', ...args, file]);
  return pathToFileURL(file).href;
}

function probe(url: string) {
  return probeSource(url, { transport: 'tcp', allowFile: true, signal: AbortSignal.timeout(60_000) });
}

describe('probeSource', () => {
  it('takes a source that sends sound only, whatever codec, and has no advice on its pictures', async () => {
    const [aac, opus, alaw] = await Promise.all([
      made('tone.ts', ...tone(2), '-c:a', 'aac').then(probe),
      made('tone.mka', ...tone(2), '-c:a', 'libopus').then(probe),
      made('tone.mov', ...tone(2), '-c:a', 'pcm_alaw', '-ar', '8000').then(probe),
    ]);
    const none = { width: 0, height: 0, fps: 0, transport: 'file', audioChannels: 1 };
    expect(aac).toMatchObject({ ...none, audioCodec: 'aac', audioSampleRate: 48_000 });
    expect(opus).toMatchObject({ ...none, audioCodec: 'opus', audioSampleRate: 48_000 });
    expect(alaw).toMatchObject({ ...none, audioCodec: 'pcm_alaw', audioSampleRate: 8000 });
    expect(aac.videoCodec).toBeUndefined();
    expect(aac.keyframeIntervalS).toBeUndefined();
    expect(adviceFor(aac)).toEqual([]);
  });

  it('takes the cover of a piece of music for no picture', async () => {
    const cover = await made('cover.png', ...yard(1), '-frames:v', '1');
    const inputs = [...tone(2), '-i', new URL(cover).pathname, '-map', '0', '-map', '1', '-c:v', 'copy'];
    const facts = await probe(await made('song.mp3', ...inputs, '-disposition:v', 'attached_pic'));
    expect(facts).toMatchObject({ audioCodec: 'mp3', width: 0 });
    expect(facts.videoCodec).toBeUndefined();
  });

  it('refuses a source with neither, saying so', async () => {
    const file = join(dir, 'words.srt');
    await writeFile(file, '1\n00:00:00,000 --> 00:00:01,000\nNobody sees or hears this\n');
    await expect(probe(pathToFileURL(file).href)).rejects.toThrow('has neither picture nor sound');
  });
});

describe.concurrent('openCamera', () => {
  const options: CameraOptions = {
    mediaDir: '',
    segmentSeconds: 1,
    allowFile: true,
    spawnGate: new Gate(1),
    clock: systemClock,
    log: createLog('silent'),
  };
  const stream = (id: string, url: string, change: Partial<Stream> = {}): Stream => ({
    id,
    collectionId: 'default',
    name: id,
    url,
    mediaTypes: ['video'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: '', changedMs: 0 },
    transport: 'tcp',
    zones: [],
    recording: RECORD_ALL,
    wanted: 'connected',
    origin: 'api',
    createdMs: 0,
    ...change,
  });
  const open = async (camera: Stream, demand: SamplingDemand = QUIET): Promise<Camera> =>
    openCamera(camera, demand, { ...options, mediaDir: dir }, AbortSignal.timeout(60_000));

  it('cuts sound by time, hands on what is heard, and is not taken for silent', { timeout: 90_000 }, async () => {
    const url = await made('some.ts', ...tone(2.5), '-c:a', 'aac');
    await using camera = await open(stream('radio', url));
    expect(camera.session).toMatchObject({ width: 0, height: 0 });
    expect(camera.status().sampling).toBeUndefined();
    let heard = 0;
    const listening = (async () => {
      for await (const { samples } of camera.audio) heard += samples.length;
    })();
    const spans: [number, number][] = [];
    for await (const { segment, session } of camera.segments) {
      spans.push([segment.startMs, segment.endMs]);
      expect(session.codecs).toBe('mp4a.40.2');
    }
    await listening;
    expect((await camera.ended).message).toBe('the file ended the stream');
    expect(heard / 16_000).toBeCloseTo(2.5, 0);
    expect(spans.map(([start, end]) => Math.round((end - start) / 100) / 10)).toEqual([1, 1, 0.5]);
    for (const [i, [start]] of spans.slice(1).entries())
      expect(Math.abs(start - (spans[i]?.[1] ?? 0))).toBeLessThan(50);
  });

  it('leaves out the pictures where only sound is asked for, and says when there is none', {
    timeout: 90_000,
  }, async () => {
    const both = await made('both.mp4', ...yard(4), ...tone(4), '-c:v', 'libx264', '-c:a', 'aac');
    await using camera = await open(stream('mic', both, { mediaTypes: ['audio'] }));
    expect(camera.facts).toMatchObject({ audioCodec: 'aac', width: 0 });
    expect(camera.facts.videoCodec).toBeUndefined();
    const silent = await made('silent.mp4', ...yard(2), '-c:v', 'libx264');
    await expect(open(stream('deaf', silent, { mediaTypes: ['audio'] }))).rejects.toThrow('has no sound');
  });

  it('ends when pictures begin to come, so that it is looked at anew', { timeout: 90_000 }, async () => {
    await made('heard.flv', ...tone(2), '-c:a', 'aac');
    await made('seen.flv', ...yard(1), '-c:v', 'libx264', '-output_ts_offset', '2');
    const [heard, seen] = await Promise.all(['heard.flv', 'seen.flv'].map((name) => readFile(join(dir, name))));
    const late = join(dir, 'late.flv');
    const flvHeader = 13;
    await writeFile(late, Buffer.concat([heard ?? Buffer.alloc(0), seen?.subarray(flvHeader) ?? Buffer.alloc(0)]));
    const camera = stream('late', pathToFileURL(late).href);
    await using first = await open(camera);
    await using mic = await open({ ...camera, id: 'late-mic', mediaTypes: ['audio'] });
    expect(first.facts.videoCodec).toBeUndefined();
    expect((await first.ended).message).toContain('began to send pictures');
    expect((await mic.ended).message).toBe('the file ended the stream');
  });

  it('ends when its sound may no longer be recorded', { timeout: 90_000 }, async () => {
    const radio = stream('muted', await made('eight.ts', ...tone(8), '-c:a', 'aac'));
    await expect(open(radio, { ...QUIET, silent: true })).rejects.toThrow('sends sound only');
    await using camera = await open(radio);
    camera.setDemand({ ...QUIET, silent: true });
    expect((await camera.ended).message).toContain('not to be recorded');
  });
});

it('ffmpeg copies AAC and makes AAC of anything else, with nothing asked of a picture', () => {
  const facts = { width: 0, height: 0, fps: 0, transport: 'tcp' as const };
  const recipe = { plan: { mode: 'none' as const }, segmentSeconds: 4, withAudio: true, records: true };
  const args = (audioCodec: string) =>
    ffmpegArguments(
      {
        ...recipe,
        source: {
          url: checkSourceUrl('rtsp://h/1', { allowFile: false }),
          facts: { ...facts, audioCodec },
          reordered: false,
          finite: false,
        },
      },
      1,
      'rtsp://127.0.0.1:1/x',
    ).join(' ');
  expect(args('aac')).toContain('-map 0:a:0 -c:a copy -copyinkf:a -bsf:a aac_adtstoasc');
  expect(args('opus')).toContain('-map 0:a:0 -c:a aac -b:a 96k');
  expect(args('opus')).not.toMatch(/0:V|:v\b/);
});
