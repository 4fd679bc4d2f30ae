/** The page in a real browser on the real appliance: log in by the address, see the camera, its scenes and its video. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { seriousFindings } from './support/axe.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm, firings } from './support/watching.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

test('shows the camera, its scenes, alerts and search, and fits a phone', async () => {
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  await using camera = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
  await using appliance = await TestAppliance.start();
  const watch = await addCamera(appliance, { url: camera.url, name: 'Yard', seconds: 2, frames: 2 });
  await arm(appliance, watch, { prompt: 'something moves', label: 'movement' });
  await until('an alert', async () => (await firings(appliance)).length > 0, 90_000);

  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${appliance.url}/#key=${appliance.key}`);
    await page.locator('#camera-grid').getByText('Yard').first().waitFor();
    await page.locator('#feed-list').getByText('movement').first().waitFor();
    expect(page.url()).not.toContain(appliance.key);
    await page.locator('.camera-indexes').getByText('tells of everything').waitFor();
    await page.locator('.camera-missing').getByText('no object detector').waitFor();

    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('searchbox').fill('motion');
    await page.keyboard.press('Enter');
    await page
      .getByText(/motion (across|on|in)/)
      .first()
      .waitFor();

    await page.getByRole('button', { name: 'New alert' }).click();
    const examples = page.getByLabel('Examples').locator('li');
    await page.getByLabel('Tell me when').fill('the shelf looks messy');
    await examples.getByText('Only the words of descriptions decide.').waitFor();
    await examples.getByText('Would fire: the scene is described as "shelf looks messy"').waitFor();
    await page.getByLabel('Tell me when').fill('something moves');
    await examples.getByText('Would fire: something moves in the picture for 5 seconds').waitFor();
    await examples.getByText('Would not: nothing moves').waitFor();
    expect(await examples.getByText('words of descriptions').count()).toBe(0);
    await page.getByRole('button', { name: 'Try it on the last day' }).click();
    await page.getByText(/It would have fired \d+ times? in the last \d+ minutes?/).waitFor();
    await page.getByLabel('When it would have fired').locator('li', { hasText: 'Yard' }).first().waitFor();
    expect(await page.locator('.rehearsed img').first().evaluate(isShown)).toBe(true);
    await page.getByRole('button', { name: 'Cancel' }).click();

    const [fired] = await firings(appliance);
    const row = page.locator(`[data-key="alert-${fired?.id}"]`);
    expect(await row.locator('img').evaluate(isShown)).toBe(true);
    expect(await row.locator('img').getAttribute('src')).toContain('/picture.jpg');
    await row.locator('.moment').click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save MP4' }).click();
    const saved = await download;
    expect(saved.suggestedFilename()).toMatch(/^Yard-\d{4}-\d\d-\d\dT[\d-]+Z\.mp4$/);
    expect((await stat(await saved.path())).size).toBeGreaterThan(1000);
    await page.locator('#player-close').click();

    await page.getByRole('button', { name: /^Watch Yard\./ }).click();
    await page.getByRole('button', { name: 'Less delay' }).click();
    const drawn = () => page.locator('#player-canvas canvas').evaluate((canvas: HTMLCanvasElement) => canvas.width);
    await expect.poll(drawn, { timeout: 30_000 }).toBe(640);
    await page.getByRole('button', { name: 'Less delay', pressed: true }).click();
    await page.locator('#player-video').waitFor();
    await page.locator('#player-close').click();

    const feedback = row.getByRole('group', { name: 'Was “movement” right?' });
    await feedback.getByRole('button', { name: 'Wrong' }).focus();
    await page.keyboard.press('Enter');
    await feedback.getByText(/^From \d+ % on, \d+ of \d+ would have been told\.$/).waitFor();
    expect(await feedback.getByRole('button', { pressed: true }).textContent()).toBe('Wrong');
    const armed = async () =>
      (await appliance.data<{ alerts: { threshold?: number }[] }>('GET', '/v1/arming')).alerts[0];
    expect(await armed()).not.toHaveProperty('threshold');
    await feedback.getByRole('button', { name: /^Tell only from/ }).click();
    await feedback.getByText(/^Told from \d+ % on\.$/).waitFor();
    expect((await armed())?.threshold).toBeGreaterThan(fired?.confidence ?? 1);
    const choice = page.getByRole('combobox', { name: 'How sure movement has to be' });
    const chosen = () => choice.locator('option:checked').textContent();
    await until('the threshold in the list of alerts', async () => /^From \d+ % on$/.test((await chosen()) ?? ''));
    await feedback.getByRole('button', { name: 'Undo this' }).click();
    await feedback.getByText('Everything is told again.').waitFor();
    expect(await armed()).not.toHaveProperty('threshold');
    await until('none in the list of alerts', async () => (await chosen()) === 'However sure');
    await choice.selectOption('From 30 % on');
    await until('the threshold chosen', async () => (await armed())?.threshold === 0.3);
    await feedback.getByRole('button', { name: 'Undo', exact: true }).click();
    await feedback.getByRole('button', { name: 'Undo', exact: true }).waitFor({ state: 'hidden' });
    expect(await feedback.getByRole('button', { pressed: true }).count()).toBe(0);
    expect((await firings(appliance)).find(({ id }) => id === fired?.id)).not.toHaveProperty('feedback');

    await row.getByRole('button', { name: 'Snooze 1 h for movement' }).click();
    await row.getByText(/^Snoozed until /).waitFor();
    const listed = page.getByRole('list', { name: 'Alerts', exact: true }).locator('li');
    await listed.getByText(/^Snoozed until /).waitFor();
    await listed.getByRole('button', { name: 'End snooze of movement' }).click();
    await listed.getByText('Armed', { exact: true }).waitFor();

    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await seriousFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    expect(problems).toEqual([]);
  } finally {
    await browser.close();
  }
});

/** In the page: whether the picture has come. */
async function isShown(image: Element): Promise<boolean> {
  // The page's own type, which this project's tests don't know.
  const picture = image as unknown as { decode: () => Promise<void>; naturalWidth: number };
  await picture.decode();
  return picture.naturalWidth > 0;
}
