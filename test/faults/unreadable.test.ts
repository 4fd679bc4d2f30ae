/** A disk that fails when it is read: it is said, with 503; recording goes on, and nothing is deleted or replaced for it. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { watchpost } from '../e2e/support/cli.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { passingBlock } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import { addCamera, arm, cameraState, firings, recordedSince, streamUrl, timeline } from '../e2e/support/watching.ts';
import { aFailingDisk, CAN_FAIL } from './failing-disk.ts';

const PAGE = 4096;
const THE_DISK = /the disk failed/;

test.skipIf(!CAN_FAIL)('recordings, pictures and the database can not be read', { timeout: 300_000 }, async () => {
  await using dir = await tempDir();
  const dataDir = join(dir.path, 'data');
  const { env, knob } = aFailingDisk(dir.path, dataDir);
  const fail = (path: string, from = 0) =>
    writeFileSync(knob, `r${constants.errno.EIO} ${join(dataDir, path)} ${from}`);
  const works = () => rmSync(knob);
  await using camera = await startRtspServer({ file: await passingBlock(600, 3), name: 'yard' });
  const start = (whenServing = true) =>
    TestAppliance.start({ dataDir, env, whenServing, config: { recording: { segmentSeconds: 2 } } });
  async function noCopy(): Promise<void> {
    const { code, stderr } = await watchpost(['backup', join(dir.path, 'copy.db'), '--data-dir', dataDir], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/i\/o error/i);
    expect(readdirSync(dir.path)).not.toContain('copy.db');
  }
  let streamId = '';
  let fired: string[] = [];
  {
    await using appliance = await start();
    const watch = await addCamera(appliance, { url: camera.url, seconds: 1, frames: 2 });
    ({ streamId } = watch);
    await arm(appliance, watch, { prompt: 'something moves', label: 'movement' });
    const fromMs = await recordedSince(appliance, streamId, 0, 6);
    await until('an alert', async () => (await firings(appliance)).length > 0);
    await appliance.data('PATCH', `/rtstream/${streamId}/status`, { action: 'stop' });
    const [session = ''] = readdirSync(join(dataDir, 'media', streamId));
    await appliance.data('PATCH', `/rtstream/${streamId}/status`, { action: 'start' });
    const againMs = await recordedSince(appliance, streamId, Date.now(), 2);
    const { restarts = 0 } = (await cameraState(appliance, streamId)) ?? {};
    const fromS = Math.ceil(fromMs / 1000);

    fail(`media/${streamId}/${session}`);
    const url = await streamUrl(appliance, streamId, fromS, fromS + 4);
    const pieces = (await (await fetch(url)).text()).match(/^\S+\.m4s$/gm) ?? [];
    expect(pieces.length).toBeGreaterThan(0);
    await saysSo(await fetch(new URL(pieces[0] ?? '', url)));
    for (const file of [`clip.mp4?start=${fromS}&end=${fromS + 3}`, `snapshot.jpg?at=${fromS + 1}`])
      await saysSo(await appliance.request('GET', `/v1/streams/${streamId}/${file}`));
    works();
    expect((await fetch(new URL(pieces[0] ?? '', url))).status).toBe(200);

    fail('thumbs');
    const [alert] = await firings(appliance);
    const { results } = await appliance.data<{ results: { thumbnail_url: string }[] }>('GET', '/v1/search?q=moves');
    const picture = new URL(results[0]?.thumbnail_url ?? '', appliance.url);
    await saysSo(await fetch(picture));
    await saysSo(await appliance.request('GET', `/v1/alerts/${alert?.id}/picture.jpg`));
    works();
    expect((await fetch(picture)).status).toBe(200);

    const hiddenMs = Date.now();
    fail('watchpost.db');
    for (const path of ['/v1/search?q=moves', '/v1/alerts?limit=500', `/v1/scenes?stream=${streamId}&limit=500`])
      expect([200, 503], path).toContain((await appliance.request('GET', path)).status);
    await noCopy();
    fail('../copy.db', 3 * PAGE);
    await noCopy(); // That the copy can't be read says nothing about the database.
    works();
    await recordedSince(appliance, streamId, hiddenMs + 2000, 4);
    expect((await timeline(appliance, streamId)).gaps.filter(({ start }) => start * 1000 >= againMs)).toEqual([]);
    expect(await cameraState(appliance, streamId)).toMatchObject({ phase: 'recording', restarts });
    fired = (await firings(appliance, 500)).map(({ id }) => id);
  }
  const before = readdirSync(dataDir).sort();
  fail('watchpost.db');
  const doctor = await watchpost(['doctor', '--data-dir', dataDir], env);
  expect(doctor.code).not.toBe(0);
  expect(doctor.stdout).toMatch(THE_DISK);
  {
    await using appliance = await start(false);
    expect((await appliance.ended).code).toBe(1);
    expect(appliance.output).toMatch(THE_DISK);
  }
  expect(readdirSync(dataDir).sort(), 'nothing is set aside').toEqual(before);
  works();
  await using appliance = await start();
  const kept = new Set((await firings(appliance, 500)).map(({ id }) => id));
  expect(fired.filter((id) => !kept.has(id))).toEqual([]);
  await recordedSince(appliance, streamId, Date.now(), 2);
  const { code, stdout } = await watchpost(['doctor', '--data-dir', dataDir]);
  expect(code, stdout).toBe(0);
});

async function saysSo(answer: Response): Promise<void> {
  const text = await answer.text();
  expect(answer.status, `${answer.url}: ${text.slice(0, 300)}`).toBe(503);
  expect(text).toMatch(THE_DISK);
}
