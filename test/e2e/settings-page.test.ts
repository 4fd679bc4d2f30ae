/** The configuration on the page, with the keyboard alone: what is wrong, what would change, applied, and taken back. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { aStream } from '../store/fixture.ts';
import { TestAppliance } from './support/appliance.ts';
import { seriousFindings } from './support/axe.ts';
import { tempDir } from './support/temp-dir.ts';
import { until } from './support/waiting.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

test('shows the configuration, refuses what is wrong by path, applies what is right, and goes back', async () => {
  expect(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`).toBe(true);
  const mqtt = { url: 'mqtt://127.0.0.1:9', username: 'box', password: 'canary-password' };
  await using dir = await tempDir();
  const targets = [{ kind: 'hub', name: 'office', url: 'http://127.0.0.1:9', token: 'canary-token' }];
  const waiting = await waitingFor('office', dir.path);
  await using appliance = await TestAppliance.start({ dataDir: dir.path, config: { mqtt, sync: { targets } } });
  const name = async () =>
    (await appliance.data<{ config: { name: string } }>('GET', '/v1/control/config')).config.name;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${appliance.url}/#key=${appliance.key}`);
    await page.getByRole('button', { name: 'Settings' }).focus();
    await page.keyboard.press('Enter');
    const text = page.getByLabel('Configuration (YAML)');
    const shown = await until('the text', async () => (await text.inputValue()) || undefined);
    expect(shown).toContain('name: test box');
    expect(shown).toContain('password: (set)');
    expect(await page.content()).not.toContain('canary');

    const apply = page.getByRole('button', { name: 'Apply' });
    const at = page.getByLabel('What differs').locator('li');
    await text.press('Control+End');
    await page.keyboard.type('recording:\n  keepDays: lots\n');
    await page.getByText('recording.keepDays: must be a number').waitFor();
    expect(await apply.isDisabled()).toBe(true);
    await text.fill(shown.replace('name: test box', 'name: gatehouse'));
    await page.getByText('Would change name.').waitFor();
    await at.getByText('name: test box').waitFor();
    await at.getByText('name: gatehouse').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await apply.focus();
    await page.keyboard.press('Enter');
    await page.getByText('Changed: name.').waitFor();
    expect(await name()).toBe('gatehouse');
    await until('no difference', async () => (await at.count()) === 0);

    await page.getByText('Earlier versions').focus();
    await page.keyboard.press('Enter');
    await page.getByText('in force', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Go back to version 1' }).focus();
    await page.keyboard.press('Enter');
    await until('the version before', async () => (await name()) === 'test box');
    await until('its text', async () => (await text.inputValue()).includes('name: test box'));

    // Somebody else was quicker.
    await text.fill(shown.replace('name: test box', 'name: mine'));
    await page.getByText('Would change name.').waitFor();
    await appliance.data('PATCH', '/v1/control/config', { patch: { name: 'theirs' } });
    await apply.click();
    await page.getByText(/version \d+ is in force by now/).waitFor();
    expect(await name()).toBe('theirs');
    // The browser notes it beside what the page shows.
    await until('the browser has noted it', () => problems.length > 0);
    expect(problems.splice(0)).toEqual([expect.stringContaining('409')]);

    // What waits for a target is forgotten with it: that must be said.
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Settings' }).click();
    const again = await until(
      'the text again',
      async () => (await text.inputValue()).includes('theirs') && text.inputValue(),
    );
    await text.fill(again.replace(/^sync:\n(?: .*\n)+/m, ''));
    await page.getByText(`sync.targets[office]: ${waiting} things wait for it`).waitFor();
    const force = page.getByLabel('Forget it');
    expect(await seriousFindings(page)).toEqual([]);
    expect(await apply.isDisabled()).toBe(true);
    expect(await targetsOf(appliance)).toEqual(['office']);
    await force.check();
    await apply.click();
    await page.getByText('Changed: sync.targets').waitFor();
    expect(await targetsOf(appliance)).toEqual([]);
    await page.keyboard.press('Escape');
    await until('the dialog closed', async () => !(await page.getByRole('dialog').isVisible()));
  } finally {
    await browser.close();
  }
});

async function targetsOf(appliance: TestAppliance): Promise<string[]> {
  const { targets } = await appliance.data<{ targets: { name: string }[] }>('GET', '/v1/control/sync');
  return targets.map(({ name }) => name);
}

/** What a former life has left in the outbox, paused; how much that is. */
async function waitingFor(target: string, dataDir: string): Promise<number> {
  const stream = aStream({ wanted: 'stopped' });
  await using store = await Store.open(dataDir, { clock: systemClock, log: createLog('silent') });
  const { id: streamId } = stream;
  const about = { streamId, priority: 0, startMs: 1, endMs: 1, bytes: 1e6, facts: {}, readyMs: 0, asked: false };
  const entries = ['one', 'two'].map((ref) => ({ ...about, kind: 'alert' as const, ref }));
  store.streams.create(stream);
  store.outbox.open(target);
  store.outbox.targets.pause(target, { atMs: 1, by: 'a test' });
  store.outbox.fill(target, entries, 1);
  return entries.length;
}
