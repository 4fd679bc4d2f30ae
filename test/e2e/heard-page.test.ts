/** A person arms a sound on the page, in a real browser, and sees it told when a real camera's microphone hears it. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { ABSENT, sharedFile } from './support/shared.ts';
import { tempDir } from './support/temp-dir.ts';
import { soundAt, yardSounding } from './support/videos.ts';
import { addCamera } from './support/watching.ts';

const CHROMIUM = '/usr/bin/chromium';
const PACK = sharedFile('models/yamnet');
const ALARM = sharedFile('media/sounds/smoke_alarm_synth.wav');

test('the page arms a smoke alarm and shows it when it is heard', async ({ skip }) => {
  if (!PACK || !ALARM) return skip(ABSENT);
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  await using dir = await tempDir();
  await watchpost(['models', 'import', PACK, '--data-dir', dir.path]);
  const sound = await soundAt(60, 30, ALARM);
  const file = await yardSounding(60, sound, { encoder: 'aac', rate: 48_000, channels: 1 });
  await using camera = await startRtspServer({ file, name: 'yard' });
  await using appliance = await TestAppliance.start({ dataDir: dir.path });
  await addCamera(appliance, { url: camera.url, name: 'Yard', seconds: 5, frames: 2 });

  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    await page.goto(`${appliance.url}/#key=${appliance.key}`);
    await page.locator('#camera-grid').getByText('Yard').first().waitFor();
    await page.getByRole('button', { name: 'New alert' }).click();
    await page.getByLabel('Tell me when').fill('the smoke alarm goes off');
    await page.getByText('Understood: Fires when a smoke alarm is heard.', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Arm alert' }).click();
    await page.locator('#alert-dialog').waitFor({ state: 'hidden' });

    const feed = page.locator('#feed-list');
    await feed.locator('li.is-alert').getByText('A smoke alarm was heard').first().waitFor({ timeout: 120_000 });
    const heard = feed.locator('li:not(.is-alert)', { hasText: 'Heard' });
    await heard.getByText('a smoke alarm sounds').first().waitFor();

    await page.getByRole('searchbox').fill('smoke alarm');
    await page.keyboard.press('Enter');
    await page.locator('#results-list').getByText('a smoke alarm sounds').first().waitFor();
  } finally {
    await browser.close();
  }
});
