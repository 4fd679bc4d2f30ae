/** Alerts are armed, snoozed and grouped on the page, with the keyboard as well; what others change is shown at once. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { TestAppliance } from './support/appliance.ts';
import { freePort } from './support/ports.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm } from './support/watching.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

interface Arming {
  alerts: { told: boolean; status: string; group?: string; snoozed_until?: number }[];
  groups: { name: string; armed: boolean; arm: object[]; by: string }[];
}

test('arms, snoozes and groups alerts, and follows what others do', async () => {
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  await using appliance = await TestAppliance.start();
  const watch = await addCamera(appliance, { url: `rtsp://127.0.0.1:${await freePort()}/none`, name: 'Yard' });
  const id = await arm(appliance, watch, { prompt: 'something moves', label: 'movement' });
  const arming = () => appliance.data<Arming>('GET', '/v1/arming');
  const changed = (what: string, check: (now: Arming) => boolean) => until(what, async () => check(await arming()));

  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${appliance.url}/#key=${appliance.key}`);
    const row = page.getByRole('list', { name: 'Alerts', exact: true }).locator('li');
    await row.getByText('Armed', { exact: true }).waitFor();

    await row.getByRole('button', { name: 'Snooze 1 h for movement' }).focus();
    await page.keyboard.press('Enter');
    await row.getByText(/^Snoozed until .*\d\d:\d\d/).waitFor();
    await page.getByText('0 of 1 armed').waitFor();
    expect((await arming()).alerts[0]?.snoozed_until).toBeGreaterThan(Date.now() / 1000 + 3000);
    await row.getByRole('button', { name: 'End snooze of movement' }).click();
    await row.getByText('Armed', { exact: true }).waitFor();

    await page.getByLabel('Name of a new group').fill('night');
    await page.keyboard.press('Enter');
    const night = page.getByRole('list', { name: 'Groups of alerts' }).locator('li');
    await row.getByRole('combobox', { name: 'Group of movement' }).selectOption('night');
    await changed('the alert in the group', ({ alerts }) => alerts[0]?.group === 'night');
    await night.getByRole('switch', { name: 'Group night armed' }).focus();
    await page.keyboard.press('Space');
    await row.getByText('Quiet: “night” is disarmed').waitFor();
    await night.getByText(/^Disarmed by key/).waitFor();
    expect((await arming()).alerts[0]).toMatchObject({ told: false, status: 'enabled' });

    await night.getByText('Schedule', { exact: true }).click();
    for (const day of ['Sat', 'Sun']) await night.getByLabel(day).uncheck();
    await night.getByRole('button', { name: 'Set', exact: true }).click();
    await night.getByText('Mon–Fri 22:00–06:00').waitFor();
    const days = ['mon', 'tue', 'wed', 'thu', 'fri'];
    expect((await arming()).groups).toMatchObject([{ name: 'night', arm: [{ days, from: '22:00', to: '06:00' }] }]);

    await page.getByText('Who changed what').click();
    const log = page.getByRole('list', { name: 'Who changed what' }).locator('li');
    await log.getByText('night got a schedule').waitFor();
    await log.getByText('movement put in a group: night').waitFor();
    await appliance.data('PUT', '/v1/groups/night', { armed: true, arm: [] });
    await log.getByText('night armed').waitFor();
    await night.getByText(/^Armed by key/).waitFor();
    await row.getByText('Armed', { exact: true }).waitFor();
    await appliance.data('PATCH', `/rtstream/${watch.streamId}/index/${watch.indexId}/alert/${id}/status`, {
      status: 'disabled',
    });
    await row.getByText('Disarmed', { exact: true }).waitFor();
    await row.getByRole('switch', { name: 'Alert movement armed' }).click();
    await changed('the alert armed', ({ alerts }) => alerts[0]?.told === true);

    await page.getByLabel('Name of a new group').fill('Night');
    await page.getByRole('button', { name: 'Add group' }).click();
    await page.getByText('would be the same as "night" on MQTT').waitFor();
    // The browser notes it beside what the page shows.
    await until('the browser has noted it', () => problems.length > 0);
    expect(problems.splice(0)).toEqual([expect.stringContaining('409')]);

    await page.route('**/v1/arming', (route) => route.fulfill({ status: 200, json: {} }));
    await appliance.data('PUT', '/v1/groups/night', { armed: false });
    const unknown = page.getByText('The box answered 200 without saying why.');
    await unknown.waitFor();
    await page.unroute('**/v1/arming');
    await appliance.data('PUT', '/v1/groups/night', { armed: true });
    await unknown.waitFor({ state: 'hidden' });

    await page.setViewportSize({ width: 390, height: 844 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await night.getByRole('button', { name: 'Delete group night' }).click();
    await night.waitFor({ state: 'detached' });
    await changed('no group', ({ groups, alerts }) => groups.length === 0 && alerts[0]?.told === true);
    expect(problems).toEqual([]);
  } finally {
    await browser.close();
  }
});
