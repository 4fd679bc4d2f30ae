import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { portOf } from '../e2e/support/ports.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

/** Opens a player page, and the same video embedded in somebody else's page, and waits until both play. */
export async function seePlayer(playerUrl: string, title: string): Promise<void> {
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  const elsewhere = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<iframe src="${playerUrl.replace('/watch?', '/embed?')}" width="640" height="360"></iframe>`);
  });
  try {
    const page = await browser.newPage();
    await page.goto(playerUrl);
    await page.getByText(title).first().waitFor();
    await plays(page, 'video');
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    await page.goto(`http://127.0.0.1:${portOf(elsewhere.address())}/`);
    await plays(page, 'iframe');
  } finally {
    await browser.close();
    elsewhere.closeAllConnections();
    elsewhere.close();
  }
}

async function plays(page: Page, where: 'video' | 'iframe'): Promise<void> {
  const video = where === 'iframe' ? page.frameLocator('iframe').locator('video') : page.locator('video');
  await video.waitFor();
  await video.evaluate(async (element) => {
    if (!(element instanceof HTMLVideoElement)) throw new Error('no video');
    element.muted = true;
    if (element.readyState < element.HAVE_CURRENT_DATA) {
      await new Promise((resolve) => element.addEventListener('loadeddata', resolve, { once: true }));
    }
    await element.play();
    if (element.currentTime === 0) {
      await new Promise((resolve) => element.addEventListener('timeupdate', resolve, { once: true }));
    }
  });
}
