/** What is said, as captions that a viewer of the player page may choose, when it is said: in a real browser. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type HttpServer, listen } from '#http';
import { createLog } from '#runtime';
import { addStream, type Box, openBox, T0 } from '../http/box.ts';
import { expectFlashAt } from './support/flash.ts';
import { addFilm, recordTake } from './support/recording.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--autoplay-policy=no-user-gesture-required',
];
const run = promisify(execFile);

let browser: Browser;
let box: Box;
let server: HttpServer;
let base: string;
beforeAll(async () => {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium`);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
});
afterAll(() => browser?.close());
beforeEach(async () => {
  box = await openBox({ webDir: fileURLToPath(new URL('../../dist/web', import.meta.url)) });
  server = await listen(box.app, { host: '127.0.0.1', port: 0 }, createLog('silent'));
  base = `http://127.0.0.1:${server.address.port}`;
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
});

const wordsAt = (atMs: number, text: string) =>
  text.split(' ').map((word, i) => ({ text: word, startMs: atMs + i * 200, endMs: atMs + i * 200 + 200 }));

function say(streamId: string, atS: number, text: string): void {
  const words = wordsAt(T0 + atS * 1000, text);
  const [startMs, endMs] = [words[0]?.startMs ?? 0, words.at(-1)?.endMs ?? 0];
  box.store.transcripts.add({ streamId, startMs, endMs, text, words, language: 'en' });
}

interface Shown {
  text: string;
  from: number;
  to: number;
}

/** The captions that the browser holds, after a viewer chose them. */
async function chooseCaptions(page: Page, count: number): Promise<Shown[]> {
  await page.getByRole('button', { name: 'Captions', pressed: false }).click();
  await page.getByRole('button', { name: 'Captions', pressed: true }).waitFor();
  await page.waitForFunction((n) => (document.querySelector('video')?.textTracks[0]?.cues?.length ?? 0) >= n, count);
  return page.evaluate(() => {
    const cues = [...(document.querySelector('video')?.textTracks[0]?.cues ?? [])];
    return cues.map((cue) => ({ text: cue instanceof VTTCue ? cue.text : '', from: cue.startTime, to: cue.endTime }));
  });
}

async function watch(path: string): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(base + path);
  return { page, problems };
}

test('a stretch of a stream: over a gap and two sessions, each caption is there when it is said, and once', async () => {
  const { id } = addStream(box.store);
  await recordTake(box, id, { fromS: 0, lengthS: 16, flashS: 9, sessionS: 1000 });
  await recordTake(box, id, { fromS: 60, lengthS: 12, flashS: 67, sessionS: 5 });
  say(id, 9, 'look at that light');
  // Over the seam of two segments.
  say(id, 11.5, 'it was <white> & bright');
  say(id, 67, 'there it is again');
  const { page, problems } = await watch(box.deps.links.watchPath(id, T0 + 1000, T0 + 70_000));
  const shown = await chooseCaptions(page, 3);
  expect(shown.map(({ text }) => text)).toEqual([
    'look at that light',
    'it was &lt;white&gt; &amp; bright',
    'there it is again',
  ]);
  // The recording has 44 seconds less than the clock.
  expect(shown.map(({ from }) => Math.round(from * 10) / 10)).toEqual([9, 11.5, 67 - 44]);
  for (const flash of [shown[0], shown[2]]) if (flash) await expectFlashAt(page, flash);
  expect(problems).toEqual([]);
  await page.close();
});

test('a stretch in which nothing is said offers no captions', async () => {
  const { id } = addStream(box.store);
  await recordTake(box, id, { fromS: 0, lengthS: 8, flashS: 3, sessionS: 5 });
  const { page, problems } = await watch(box.deps.links.watchPath(id, T0, T0 + 8000));
  await expectFlashAt(page, { from: 3 });
  expect(await page.locator('#captions').isHidden()).toBe(true);
  expect(problems).toEqual([]);
  await page.close();
});

test('a video, and a cut of it that plays the same moment twice', async () => {
  const film = await addFilm(box, { fromS: 0, lengthS: 16, flashS: 9, sessionS: 100 });
  box.store.assets.setWords(film.id, wordsAt(9000, 'look at that light'));
  const whole = await watch(box.deps.links.watchPath(film.id, 0, film.lengthMs));
  const [caption] = await chooseCaptions(whole.page, 1);
  expect(caption).toMatchObject({ text: 'look at that light' });
  if (caption) await expectFlashAt(whole.page, caption);
  const part = { assetId: film.id, startMs: 8000, endMs: 12_000 };
  const cut = box.store.cuts.put([part, { assetId: film.id, startMs: 0, endMs: 4000 }, part]);
  const twice = await watch(box.deps.links.watchPath(cut.id, 0, 12_000));
  const shown = await chooseCaptions(twice.page, 2);
  expect(shown.map(({ from }) => Math.round(from))).toEqual([1, 9]);
  for (const flash of shown) await expectFlashAt(twice.page, flash);
  expect([...whole.problems, ...twice.problems]).toEqual([]);
  await Promise.all([whole.page.close(), twice.page.close()]);
});

test('a stretch that goes on: the captions of what is past are there, and the picture goes on', async () => {
  box.live.speech = true;
  const { id } = addStream(box.store, { transcription: { wanted: true, engine: 'default', changedMs: T0 } });
  const nowS = (Date.now() - T0) / 1000;
  await recordTake(box, id, { fromS: nowS - 100, lengthS: 92, flashS: nowS - 91, sessionS: 50 });
  say(id, nowS - 91, 'look at that light');
  const { page, problems } = await watch(box.deps.links.watchPath(id, T0 + (nowS - 100) * 1000, Date.now() + 600_000));
  const [caption] = await chooseCaptions(page, 1);
  expect(caption).toMatchObject({ text: 'look at that light' });
  if (caption) await expectFlashAt(page, caption);
  await recordTake(box, id, { fromS: nowS - 8, lengthS: 8, flashS: nowS - 5, sessionS: 1 });
  await page.waitForFunction(() => (document.querySelector('video')?.seekable.end(0) ?? 0) > 99);
  await expectFlashAt(page, { from: 95 });
  expect(problems).toEqual([]);
  await page.close();
});

test('ffmpeg plays the master playlist, reads the files of captions, and sees each cue at its time', async () => {
  const { id } = addStream(box.store);
  await recordTake(box, id, { fromS: 0, lengthS: 16, flashS: 9, sessionS: 1000 });
  say(id, 9, 'look at that light');
  const probe = async (...args: string[]) => {
    const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', ...args]);
    return JSON.parse(stdout);
  };
  const master = base + box.deps.links.manifestPath(id, T0, T0 + 16_000);
  expect(await (await fetch(master)).text()).toContain('TYPE=SUBTITLES');
  const { streams, format } = await probe('-show_streams', '-show_format', master);
  expect(streams.map(({ codec_type: type }: { codec_type: string }) => type)).toEqual(['video', 'audio']);
  expect(Number(format.duration)).toBeCloseTo(16, 0);
  const headers = ['-headers', 'x-access-token: sk-right\r\n'];
  const range = `start=${T0 / 1000}&end=${T0 / 1000 + 16}`;
  for (const [format, codec] of [
    ['vtt', 'webvtt'],
    ['srt', 'subrip'],
  ]) {
    const file = `${base}/v1/streams/${id}/transcript.${format}?${range}`;
    const { streams: read, packets } = await probe(...headers, '-show_streams', '-show_packets', file);
    expect(read).toMatchObject([{ codec_name: codec, codec_type: 'subtitle' }]);
    expect(packets.map(({ pts_time: from }: { pts_time: string }) => Number(from))).toEqual([9]);
  }
});
