/** A hub's page shows the boxes that send to it: one that just said hello, and what ails it. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { aReport } from '../fleet/parcels.ts';
import { TestAppliance } from './support/appliance.ts';
import { seriousFindings } from './support/axe.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

test('the page of a hub shows its boxes, and only then', async () => {
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  await using hub = await TestAppliance.start();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    const asked = page.waitForResponse((response) => response.url().endsWith('/v1/boxes'));
    await page.goto(`${hub.url}/#key=${hub.key}`);
    await asked;
    await page.getByRole('heading', { name: 'Cameras' }).waitFor();
    const boxes = page.getByRole('region', { name: 'Boxes' });
    expect(await boxes.isVisible()).toBe(false);

    const { key } = await hub.data<{ key: string }>('POST', '/v1/control/keys', { label: 'barn', scopes: ['edge'] });
    const cameras = [{ id: 'rts-1', name: 'Gate', phase: 'waiting', lastError: 'no route to it' } as const];
    const report = aReport('box-1', { clockMs: Date.now(), cameras });
    const said = await hub.request('POST', '/v1/edge/hello', report, { 'x-access-token': key });
    expect(said.status).toBe(200);
    await page.reload();
    const row = boxes.getByRole('listitem');
    await row.getByText('Barn').waitFor();
    await row.getByText('0 of 1 camera recording · version 0.1.0').waitFor();
    await row.getByText('Gate: no route to it').waitFor();
    await boxes.getByText('1 of 1 online').waitFor();

    // A command is only asked for when it is sure; what the box can't be told is said.
    await row.getByRole('button', { name: 'Restart Barn' }).click();
    await row.getByText('Restart: sure?').waitFor();
    await row.getByText('Restart: sure?').click();
    await boxes.getByRole('alert').waitFor();
    expect(await boxes.getByRole('alert').textContent()).not.toBe('');
    expect(await seriousFindings(page)).toEqual([]);
    expect(problems.filter((problem) => !problem.includes('503'))).toEqual([]);
  } finally {
    await browser.close();
  }
});
