/**
 * A person's first minutes with a box, on the page alone, in a real browser: from the one-time code to the saved clip of
 * an alert. Every screen on the way is looked at by axe-core, and is kept as a picture where WATCHPOST_SCREENSHOTS names a
 * folder (then the camera shows the demo's yard).
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RtspServer, startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { renderScene } from '../../src/cli/demo/scene.ts';
import { onvifCamera } from '../support/onvif-device.ts';
import { TestAppliance } from './support/appliance.ts';
import { seriousFindings } from './support/axe.ts';
import { freePort } from './support/ports.ts';
import { type TempDir, tempDir } from './support/temp-dir.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const PICTURES = process.env['WATCHPOST_SCREENSHOTS'];
/** Fractions of the picture: the loading zone of the demo's yard, through which the block passes; the first is put right later. */
const CORNERS = [
  [0.49, 0.6],
  [0.9, 0.66],
  [0.97, 0.97],
] as const;

/** Bytes, packed, that come before the page can be used. */
const FIRST_LOAD = 200_000;

let dir: TempDir;
let camera: RtspServer;
let browser: Browser;
beforeAll(async () => {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium`);
  dir = await tempDir();
  camera = await startRtspServer({ file: await video(), name: 'yard', user: 'viewer', password: 'canary' });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
});
afterAll(async () => {
  await browser?.close();
  await camera?.[Symbol.asyncDispose]();
  await dir?.[Symbol.asyncDispose]();
});

async function video(): Promise<string> {
  if (PICTURES === undefined) return passingBlock(240);
  const file = join(dir.path, 'yard.mp4');
  await renderScene(file, new AbortController().signal);
  return file;
}

test('from the one-time code to the clip of an alert, and on while the box is away', { timeout: 300_000 }, async () => {
  const box = { port: await freePort(), dataDir: join(dir.path, 'data') };
  const problems: string[] = [];
  let appliance = await TestAppliance.start({ ...box, env: { WATCHPOST_API_KEY: '' } });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    const loaded = bytesLoaded(page);
    await page.goto(appliance.url);
    await signIn(page, appliance);
    expect(await loaded()).toBeLessThan(FIRST_LOAD);
    await addCamera(page);
    await drawZone(page);
    await armAlert(page);
    await saveClip(page);
    expect(problems.splice(0)).toEqual([]);

    await page.emulateMedia({ colorScheme: 'dark' });
    await seen(page, 'page-dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await seen(page, 'page-phone');
    await page.getByRole('button', { name: 'Zones of Yard' }).click();
    await seen(page);
    await page.keyboard.press('Escape');

    await appliance[Symbol.asyncDispose]();
    await page.getByText(/^The box does not answer since/).waitFor();
    await seen(page);
    appliance = await TestAppliance.start({ ...box, env: { WATCHPOST_API_KEY: '' } });
    await page.getByText(/^The box does not answer since/).waitFor({ state: 'hidden' });
    await page.locator('.camera .chip', { hasText: 'Recording' }).waitFor();
    expect(problems.filter((problem) => !/ERR_|Failed to load/.test(problem))).toEqual([]);
  } finally {
    await appliance[Symbol.asyncDispose]();
  }
});

async function signIn(page: Page, appliance: TestAppliance): Promise<void> {
  // It is printed once the box serves.
  const code = await until('the one-time code', () => /code (\d{4}-\d{4})/.exec(appliance.output)?.[1]);
  await seen(page);
  await page.getByLabel('API key or one-time code').fill(code);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByText('No camera yet.').waitFor();
}

async function addCamera(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add the first camera' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a camera' });
  const cameras = [{ address: '192.0.2.7', name: 'Front Door', hardware: 'DS-2CD' }, { address: '192.0.2.8' }];
  const found = { success: true, message: '', data: { cameras } };
  await page.route('**/v1/control/cameras/discover', (route) => route.fulfill({ json: found }));
  await dialog.getByRole('button', { name: 'Find cameras' }).click();
  await dialog.getByRole('button', { name: '192.0.2.7 · Front Door · DS-2CD' }).click();
  await page.keyboard.type('me:secret');
  expect(await dialog.getByLabel('Name').inputValue()).toBe('Front Door');
  expect(await dialog.getByLabel('Address').inputValue()).toBe('onvif://me:secret@192.0.2.7');
  await chooseStream(dialog);
  await dialog.getByLabel('Name').fill('Yard');
  await dialog.getByLabel('Address').fill(camera.url.replace('canary', 'wrong'));
  await dialog.getByRole('button', { name: 'Test' }).click();
  await dialog.getByText('rejected the user name or password (401)').waitFor();
  await dialog.getByLabel('Address').fill(camera.url);
  await dialog.getByText('rejected').waitFor({ state: 'detached' });
  await dialog.getByRole('button', { name: 'Test' }).click();
  await dialog.getByText(/^It answers: \d+ × \d+ · H\.264 · \d+ fps · sound, a keyframe every 1 s\.$/).waitFor();
  await expect.poll(() => widthOf(dialog.getByAltText('What the camera shows now'))).toBe(640);
  await seen(page, 'add-camera');
  await dialog.getByRole('button', { name: 'Add camera' }).click();
  await page.locator('.camera .chip', { hasText: 'Recording' }).waitFor();
  await until('its picture', async () => (await widthOf(page.locator('.picture-frame img'))) > 0);
}

/** The camera itself is asked which streams it has; it tells the largest first, at an address that it only has itself. */
async function chooseStream(dialog: Locator): Promise<void> {
  const { username: user, password, pathname, port } = new URL(camera.url);
  await using device = await onvifCamera(() => `rtsp://192.0.2.7:${port}${pathname}`, { user, password });
  await dialog.getByLabel('Address').fill(`onvif://${user}:${password}@127.0.0.1:${device.port}`);
  await dialog.getByRole('button', { name: 'Test' }).click();
  await dialog.getByRole('button', { name: 'major · 2560×1440 · h264 · 15 fps' }).click();
  await dialog.getByText(/^It answers: /).waitFor();
  expect(await dialog.getByLabel('Address').inputValue()).toBe(camera.url);
}

/** The first corners with the mouse, the last and the finishing touches with the keyboard. */
async function drawZone(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Zones of Yard' }).click();
  const dialog = page.getByRole('dialog', { name: 'Zones of Yard' });
  await until('the picture', async () => (await widthOf(dialog.locator('img'))) > 0);
  await dialog.getByRole('button', { name: 'New zone' }).click();
  await page.keyboard.type('loading zone');
  const field = dialog.getByRole('application', { name: 'Corners in the picture' });
  const { width, height } = (await field.boundingBox()) ?? { width: 0, height: 0 };
  for (const [x, y] of CORNERS) await field.click({ position: { x: x * width, y: y * height } });
  await page.keyboard.press('Enter');
  const corner = (name: string | RegExp) => dialog.getByRole('button', { name });
  await corner(/^Corner 4 of 4 of loading zone, 73 % from the left, 7[89] % from the top$/).waitFor();
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('Shift+ArrowLeft');
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowLeft');
  await corner(/^Corner 4 of 4 of loading zone, 52 % from the left, 9[78] % from the top$/).waitFor();
  await page.keyboard.press('Enter');
  await corner(/^Corner 5 of 5/).waitFor();
  await page.keyboard.press('Delete');
  await corner(/^Corner 5 of 5/).waitFor({ state: 'detached' });
  await corner(/^Corner 1 of 4/).hover();
  await page.mouse.down();
  await field.hover({ position: { x: 0.55 * width, y: 0.66 * height } });
  await page.mouse.up();
  await corner(/^Corner 1 of 4 of loading zone, 55 % from the left, 66 % from the top$/).waitFor();
  await seen(page, 'zones');
  await dialog.getByRole('button', { name: 'Save zones' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.locator('.camera .zone-name', { hasText: 'loading zone' }).waitFor();
}

async function armAlert(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New alert' }).click();
  const dialog = page.getByRole('dialog', { name: 'New alert' });
  await dialog.getByLabel('Tell me when').fill('something moves in the loading zone');
  await dialog.getByText(/^Understood: .*loading zone/).waitFor();
  await dialog.getByRole('button', { name: 'Try it on the last day' }).click();
  await dialog.getByText(/It would (not )?have fired/).waitFor({ timeout: 90_000 });
  await seen(page, 'new-alert');
  await dialog.getByRole('button', { name: 'Arm alert' }).click();
  await page.getByText(/^Alert “.*” is armed\.$/).waitFor();
}

async function saveClip(page: Page): Promise<void> {
  const alert = page.locator('#feed-list .moment.is-alert').first();
  await alert.waitFor({ timeout: 90_000 });
  await seen(page, 'page');
  await alert.click();
  const player = page.getByRole('dialog', { name: /· Yard$/ });
  const played = () => player.locator('video').evaluate((video: HTMLVideoElement) => video.currentTime);
  await until('it plays', async () => {
    const again = player.getByRole('button', { name: 'Try again' });
    if (await again.isVisible()) await again.click();
    return (await played()) > 0;
  });
  await seen(page);
  const download = page.waitForEvent('download');
  await player.getByRole('button', { name: 'Save MP4' }).click();
  expect((await stat(await (await download).path())).size).toBeGreaterThan(1000);
  await player.getByRole('button', { name: 'Close' }).click();
}

/** What it takes to show the page, data left out. */
function bytesLoaded(page: Page): () => Promise<number> {
  const bodies: Promise<number>[] = [];
  page.on('response', (response) => {
    if (!new URL(response.url()).pathname.startsWith('/v1/'))
      bodies.push(response.body().then((body) => gzipSync(body).length));
  });
  return async () => (await Promise.all(bodies)).reduce((sum, bytes) => sum + bytes, 0);
}

/** Nobody is kept out of what is shown now, and it fits the screen. */
async function seen(page: Page, name?: string): Promise<void> {
  expect(await seriousFindings(page)).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  if (PICTURES !== undefined && name !== undefined) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

function widthOf(image: Locator): Promise<number> {
  return image.evaluate((shown: HTMLImageElement) => shown.naturalWidth);
}
