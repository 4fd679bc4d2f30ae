/** API keys on the page, with the keyboard alone: one is made, shown once, ended; who did what stands below. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { TestAppliance } from './support/appliance.ts';
import { seriousFindings } from './support/axe.ts';
import { until } from './support/waiting.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

test('makes a key, shows it once, ends it, and says who did what', async () => {
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  await using appliance = await TestAppliance.start();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${appliance.url}/#key=${appliance.key}`);
    await page.getByRole('button', { name: 'Settings' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Configuration (YAML)').waitFor();
    await page.getByRole('button', { name: 'API keys' }).focus();
    await page.keyboard.press('Enter');
    const keys = page.getByRole('list', { name: 'API keys' });
    await keys.getByText('opens everything').waitFor();
    await page.getByLabel('For what').focus();
    await page.keyboard.type('wall tablet');
    await page.keyboard.press('Enter');
    const row = keys.getByRole('listitem').filter({ hasText: 'wall tablet' });
    await row.getByText('looks, and changes nothing').waitFor();
    await row.getByText('never used').waitFor();
    const plain = page.getByLabel('The new key.');
    const key = await until('the key', async () => (await plain.inputValue()) || undefined);
    const looks = () => appliance.request('GET', '/v1/status', undefined, { 'x-access-token': key });
    expect((await looks()).status).toBe(200);
    expect(await plain.evaluate((input) => input === document.activeElement)).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);

    // Closed and opened again, it is gone from the page; what it was used for is told.
    await page.keyboard.press('Escape');
    await until('the dialog closed', async () => !(await keys.isVisible()));
    await until('the key is gone from the page', async () => (await plain.inputValue()) === '');
    await page.getByRole('button', { name: 'API keys' }).click();
    await row.getByText(/used \d+ (s|min) ago/).waitFor();
    expect(await plain.isVisible()).toBe(false);

    await row.getByRole('button', { name: 'End wall tablet' }).focus();
    await page.keyboard.press('Enter');
    await row.getByText('End: sure?').waitFor();
    expect((await looks()).status).toBe(200);
    await page.keyboard.press('Enter');
    await row.waitFor({ state: 'detached' });
    expect((await looks()).status).toBe(401);

    const last = keys.getByRole('button', { name: /^End/ });
    await last.click();
    await last.click();
    await page.getByText('this is the last key that opens everything').waitFor();
    await page.getByText('Who did what', { exact: true }).focus();
    await page.keyboard.press('Enter');
    const log = page.getByRole('list', { name: 'Who did what' });
    await log.getByText('POST /v1/control/keys: key 2 "wall tablet" for read').waitFor();
    await log.getByText('conflict').waitFor();
    expect(await log.textContent()).not.toContain(key);
    expect(await seriousFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBe(0);
    expect(problems.filter((problem) => !problem.includes('409'))).toEqual([]);
  } finally {
    await browser.close();
  }
});
