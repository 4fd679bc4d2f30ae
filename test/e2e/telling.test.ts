/** Scenes and alerts that something which follows instructions looks at: a server that the configuration names, or a pack. */
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { vlmFiles } from '../inference/tiny-vlm.ts';
import { writeFiles } from '../models/hub-layout.ts';
import { type ChatServer, completion, startChatServer, streamed } from '../pipeline/summaries/chat-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { startBroker } from './support/broker.ts';
import { watchpost } from './support/cli.ts';
import { tempDir } from './support/temp-dir.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm, cameraState, scenes, timeline, type Watch } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

const CHROMIUM = '/usr/bin/chromium';
const FORKLIFT = 'A forklift lifts a white pallet.';
const JSON_TOLD = '{"vehicle": "forklift", "pallets": 1}';

/** What the server makes of pictures: verdicts whole, scenes bit by bit; the first two times it has too much to do. */
function answers(): ChatServer['answer'] {
  let refusals = 2;
  return (response, { body }) => {
    const asked = JSON.stringify(body.messages);
    refusals -= 1;
    if (refusals >= 0) response.writeHead(429, { 'retry-after': '1' }).end('{"error": "too many requests"}');
    else if (asked.includes('crane')) response.end(completion('No, there is no crane.'));
    else if (asked.includes('Is this what the pictures show')) response.end(completion('Yes, something white passes.'));
    else {
      response.setHeader('content-type', 'text/event-stream');
      response.end(streamed((asked.includes('JSON only') ? JSON_TOLD : FORKLIFT).split(/(?= )/)));
    }
  };
}

/** A person who has the page open meanwhile sees the words and the verdict come to what is there. */
async function onThePage(appliance: TestAppliance): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    await page.goto(`${appliance.url}/#key=${appliance.key}`);
    const feed = page.locator('#feed-list');
    await feed.locator('li:not(.is-alert)').getByText(FORKLIFT).first().waitFor({ timeout: 60_000 });
    await feed.locator('li.is-alert').getByText('Yes, something white passes.').first().waitFor({ timeout: 60_000 });
    await feed.locator('.moment-verdict[data-state=yes]').getByText('Confirmed').first().waitFor();
  } finally {
    await browser.close();
  }
}

interface Record_ {
  text: string;
  metadata: { told?: object; json?: object };
}

interface Telling {
  checks: { confirmed: number; denied: number };
}

async function records(appliance: TestAppliance, { streamId, indexId }: Watch): Promise<Record_[]> {
  const path = `/rtstream/${streamId}/index/scene/${indexId}`;
  return (await appliance.data<{ scene_index_records: Record_[] }>('GET', path)).scene_index_records;
}

test.concurrent('a server tells scenes anew, alerts by its words, and looks at alerts that have gone out', async () => {
  await using camera = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
  await using server = await startChatServer();
  server.answer = answers();
  await using hook = await startWebhook();
  await using broker = await startBroker();
  const vision = { url: server.url, model: 'seer:7b', apiKey: 'canary-key' };
  const config = { models: { autoFetch: false, vision }, mqtt: { url: broker.url } };
  await using appliance = await TestAppliance.start({ config });
  const wish = { url: camera.url, seconds: 2, frames: 2, tier: 'ultra' };
  const yard = await addCamera(appliance, { ...wish, prompt: 'What is being done in the yard?' });
  await arm(appliance, yard, { prompt: 'something moves', label: 'moved', callbackUrl: hook.url });
  await arm(appliance, yard, { prompt: 'forklift lifts a pallet', label: 'lifted', callbackUrl: hook.url });
  await arm(appliance, yard, { prompt: 'a crane topples over', label: 'toppled', callbackUrl: hook.url });
  const prompt = 'Return JSON: {"vehicle": "name of the vehicle", "pallets": "number of pallets"}';
  const listed = await addCamera(appliance, { ...wish, name: 'list', prompt });

  const told = await until('a scene told anew', async () =>
    (await records(appliance, yard)).find(({ text }) => text === FORKLIFT),
  );
  expect(told.metadata).toMatchObject({ told: { text: FORKLIFT, by: 'seer:7b' } });
  const answered = await until('a scene told as JSON', async () =>
    (await records(appliance, listed)).find(({ metadata }) => metadata.told),
  );
  expect(answered.metadata).toMatchObject({ json: { vehicle: 'forklift', pallets: 1 }, json_by: 'seer:7b' });

  const lifted = await hook.next(({ label }) => label === 'lifted');
  expect(lifted['explanation']).toMatch(/^seer:7b looked at the picture for "forklift lifts a pallet" and says: Yes, /);
  const second = await hook.next(({ label, verdict }) => label === 'moved' && verdict !== undefined);
  expect(second['verdict']).toMatchObject({ confirmed: true, text: 'Yes, something white passes.', by: 'seer:7b' });
  const [first, again, ...more] = hook.alerts.filter(({ firing_id: id }) => id === second['firing_id']);
  expect([again, more]).toEqual([second, []]);
  expect(second).toEqual({ ...first, verdict: second['verdict'] });

  const sent = () => broker.alerts.filter(({ payload }) => payload['firing_id'] === second['firing_id']);
  await until('both messages at the broker', () => sent().length === 2);
  const [alert, looked] = sent();
  expect(looked).toEqual({ topic: alert?.topic, payload: { ...alert?.payload, verdict: second['verdict'] } });
  await onThePage(appliance);
  expect(server.asked.every(({ authorization }) => authorization === 'Bearer canary-key')).toBe(true);
  const status = await appliance.data<{ telling: { verdicts: { given: number } } }>('GET', '/v1/status');
  expect(status).toMatchObject({ telling: { tellers: [{ name: 'endpoint', state: 'ready', model: 'seer:7b' }] } });
  expect(status.telling.verdicts.given).toBeGreaterThan(0);
  const checks = await until('a no', async () => {
    const { telling } = await appliance.data<{ telling: Telling }>('GET', '/v1/status');
    return telling.checks.denied > 0 ? telling.checks : undefined;
  });
  expect(checks.confirmed).toBeGreaterThan(0);
  expect(hook.alerts.map(({ label }) => label)).not.toContain('toppled');
  expect(JSON.stringify([status, hook.alerts]) + appliance.output).not.toContain('canary');
});

test.concurrent('a server that hangs delays no alert and no recording; one killed meanwhile gives its verdict in the next life', async () => {
  await using dir = await tempDir();
  await using camera = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
  await using server = await startChatServer();
  server.answer = () => undefined;
  await using hook = await startWebhook();
  const vision = { url: server.url, model: 'seer' };
  const config = { models: { autoFetch: false, vision } };
  const dataDir = join(dir.path, 'data');
  let firingId: unknown;
  {
    await using appliance = await TestAppliance.start({ dataDir, config });
    const yard = await addCamera(appliance, { url: camera.url, seconds: 2, frames: 2 });
    await arm(appliance, yard, { prompt: 'something moves', label: 'moved', callbackUrl: hook.url });
    firingId = (await hook.next())['firing_id'];
    await until('the server is asked', () => server.asked.length > 0);
    const { gaps } = await timeline(appliance, yard.streamId);
    expect(gaps).toEqual([]);
    expect(await cameraState(appliance, yard.streamId)).toMatchObject({ phase: 'recording', windows_dropped: 0 });
    await appliance.kill('SIGKILL');
  }
  server.answer = answers();
  await using _again = await TestAppliance.start({ dataDir, config });
  const verdict = await hook.next(({ firing_id: id, verdict }) => id === firingId && verdict !== undefined);
  expect(verdict['verdict']).toMatchObject({ confirmed: true, by: 'seer' });
});

test.concurrent('without a server a pack of the box tells scenes', async () => {
  await using dir = await tempDir();
  const dataDir = join(dir.path, 'data');
  const pack = await writeFiles(join(dir.path, 'tiny'), vlmFiles({ family: 'smolvlm' }));
  await watchpost(['models', 'import', pack, '--data-dir', dataDir]);
  await using camera = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
  await using appliance = await TestAppliance.start({ dataDir });
  const yard = await addCamera(appliance, { url: camera.url, seconds: 2, frames: 2, tier: 'pro' });
  const told = await until('a scene told anew', async () =>
    (await scenes(appliance, yard.streamId)).find(({ text }) => /^It shows \w+\.$/.test(text)),
  );
  expect(told).toMatchObject({ facts: { told: { text: told.text, by: 'tiny' } } });
  const status = await appliance.data('GET', '/v1/status');
  expect(status).toMatchObject({ telling: { tellers: [{ name: 'local', model: 'tiny', failed: 0 }] } });
});
