/**
 * Streams that are sent to the box by a real ffmpeg, in the way of VideoDB's connector and by RTSP: recorded, looked at,
 * alerted on; and what happens when the publisher goes, hangs, has a rival or the wrong key, and when the box's own part
 * of it ends.
 */
import { expect, test } from 'vitest';
import { TestAppliance } from './support/appliance.ts';
import { freePort } from './support/ports.ts';
import { Publisher } from './support/publisher.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { arm, cameraState, firings, recordedSince, scenes } from './support/watching.ts';

interface Pushed {
  id: string;
  push_url: string;
  protocol: string;
  ingest_mode: string;
}

async function startBox(): Promise<TestAppliance> {
  const push = { rtmpPort: await freePort(), rtspPort: await freePort() };
  return TestAppliance.start({ config: { recording: { segmentSeconds: 2 }, ingest: { push } } });
}

async function addPushed(box: TestAppliance, name: string, wish: object = { ingest_mode: 'push' }): Promise<Pushed> {
  return box.data('POST', '/rtstream', { collection_id: 'default', name, ...wish });
}

const phaseIs = (box: TestAppliance, id: string, phase: string) =>
  until(`${phase}`, async () => (await cameraState(box, id))?.phase === phase);

test('what is sent by RTMP and by RTSP is recorded, looked at and alerted on as from a camera', async () => {
  await using box = await startBox();
  const { url, ...connector } = { url: null, ingest_mode: 'push', protocol: 'rtmp', timeout: 180, store: true };
  const byRtmp = await addPushed(box, 'connector', { ...connector, url });
  const byRtsp = await addPushed(box, 'desk', { url: 'push:rtsp' });
  expect(byRtmp).toMatchObject({ ingest_mode: 'push', protocol: 'rtmp' });
  expect(new URL(byRtmp.push_url).hostname).toBe(new URL(box.url).hostname);
  expect(byRtsp.protocol).toBe('rtsp');
  expect((await box.data<Pushed>('GET', `/rtstream/${byRtmp.id}`)).push_url).toBe(byRtmp.push_url);
  await phaseIs(box, byRtmp.id, 'waiting');

  const sinceMs = Date.now();
  const alerts: string[] = [];
  for (const { id: streamId } of [byRtmp, byRtsp]) {
    const index = await box.data<{ rtstream_index_id: string }>('POST', `/rtstream/${streamId}/index/scene`, {
      prompt: 'Describe what is happening',
      extraction_type: 'time_based',
      extraction_config: { time: 1, frame_count: 1 },
    });
    const event = { prompt: 'anything moves', label: `moving-${streamId}` };
    alerts.push(await arm(box, { streamId, indexId: index.rtstream_index_id }, event));
  }
  const file = await passingBlock(120);
  await using _rtmp = await Publisher.start({ to: byRtmp.push_url, file });
  const opus = ['-c:v', 'copy', '-c:a', 'libopus'];
  await using _rtsp = await Publisher.start({ to: byRtsp.push_url, file, codecs: opus });
  for (const { id } of [byRtmp, byRtsp]) {
    await recordedSince(box, id, sinceMs, 6);
    await until('scenes', async () => (await scenes(box, id)).length > 0);
  }
  await until('both alerts', async () => {
    const fired = new Set((await firings(box)).map(({ alert_id: id }) => id));
    return alerts.every((id) => fired.has(id));
  });
  for (const { push_url: secret } of [byRtmp, byRtsp])
    expect(box.output).not.toContain(new URL(secret).pathname.slice(-32));
});
