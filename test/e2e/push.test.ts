/**
 * Streams that are sent to the box by a real ffmpeg, in the way of VideoDB's connector and by RTSP: recorded, looked at,
 * alerted on; and what happens when the publisher goes, hangs, has a rival or the wrong key, and when the box's own part
 * of it ends.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { TestAppliance } from './support/appliance.ts';
import { seriousFindings } from './support/axe.ts';
import { freePort } from './support/ports.ts';
import { ProcessWatch } from './support/process-watch.ts';
import { ffmpegsOf, processTree } from './support/processes.ts';
import { Publisher } from './support/publisher.ts';
import { tempDir } from './support/temp-dir.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { arm, cameraState, firings, recordedSince, scenes, timeline } from './support/watching.ts';

const H265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:keyint=10:bframes=0'];
const CHROMIUM = '/usr/bin/chromium';

interface Pushed {
  id: string;
  push_url: string;
  protocol: string;
  ingest_mode: string;
}

interface Home {
  dataDir?: string;
  ports?: { rtmpPort: number; rtspPort: number };
}

async function startBox({ ports, ...home }: Home = {}): Promise<TestAppliance> {
  const push = ports ?? { rtmpPort: await freePort(), rtspPort: await freePort() };
  return TestAppliance.start({ ...home, config: { recording: { segmentSeconds: 2 }, ingest: { push } } });
}

async function addPushed(box: TestAppliance, name: string, wish: object = { ingest_mode: 'push' }): Promise<Pushed> {
  return box.data('POST', '/rtstream', { collection_id: 'default', name, ...wish });
}

const phaseIs = (box: TestAppliance, id: string, phase: string) =>
  until(`${phase}`, async () => (await cameraState(box, id))?.phase === phase);

test.concurrent('what is sent by RTMP and by RTSP is recorded, looked at and alerted on as from a camera', async () => {
  await using box = await startBox();
  await using watch = new ProcessWatch('rtmp://'); // Where the box reads has a key, too.
  watch.follow(box.pid);
  const { url, ...connector } = { url: null, ingest_mode: 'push', protocol: 'rtmp', timeout: 180, store: true };
  const byRtmp = await addPushed(box, 'connector', { ...connector, url });
  const byRtsp = await addPushed(box, 'desk', { url: 'push:rtsp' });
  expect(byRtmp).toMatchObject({ ingest_mode: 'push', protocol: 'rtmp' });
  expect(new URL(byRtmp.push_url).hostname).toBe(new URL(box.url).hostname);
  expect(byRtsp.protocol).toBe('rtsp');
  expect((await box.data<Pushed>('GET', `/rtstream/${byRtmp.id}`)).push_url).toBe(byRtmp.push_url);
  const mic = await addPushed(box, 'mic', { url: 'push:rtsp', media_types: ['audio'] });
  for (const { id } of [byRtmp, byRtsp, mic]) await phaseIs(box, id, 'waiting');
  expect(await ffmpegsOf(box.pid)).toEqual([]);

  const sinceMs = Date.now();
  const alerts: string[] = [];
  for (const { id: streamId } of [byRtmp, byRtsp]) {
    const index = await box.data<{ rtstream_index_id: string }>('POST', `/rtstream/${streamId}/index/scene`, {
      prompt: 'Describe what is happening',
      extraction_type: 'time_based',
      extraction_config: { time: 1, frame_count: 1 },
    });
    const event = { prompt: 'anything moves', label: `moving-${streamId}` };
    alerts.push(await arm(box, { streamId, indexId: index.rtstream_index_id }, event));
  }
  const file = await passingBlock(120);
  await using _rtmp = await Publisher.start({ to: byRtmp.push_url, file });
  await using _rtsp = await Publisher.start({ to: byRtsp.push_url, file, codecs: [...H265, '-c:a', 'libopus'] });
  await using _mic = await Publisher.start({ to: mic.push_url, file, codecs: ['-vn', '-c:a', 'libopus'] });
  for (const { id } of [byRtmp, byRtsp]) {
    await recordedSince(box, id, sinceMs, 6);
    await until('scenes', async () => (await scenes(box, id)).length > 0);
  }
  await recordedSince(box, mic.id, sinceMs, 6);
  const refusal = async (to: string) => (await Publisher.start({ to })).refused();
  expect(await refusal(`${byRtmp.push_url.slice(0, -1)}x`)).toContain('there is no such stream');
  expect(await refusal(byRtmp.push_url)).toContain('somebody publishes this stream already');
  await until('both alerts', async () => {
    const fired = new Set((await firings(box)).map(({ alert_id: id }) => id));
    return alerts.every((id) => fired.has(id));
  });
  for (const { push_url: secret } of [byRtmp, byRtsp, mic])
    expect(box.output).not.toContain(new URL(secret).pathname.slice(-32));
  expect(watch.seen.get('ffmpeg')).toBeGreaterThan(0);
  expect([...watch.found]).toEqual([]);
});

/** Publishes as soon as it is let in: who was refused a moment ago tries again, as publishers do. */
function publishing(box: TestAppliance, { id, push_url: to }: Pushed): Promise<Publisher> {
  const letIn = () =>
    box.output.split(`"stream":"${id}"`).filter((part) => part.includes('a publisher has come')).length;
  return until('a publisher is let in', async () => {
    const before = letIn();
    const next = await Publisher.start({ to });
    await until('it is let in or refused', () => !next.running || letIn() > before);
    return next.running && next;
  });
}

const pushProcess = async (box: TestAppliance) =>
  (await processTree(box.pid)).find(({ argv }) => argv.some((arg) => arg.endsWith('push-process.js')))?.pid;

test.concurrent('one publisher at a time, with the right key; whoever goes leaves a gap and nothing more', async () => {
  await using dir = await tempDir();
  const ports = { rtmpPort: await freePort(), rtspPort: await freePort() };
  await using box = await startBox({ dataDir: dir.path, ports });
  const desk = await addPushed(box, 'desk', { url: 'push:rtsp' });
  const wrong = await Publisher.start({ to: `${desk.push_url.slice(0, -1)}x` });
  expect(await wrong.refused()).toContain('403');
  const byUdp = await Publisher.start({ to: desk.push_url, transport: 'udp' });
  expect(await byUdp.refused()).toContain('461');

  await using first = await publishing(box, desk);
  const rival = await Publisher.start({ to: desk.push_url });
  expect(await rival.refused()).toContain('403');
  await recordedSince(box, desk.id, 0, 3);
  expect(first.running).toBe(true);

  first.kill('SIGSTOP');
  await until('nobody sends', async () => {
    const { phase, last_error: why = '' } = (await cameraState(box, desk.id)) ?? {};
    return phase === 'waiting' && why.includes('nobody sends this stream');
  });
  const heirMs = Date.now();
  await using heir = await publishing(box, desk);
  await recordedSince(box, desk.id, heirMs, 2);
  first.kill('SIGCONT');
  await first.ended();
  expect(heir.running).toBe(true);

  process.kill((await pushProcess(box)) ?? 0, 'SIGKILL');
  await heir.ended();
  const afterMs = Date.now();
  await using third = await publishing(box, desk);
  await recordedSince(box, desk.id, afterMs, 2);

  await box.data('PATCH', `/rtstream/${desk.id}/status`, { action: 'stop' });
  await third.ended();
  expect(await (await Publisher.start({ to: desk.push_url })).refused()).not.toBe('');
  await box.data('PATCH', `/rtstream/${desk.id}/status`, { action: 'start' });
  const renewed = await box.data<Pushed>('POST', `/v1/streams/${desk.id}/push-key`);
  expect(renewed.push_url).not.toBe(desk.push_url);
  await using fourth = await publishing(box, renewed);
  expect(await (await Publisher.start({ to: desk.push_url })).refused()).toContain('403');
  expect(fourth.running).toBe(true);

  await box.kill('SIGKILL');
  await fourth.ended();
  await using again = await startBox({ dataDir: dir.path, ports });
  const backMs = Date.now();
  await using _fifth = await publishing(again, renewed);
  await recordedSince(again, desk.id, backMs, 2);
  expect(overlaps(dir.path)).toEqual([]);
  expect((await timeline(again, desk.id)).gaps.length).toBeGreaterThanOrEqual(3);
});

test.concurrent('the page adds a camera that sends, and shows where to', async () => {
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  await using box = await startBox();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    await page.goto(`${box.url}/#key=${box.key}`);
    await page.getByRole('button', { name: 'Add camera' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Add a camera' });
    await dialog.getByLabel('Name').fill('Doorbell');
    await dialog.getByLabel('How its pictures come').selectOption('rtsp');
    await dialog.getByLabel('Address').waitFor({ state: 'hidden' });
    await dialog.getByRole('button', { name: 'Add camera' }).click();
    const address = dialog.getByLabel('Send to');
    const shown = await until('the address', async () => (await address.inputValue()) || undefined);
    const [stream] = (await box.data<{ results: Pushed[] }>('GET', '/rtstream')).results;
    const { push_url: to } = await box.data<Pushed>('GET', `/rtstream/${stream?.id}`);
    expect(shown).toBe(to);
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByText('nobody sends this stream').first().waitFor();
    await page.getByRole('button', { name: 'Add camera' }).first().click();
    await dialog.getByLabel('Address', { exact: true }).waitFor();
    expect(await dialog.getByLabel('Send to').isVisible()).toBe(false);
  } finally {
    await browser.close();
  }
});

/** Segments that hold the same time twice. */
function overlaps(dataDir: string): unknown[] {
  const sql = new Database(join(dataDir, 'watchpost.db'), { readonly: true });
  try {
    return sql
      .prepare(
        `SELECT a.path, b.path AS other, a.end_ms - b.start_ms AS ms FROM segments a JOIN segments b
         ON b.id <> a.id AND b.start_ms >= a.start_ms AND b.start_ms < a.end_ms - 300`,
      )
      .all();
  } finally {
    sql.close();
  }
}
