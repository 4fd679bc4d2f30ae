/** The page shows cameras as they are now: on the wall, in the player, after the copy was killed, and where none can be had. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { ffmpegsOf } from './support/processes.ts';
import { codedSeconds, decodeSecond } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, cameraState, recordedSince } from './support/watching.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

test('a second or two behind, by itself again after a loss, and as it is recorded where nothing else is to be had', async () => {
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  await using camera = await startRtspServer({ file: await codedSeconds(200), name: 'clock' });
  await using appliance = await TestAppliance.start();
  const { streamId } = await addCamera(appliance, { url: camera.url, name: 'Clock' });
  await recordedSince(appliance, streamId, 0, 1);
  await using browser = { it: await chromium.launch({ executablePath: CHROMIUM, args: ARGS }), ...closing };
  const page = await browser.it.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${appliance.url}/#key=${appliance.key}`);
  const copies = async () => (await ffmpegsOf(appliance.pid)).filter(({ argv }) => argv.includes('-frag_duration'));

  await page.getByRole('button', { name: 'Wall' }).click();
  await page.locator('.picture-frame video').waitFor();
  await moves(page, '.picture-frame video');
  expect(await copies()).toHaveLength(1);
  await page.keyboard.press('Escape');
  await page.locator('.picture-frame video').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: /^Watch Clock\./ }).click();
  await page.getByText('Now, a second or two behind').waitFor();
  await until('a picture later than the newest that is recorded', async () => {
    const recordedMs = (await cameraState(appliance, streamId))?.last_segment_end_ms ?? 0;
    const shown = await secondShown(page, appliance.dataDir);
    const path = `/v1/streams/${streamId}/snapshot.jpg?at=${(recordedMs - 150) / 1000}`;
    const jpeg = join(appliance.dataDir, 'recorded.jpg');
    await writeFile(jpeg, Buffer.from(await (await appliance.request('GET', path)).arrayBuffer()));
    return shown > (await decodeSecond('-i', jpeg));
  });

  const [killed] = await copies();
  process.kill(killed?.pid ?? 0, 'SIGKILL');
  await until('another copy', async () => (await copies()).some(({ pid }) => pid !== killed?.pid));
  await moves(page, '#player-video');
  expect(await page.locator('#player-problem').isVisible()).toBe(false);
  await page.locator('#player-close').click();

  const body = { success: false, error_code: 'unavailable', message: 'the camera has no connection left.' };
  await page.route('**/v1/streams/*/live?*', (route) => route.fulfill({ status: 503, json: body }));
  await page.getByRole('button', { name: /^Watch Clock\./ }).click();
  await page.getByText('Now, some seconds behind').waitFor();
  await page.getByText('the camera has no connection left.').waitFor();
  await moves(page, '#player-video');
  await page.locator('#player-close').click();
  await until('no copy when nobody watches', async () => (await copies()).length === 0);

  await page.unroute('**/v1/streams/*/live?*');
  const more = ['East', 'South', 'West'];
  const asking = new Set<string>();
  page.on('request', (request) => {
    if (request.url().endsWith('?wait=no')) asking.add(request.url());
  });
  const added = await Promise.all(more.map((name) => addCamera(appliance, { url: camera.url, name })));
  for (const one of added) await recordedSince(appliance, one.streamId, 0, 1);
  await page.getByRole('button', { name: 'Wall' }).click();
  for (const name of ['Clock', ...more]) await moves(page, `.camera:has-text("${name}") .picture-frame video`);
  expect(asking.size, 'tiles that keep no connection busy').toBeGreaterThanOrEqual(1);
  expect(problems).toEqual([]);
});

/** Until it has played on by more than a picture. */
async function moves(page: Page, selector: string): Promise<void> {
  const position = () => page.locator(selector).evaluate((video: HTMLVideoElement) => video.currentTime);
  const from = await until('the video plays', async () => (await position()) || undefined);
  await until('the video goes on', async () => Math.abs((await position()) - from) > 0.5);
}

/** What the player shows: the second that the camera's picture tells. */
async function secondShown(page: Page, dir: string): Promise<number> {
  const url = await page.locator('#player-video').evaluate((video: HTMLVideoElement) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext('2d')?.drawImage(video, 0, 0);
    return canvas.toDataURL('image/png');
  });
  const file = join(dir, 'shown.png');
  await writeFile(file, Buffer.from(url.replace(/^[^,]*,/, ''), 'base64'));
  return decodeSecond('-i', file);
}

const closing = {
  async [Symbol.asyncDispose](this: { it: { close(): Promise<void> } }): Promise<void> {
    await this.it.close();
  },
};
