/** One clock: what a scene's thumbnail shows is what the recording shows at that scene's time. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { tempDir } from './support/temp-dir.ts';
import { codedSeconds, decodeSecond } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, playlistStart, recordedSince, scenes, streamUrl } from './support/watching.ts';

const KEYFRAME_INTERVAL_S = 1;

test('the second in the thumbnail and in the recording at the same time agree within a keyframe interval', async () => {
  await using dir = await tempDir();
  await using camera = await startRtspServer({ file: await codedSeconds(200), name: 'clock' });
  await using appliance = await TestAppliance.start();
  const { streamId } = await addCamera(appliance, { url: camera.url, seconds: 1, frames: 1 });

  const firstMs = await recordedSince(appliance, streamId, 0, 16);
  const seen = await until('scenes within the recording', async () => {
    const covered = (await scenes(appliance, streamId)).filter(
      ({ start }) => start * 1000 >= firstMs && start * 1000 < firstMs + 12_000,
    );
    return covered.length >= 6 && covered;
  });

  for (const scene of seen) {
    const thumbnail = join(dir.path, `${scene.id}.jpg`);
    const picture = await fetch(new URL(scene.thumbnail_url ?? '', appliance.url));
    await writeFile(thumbnail, Buffer.from(await picture.arrayBuffer()));
    const url = await streamUrl(appliance, streamId, scene.start, scene.start + 4);
    const offset = scene.start - (await playlistStart(url));
    const inThumbnail = await decodeSecond('-i', thumbnail);
    const inRecording = await decodeSecond('-i', url, '-ss', String(Math.max(0, offset)));
    expect(
      Math.abs(inThumbnail - inRecording),
      `${inThumbnail} ≠ ${inRecording} at ${scene.start}`,
    ).toBeLessThanOrEqual(KEYFRAME_INTERVAL_S);
  }
});
