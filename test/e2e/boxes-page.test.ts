/** A hub's page: the boxes that send to it, their cameras with what came of them, played, searched and listed by box. */
import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { aReport, aShipment, type Shipment } from '../fleet/parcels.ts';
import { TestAppliance } from './support/appliance.ts';
import { seriousFindings } from './support/axe.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const BARN = 'box-0000000000000001';
const MILL = 'box-0000000000000002';

/** What the box says of itself, and what it has stored. */
async function sends(hub: TestAppliance, report: ReturnType<typeof aReport>, shipments: readonly Shipment[]) {
  const made = await hub.data<{ key: string }>('POST', '/v1/control/keys', { label: report.name, scopes: ['edge'] });
  const as = { 'x-access-token': made.key };
  expect((await hub.request('POST', '/v1/edge/hello', report, as)).status).toBe(200);
  for (const { heads, bodies } of shipments) {
    for (const head of heads) {
      const answer = await hub.request('POST', '/v1/edge/parcels', head, as);
      expect(answer.status).toBe(200);
      // An envelope.
      const { data } = (await answer.json()) as { data: { state: string; id: string } };
      if (data.state === 'stored') continue;
      const bytes = new Uint8Array(bodies.get(head.key) ?? Buffer.alloc(0));
      const sent = await fetch(`${hub.url}/v1/edge/parcels/${data.id}`, {
        method: 'PATCH',
        headers: { ...as, 'upload-offset': '0', 'content-type': 'application/octet-stream' },
        body: new Blob([bytes]),
      });
      expect(sent.status).toBe(200);
    }
  }
}

const told = ({ stream: { id, name } }: Shipment) => ({ id, name, phase: 'recording' as const });
const feed = (page: Page) => page.getByRole('region', { name: 'Live', exact: true }).getByRole('listitem');

test('the page of a hub shows its boxes with their cameras, and only then', { timeout: 120_000 }, async () => {
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
    expect(await page.getByLabel('Show what happens at').isVisible()).toBe(false);

    const jpeg = await sharp({ create: { width: 64, height: 36, channels: 3, background: 'red' } })
      .jpeg()
      .toBuffer();
    const [yard, weir] = [aShipment(BARN, {}, jpeg), aShipment(MILL, { name: 'Weir' }, jpeg)];
    const gate = { id: 'rts-1', name: 'Gate', phase: 'waiting', lastError: 'no route to it' } as const;
    await sends(hub, aReport(BARN, { clockMs: Date.now(), cameras: [told(yard), gate] }), [yard]);
    await sends(hub, aReport(MILL, { name: 'Mill', clockMs: Date.now(), cameras: [] }), [weir]);
    const loads: string[] = [];
    page.on('request', (request) => loads.push(new URL(request.url()).pathname));
    await page.reload();
    await boxes.getByText('2 of 2 online').waitFor();
    const barn = boxes.locator(`[data-box="${BARN}"]`);
    await barn.getByRole('heading', { name: 'Barn' }).waitFor();
    await barn.getByText('1 of 2 cameras recording · version 0.1.0').waitFor();
    const card = (name: string) => boxes.getByRole('article').filter({ has: page.getByRole('heading', { name }) });
    await card('Gate').getByText('no route to it.').waitFor();
    expect(await card('Gate').getByRole('button').isDisabled()).toBe(true);
    await card('Weir').getByText('Its box has it no more').waitFor();
    await card('Yard')
      .getByText(/recorded here until/)
      .waitFor();
    await card('Yard')
      .getByRole('slider', { name: /^Barn, Yard/ })
      .waitFor();
    await expect.poll(() => loads.filter((path) => path === '/v1/timelines').length).toBeGreaterThan(0);
    expect(loads.filter((path) => path.endsWith('/latest.jpg') || path === '/v1/timeline')).toEqual([]);

    await card('Yard').getByRole('button').click();
    const player = page.getByRole('dialog', { name: 'Barn · Yard' });
    await player.waitFor();
    expect(await player.getByRole('button', { name: 'Watch now' }).isVisible()).toBe(false);
    await player.getByRole('button', { name: 'Close' }).click();

    await expect.poll(() => feed(page).count()).toBe(8); // Of each box three scenes and an alert.
    await page.getByLabel('Show what happens at').selectOption({ label: 'All of Mill' });
    await expect.poll(() => feed(page).count()).toBe(4);
    expect(await feed(page).first().textContent()).toContain('Mill');
    await page.getByLabel('Search in').selectOption({ label: 'All of Barn' });
    await page.getByLabel('Search what the cameras saw').fill('red tractor');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '3 scenes for “red tractor”' }).waitFor();
    await page.getByRole('button', { name: 'Close results' }).click();

    // A command is only asked for when it is sure; what the box can't be told is said.
    await barn.getByRole('button', { name: 'Restart Barn' }).click();
    await barn.getByText('Restart: sure?').click();
    await boxes.getByRole('alert').waitFor();
    expect(await boxes.getByRole('alert').textContent()).not.toBe('');
    expect(await seriousFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(await seriousFindings(page)).toEqual([]);
    expect(problems.filter((problem) => !problem.includes('503'))).toEqual([]);
  } finally {
    await browser.close();
  }
});
