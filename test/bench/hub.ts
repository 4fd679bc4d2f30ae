/**
 * A hub's page with many boxes: how long until it shows them, what it asks for, how long the browser is busy with it, and what
 * that costs the hub. The hub is filled as if its boxes had sent an hour.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { hashKey, newId } from '#domain';
import { systemClock } from '#runtime';
import { Store } from '#store';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { aReport } from '../fleet/parcels.ts';
import { anIndex, aScene, aSegment, aSession, aStream, axis, quiet } from '../store/fixture.ts';
import type { Figures } from './main.ts';

const CAMERAS_OF_BOX = 8;
const SCENES = 10;
const SEGMENTS = 30;
const SEGMENT_MS = 6000;
const ASKS = 20;
/** Requests are counted so long after all is shown. */
const SETTLED_MS = 5000;

export async function hub(): Promise<Figures> {
  const figures: Figures = {};
  for (const boxes of [1, 50]) Object.assign(figures, await withBoxes(boxes));
  return figures;
}

async function withBoxes(boxes: number): Promise<Figures> {
  await using dir = await tempDir();
  await fill(dir.path, boxes);
  await using appliance = await TestAppliance.start({ dataDir: dir.path, logLevel: 'info' });
  const asked: number[] = [];
  for (let n = 0; n < ASKS; n++) {
    const fromMs = performance.now();
    await appliance.data('GET', '/v1/boxes');
    asked.push(performance.now() - fromMs);
  }
  const median = asked.sort((a, b) => a - b)[ASKS / 2] ?? 0;
  const page = await opened(appliance, boxes * CAMERAS_OF_BOX);
  const named = { boxes_answer_ms: median, ...page };
  return Object.fromEntries(Object.entries(named).map(([name, figure]) => [`${name}_${boxes}`, Math.round(figure)]));
}

async function opened(appliance: TestAppliance, cameras: number): Promise<Record<string, number>> {
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript(`window.busyMs = 0; new PerformanceObserver((list) => {
      for (const task of list.getEntries()) window.busyMs += task.duration; }).observe({ type: 'longtask' });`);
    await page.goto(`${appliance.url}/#key=${appliance.key}`);
    await page.getByRole('article').first().waitFor();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    const fromMs = performance.now();
    await page.reload();
    await page
      .getByRole('article')
      .nth(cameras - 1)
      .waitFor({ state: 'attached' });
    const shownMs = performance.now() - fromMs;
    await page.waitForTimeout(SETTLED_MS);
    const opening = requests.length;
    const pictures = requests.filter((path) => path.startsWith('/v1/thumbs/')).length;
    const busyMs = await page.evaluate<number>('window.busyMs');
    await page
      .getByRole('article')
      .nth(cameras - 1)
      .scrollIntoViewIfNeeded();
    await page.waitForTimeout(SETTLED_MS);
    return {
      shown_ms: shownMs,
      requests: opening,
      pictures,
      busy_ms: busyMs,
      requests_at_end: requests.length - opening,
    };
  } finally {
    await browser.close();
  }
}

async function fill(dir: string, boxes: number): Promise<void> {
  const store = await Store.open(dir, { clock: systemClock, log: quiet });
  const jpeg = await sharp({ create: { width: 320, height: 180, channels: 3, background: '#345' } })
    .jpeg()
    .toBuffer();
  for (let n = 0; n < boxes; n++) {
    const boxId = newId('box');
    const cameras = Array.from({ length: CAMERAS_OF_BOX }, (_, of) => ({
      id: newId('stream'),
      name: `Camera ${of + 1}`,
    }));
    const told = cameras.map((camera) => ({ ...camera, phase: 'recording' as const }));
    const report = aReport(boxId, { name: `Box ${n + 1}`, clockMs: Date.now(), cameras: told });
    store.boxes.hello(report, store.keys.add(hashKey(boxId), report.name, ['edge']));
    for (const { id, name } of cameras) await fillCamera(store, dir, jpeg, { id, name, boxId });
  }
  await store[Symbol.asyncDispose]();
}

async function fillCamera(
  store: Store,
  dir: string,
  jpeg: Buffer,
  { id, name, boxId }: { id: string; name: string; boxId: string },
): Promise<void> {
  const { mediaTypes, zones, createdMs } = aStream();
  const index = anIndex(id);
  store.replicas.stream(boxId, { id, name, mediaTypes, zones, createdMs });
  store.replicas.index(boxId, index);
  const thumbPath = `${id}/newest.jpg`;
  await mkdir(join(dir, 'thumbs', dirname(thumbPath)), { recursive: true });
  await writeFile(join(dir, 'thumbs', thumbPath), jpeg);
  const fromMs = Date.now() - 3_600_000;
  const embed = () => ({ vector: axis(0), model: 'm' });
  for (let n = 0; n < SCENES; n++) {
    const startMs = fromMs + (n * 3_600_000) / SCENES;
    const scene = store.replicas.sceneFor(
      boxId,
      { ...aScene(index, { startMs, endMs: startMs + 5000 }), id: n + 1 },
      embed,
    );
    store.replicas.picture(scene, thumbPath);
  }
  const session = aSession(id);
  for (let n = 0; n < SEGMENTS; n++) store.segments.add(aSegment(session, fromMs + n * SEGMENT_MS), session);
}
