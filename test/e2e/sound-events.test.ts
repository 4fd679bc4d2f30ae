/** A sound in front of a real camera, heard by a model pack, as an alert. */
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { voiceEdges } from './support/edges.ts';
import { ABSENT, sharedFile } from './support/shared.ts';
import { tempDir } from './support/temp-dir.ts';
import { soundAt, yardSounding } from './support/videos.ts';
import { arm, recordedSince, streamUrl } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

const PACK = sharedFile('models/yamnet');
const ALARM = sharedFile('media/sounds/smoke_alarm_synth.wav');
const NOTICED_WITHIN_S = 3;

test('a smoke alarm fires an event that begins within three seconds of it', async ({ skip }) => {
  if (!PACK || !ALARM) return skip(ABSENT);
  const sound = await soundAt(120, 15, ALARM);
  const file = await yardSounding(120, sound, { encoder: 'aac', rate: 48_000, channels: 1 });
  await using dir = await tempDir();
  await watchpost(['models', 'import', PACK, '--data-dir', dir.path]);
  await using webhook = await startWebhook();
  await using camera = await startRtspServer({ file, name: 'yard' });
  await using appliance = await TestAppliance.start({
    dataDir: dir.path,
    config: { recording: { segmentSeconds: 2 } },
  });
  const stream = { collection_id: 'default', url: camera.url, name: 'yard', media_types: ['audio', 'video'] };
  const { id: streamId } = await appliance.data<{ id: string }>('POST', '/rtstream', stream);
  const { rtstream_index_id: indexId } = await appliance.data<{ rtstream_index_id: string }>(
    'POST',
    `/rtstream/${streamId}/index/scene`,
    { extraction_type: 'transcript', prompt: 'Write down what is heard' },
  );
  const event = { prompt: 'the smoke alarm goes off', label: 'alarm', callbackUrl: webhook.url };
  await arm(appliance, { streamId, indexId }, event);

  const alert = await webhook.next();
  expect(alert).toMatchObject({ label: 'alarm', explanation: expect.stringMatching(/alarm/i) });
  const startS = Number(alert['start_time']);
  await recordedSince(appliance, streamId, startS * 1000 + 4000, 1);
  const { startMs } = await voiceEdges(await streamUrl(appliance, streamId, startS - 5, startS + 3));
  expect(Math.abs(startS - startMs / 1000)).toBeLessThanOrEqual(NOTICED_WITHIN_S);
  console.info(
    `the alert was sent ${((Date.parse(String(alert['timestamp'])) - startMs) / 1000).toFixed(1)} s after the alarm began`,
  );
});
