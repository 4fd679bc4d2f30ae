/** What a camera records as H.265 plays in a browser that has no H.265, and elsewhere as it is. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { listen } from '#http';
import { createLog } from '#runtime';
import { addStream, openBox, T0 } from '../http/box.ts';
import { expectFlashAt } from './support/flash.ts';
import { addFilm, recordTake } from './support/recording.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--autoplay-policy=no-user-gesture-required'];

test('a recording over two sessions, and a video, show what they show at its time', async () => {
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  await using box = await openBox({ webDir: fileURLToPath(new URL('../../dist/web', import.meta.url)) });
  await using server = await listen(box.app, { host: '127.0.0.1', port: 0 }, createLog('silent'));
  const base = `http://127.0.0.1:${server.address.port}`;
  const { id } = addStream(box.store);
  await recordTake(box, id, { fromS: 0, lengthS: 12, flashS: 5, sessionS: 1000, codec: 'h265' });
  await recordTake(box, id, { fromS: 60, lengthS: 8, flashS: 63, sessionS: 5 });
  const film = await addFilm(box, { fromS: 0, lengthS: 8, flashS: 3, sessionS: 100, codec: 'h265' });
  const path = box.deps.links.manifestPath(id, T0, T0 + 68_000);
  const master = await (await fetch(base + path)).text();
  expect(master).toMatch(/CODECS="hvc1.+\/media\/.+CODECS="avc1.+\/h264\//s);
  const original = await (await fetch(base + path.replace('/manifests/', '/media/'))).text();
  expect(original).not.toContain('h264');
  const made = await (await fetch(base + path.replace('/manifests/', '/h264/'))).text();
  expect(made.match(/\/h264\/segments/g)).toHaveLength(3); // The other session is H.264 already.

  await using browser = { it: await chromium.launch({ executablePath: CHROMIUM, args: ARGS }), ...closing };
  const page = await browser.it.newPage();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  await page.goto(base + box.deps.links.watchPath(id, T0, T0 + 68_000));
  const hasH265 = await page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L60.90"'));
  console.log(hasH265 ? 'this Chromium shows H.265: it was not shown H.264' : 'this Chromium has no H.265');
  await expectFlashAt(page, { from: 5 });
  await expectFlashAt(page, { from: 12 + 3 });
  await page.goto(base + box.deps.links.watchPath(film.id, 0, film.lengthMs));
  await expectFlashAt(page, { from: 3 });
  expect(problems).toEqual([]);
});

const closing = {
  async [Symbol.asyncDispose](this: { it: { close(): Promise<void> } }): Promise<void> {
    await this.it.close();
  },
};
