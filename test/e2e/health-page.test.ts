/** What ails the box and what helps, its models and targets, and the wall, on the page of a real appliance. */
import { existsSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { seriousFindings } from './support/axe.ts';
import { portOf } from './support/ports.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, scenes } from './support/watching.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
/** One that comes from the models' hub, which is the test's own here. */
const PACK = 'dfine-nano';
const PHONE = { width: 390, height: 844 };

test('says what needs attention, holds and hurries what is sent, fetches models, and becomes a wall', async () => {
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  await using elsewhere = await startElsewhere();
  await using camera = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
  await using appliance = await TestAppliance.start({
    config: { sync: { targets: [{ kind: 'hub', name: 'office', url: elsewhere.url, token: 'sk-canary-token' }] } },
    env: { HF_ENDPOINT: elsewhere.url, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
  });
  const watch = await addCamera(appliance, { url: camera.url, name: 'Yard', seconds: 2, frames: 2 });
  await appliance.data('POST', '/rtstream', { url: 'rtsp://127.0.0.1:9/away', name: 'Shed', collection_id: 'default' });
  await until('a scene', async () => (await scenes(appliance, watch.streamId)).length > 0);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${appliance.url}/#key=${appliance.key}`);

    const sync = page.getByRole('region', { name: 'Sync' });
    await sync.getByText(/^fails; tries again/).waitFor();
    await sync.getByText(/batch(es)? to send \(/).waitFor();
    await sync.getByRole('button', { name: 'Pause office' }).click();
    await sync
      .getByText('paused by key "first key"')
      .or(sync.getByText(/^paused/))
      .first()
      .waitFor();
    const paused = elsewhere.said;
    await sync.getByRole('button', { name: 'Resume office' }).click();
    await sync.getByText(/^fails; tries again/).waitFor();
    await until('it tries again', () => elsewhere.said > paused);
    const tried = elsewhere.said;
    await sync.getByRole('button', { name: 'Send to office now' }).click();
    await until('it tries now', () => elsewhere.said > tried);

    await page.getByRole('button', { name: /^Health \d/ }).focus();
    await page.keyboard.press('Enter');
    const health = page.getByRole('dialog', { name: 'Health' });
    const attention = health.getByRole('list', { name: 'What needs attention' }).locator('li');
    await attention.getByText(/^camera "Shed": .*refused/).waitFor();
    await attention.getByText(/^It is tried again by itself\. `watchpost probe`/).waitFor();
    await attention.getByText(/^target "office": /).waitFor();
    await health.getByText(/^\d+ % of \d+ cores?$/).waitFor();
    await health.getByText(/^[\d.]+ [GT]B of [\d.]+ [GT]B used$/).waitFor();
    await health.getByText(/ free$/).waitFor();

    await health.getByText('Packs that can be fetched').click();
    const packs = health.getByRole('list', { name: 'Packs that can be fetched' });
    await packs.getByRole('button', { name: `Fetch ${PACK}`, exact: true }).click();
    await packs.getByRole('progressbar', { name: `Fetching ${PACK}` }).waitFor();
    expect(await packs.getByRole('button', { name: /^Fetch / }).count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await elsewhere.refuse();
    await packs.getByText(/^Could not be fetched: .*404/).waitFor();
    await packs.getByRole('button', { name: `Fetch ${PACK}`, exact: true }).waitFor();
    await page.setViewportSize(PHONE);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await seriousFindings(page)).toEqual([]);
    await health.getByRole('button', { name: 'Close' }).click();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect((await page.getByRole('link', { name: 'API', exact: true }).boundingBox())?.height).toBeLessThan(30);
    expect(await page.content()).not.toContain('canary');

    await page.setViewportSize({ width: 1280, height: 720 });
    await page.getByRole('button', { name: 'Wall', exact: true }).click();
    const close = page.getByRole('button', { name: 'Close wall' });
    await close.waitFor();
    const yard = page.getByRole('button', { name: /^Watch Yard\./ });
    const shed = page.getByRole('button', { name: /^Watch Shed\./ });
    expect(await page.getByRole('heading', { name: 'Cameras' }).isVisible()).toBe(false);
    await page.locator('[data-stream] h3').getByText('Shed').waitFor();
    const [left, right] = await Promise.all([shed, yard].map((picture) => picture.boundingBox()));
    expect(left?.y).toBe(right?.y);
    const isFocused = (picture: typeof shed) => picture.evaluate((element) => element.matches(':focus'));
    await expect.poll(() => isFocused(shed)).toBe(true);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => isFocused(yard)).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.locator('#player-close').click();
    await close.click();
    await page.getByRole('heading', { name: 'Cameras' }).waitFor();
    expect(problems).toEqual([]);
  } finally {
    await browser.close();
  }
});

function overflow(page: { evaluate<T>(what: () => T): Promise<T> }): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/** A hub that is always down, and a place of models that says nothing until it is told to refuse. */
async function startElsewhere() {
  const held: ServerResponse[] = [];
  let said = 0;
  let refuses = false;
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/v1/edge/')) {
      said += 1;
      response.writeHead(503).end();
    } else if (refuses) response.writeHead(404).end();
    else held.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    get said() {
      return said;
    },
    async refuse() {
      refuses = true;
      await until('the model is asked for', () => held.length > 0);
      for (const response of held) response.writeHead(404).end();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
