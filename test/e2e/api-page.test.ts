/** The page of the API in a real browser on the real appliance: readable without a key, and nothing on it needs a mouse. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestAppliance } from './support/appliance.ts';
import { seriousFindings } from './support/axe.ts';
import { until } from './support/waiting.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

let appliance: TestAppliance;
let browser: Browser;
beforeAll(async () => {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium`);
  appliance = await TestAppliance.start();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
});
afterAll(async () => {
  await browser?.close();
  await appliance?.[Symbol.asyncDispose]();
});

/** Opens an address, does something, and expects no error on the console, such as a breach of the page's policy. */
async function visit(path: string, act: (page: Page, problems: string[]) => Promise<void>): Promise<void> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${appliance.url}${path}`);
  await act(page, problems);
  expect(problems).toEqual([]);
  await page.close();
}

test('shows every route, and what it takes and answers', async () => {
  const document = await (await fetch(`${appliance.url}/v1/openapi.json`)).json();
  // The document's form has tests of its own.
  const { paths } = document as { paths: Record<string, object> };
  const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  await visit('/v1/docs', async (page) => {
    await page.locator('.operation').first().waitFor();
    const shown = await page.locator('.operation').evaluateAll((all) => all.map(({ id }) => id));
    expect(shown.sort()).toEqual(ids.sort());
    await page.locator('.operation-head').evaluateAll((heads) => {
      for (const head of heads) if (head instanceof HTMLElement) head.click();
    });
    await expect.poll(() => page.locator('.operation .example').count()).toBe(ids.length);

    const add = page.locator('#postRtstream');
    await add.getByText('1 to 240').waitFor();
    await add.getByText(`curl -H "x-access-token: $KEY" ${appliance.url}/rtstream`).waitFor();
    const list = page.locator('#getRtstream');
    await list.locator('summary', { hasText: 'list of Stream' }).click();
    await list.getByText('media_types').waitFor();

    expect(await seriousFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});

test('finds, opens and names a route by keyboard alone', async () => {
  await visit('/v1/docs', async (page) => {
    await page.locator('.operation').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('put zones polygon');
    await page.getByText('1 route', { exact: true }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('#putV1StreamsIdZones .operation-inside').waitFor();
    await page.waitForURL(`${appliance.url}/v1/docs#putV1StreamsIdZones`);
    await page.keyboard.press('/');
    await page.keyboard.press('Escape');
    await page.locator('#getCollection').waitFor();
  });
  await visit('/v1/docs#getRtstreamId', async (page) => {
    await page.locator('#getRtstreamId .operation-inside').waitFor();
    await page.waitForFunction(() => document.activeElement?.parentElement?.id === 'getRtstreamId');
  });
});

test('sends a GET with the key that is typed or was typed before, and shows what comes back', async () => {
  await visit('/v1/docs#getCollectionId', async (page, refusals) => {
    const open = page.locator('#getCollectionId');
    await open.getByLabel('id').fill('default');
    await open.getByLabel('API key').fill('sk-wrong');
    await page.keyboard.press('Enter');
    await open.getByText('key: not known').waitFor();
    await until('the browser has noted it', () => refusals.length > 0);
    expect(refusals.splice(0)).toEqual([expect.stringContaining('401')]);
    await open.getByLabel('API key').fill(appliance.key);
    await page.keyboard.press('Enter');
    await open.getByText('The cameras of this box').waitFor();

    await page.goto(`${appliance.url}/v1/docs#getV1Status`);
    const status = page.locator('#getV1Status');
    await status.getByRole('button', { name: 'Send' }).waitFor();
    expect(await status.getByLabel('API key').isVisible()).toBe(false);
    await status.getByRole('button', { name: 'Send' }).click();
    await status.getByText('Status 200').waitFor();
    expect(await page.locator('#postRtstream form').count()).toBe(0);
  });
});

test('is linked from the page of the box', async () => {
  await visit(`/#key=${appliance.key}`, async (page) => {
    await page.getByRole('link', { name: 'API' }).click();
    await page.locator('.operation').first().waitFor();
    await page.getByRole('link', { name: "The box's page" }).click();
    await page.locator('#camera-grid').waitFor({ state: 'attached' });
  });
});
