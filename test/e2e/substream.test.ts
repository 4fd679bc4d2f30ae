/** A camera with two streams: the large one is only recorded, the small one is looked at, and neither costs the other. */
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { freePort } from './support/ports.ts';
import { processTree } from './support/processes.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, cameraState, recordedSince, scenes, timeline } from './support/watching.ts';

test('frames come from the substream, from the main stream while it is away, and the recording has no gap', async () => {
  const port = await freePort();
  const small = { file: await passingBlock(120, 4), name: 'small', port };
  // On the large one nothing moves: what is seen to move was seen on the small one.
  await using large = await startRtspServer({ file: await passingBlock(120, 1000), name: 'large' });
  await using appliance = await TestAppliance.start({ config: { recording: { segmentSeconds: 2 } } });
  const { streamId } = await addCamera(appliance, { url: large.url });
  const firstMs = await recordedSince(appliance, streamId, 0, 2);
  const path = `/v1/streams/${streamId}/recording`;
  const substream = async () => (await cameraState(appliance, streamId))?.substream?.state;
  const decoders = async () => {
    const tree = await processTree(appliance.pid);
    const running = tree.filter(({ argv }) => argv[0] === 'ffmpeg');
    return running.map(({ argv }) => [argv.includes('hls'), argv.includes('rawvideo')]);
  };
  await until('one does both', async () => {
    const now = await decoders();
    return now.length === 1 && now.every(([records, looks]) => records && looks);
  });

  const url = `rtsp://127.0.0.1:${port}/small`;
  {
    await using _small = await startRtspServer(small);
    expect(await appliance.data('PATCH', path, { substream_url: url })).toMatchObject({ substream: true });
    expect(JSON.stringify(await appliance.data('GET', path))).not.toContain('rtsp:');
    await until('the substream is used', async () => (await substream()) === 'used');
    await until('movement on it', async () =>
      (await scenes(appliance, streamId)).some(({ facts }) => (facts?.motion.regions.length ?? 0) > 0),
    );
    await until('one records, another looks', async () => {
      const now = await decoders();
      return now.length === 2 && now.every(([records, looks]) => records !== looks);
    });
  }
  const goneMs = Date.now();
  await until('the substream is away', async () => (await substream()) === 'away');
  await until('frames of the main stream', async () => (await decoders()).some(([records, looks]) => records && looks));
  await recordedSince(appliance, streamId, goneMs, 6);
  await using _back = await startRtspServer(small);
  await until('the substream is used again', async () => (await substream()) === 'used');
  const backMs = Date.now();
  await recordedSince(appliance, streamId, backMs, 4);
  const { recorded, gaps } = await timeline(appliance, streamId);
  // Nothing between the sessions, so their times agree, whatever they take them from.
  expect(gaps.filter(({ start }) => start * 1000 > firstMs)).toEqual([]);
  expect(recorded.at(-1)?.[0]).toBeLessThanOrEqual(firstMs / 1000);
});
