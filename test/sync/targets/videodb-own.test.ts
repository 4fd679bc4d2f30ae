/** VideoDB's routes as this box serves them take what is sent to VideoDB's cloud: the same protocol. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assetHandlers } from '#assets';
import { listen } from '#http';
import { Inference } from '#inference';
import { ModelLibrary } from '#models';
import { Lifetime, systemClock } from '#runtime';
import { VideoDbTarget } from '../../../src/sync/targets/videodb.ts';
import { ffmpeg } from '../../assets/box.ts';
import { type Box, openBox } from '../../http/box.ts';
import { aClip, memoryLine, videoDbConfig } from './fixture.ts';

const life = new Lifetime();
let box: Box;
let target: VideoDbTarget;
let clip: ReturnType<typeof aClip>;

beforeAll(async () => {
  box = life.use(await openBox());
  const { deps, dir } = box;
  const models = await ModelLibrary.open(join(dir, 'models'), deps.log);
  const options = { models, detector: 'none', log: deps.log, clock: systemClock };
  const inference = life.use(await Inference.start(options, new AbortController().signal));
  box.handlers.ingest = assetHandlers({ ...deps, inference, reservePercent: 0 }).ingest;
  const server = life.use(await listen(box.app, { host: '127.0.0.1', port: 0 }, deps.log));
  // With a slash at its end, as people write addresses.
  const url = `http://127.0.0.1:${server.address.port}/`;
  const post = async () => ({ kind: 'delivered' as const });
  target = life.use(new VideoDbTarget(videoDbConfig({ url, apiKey: 'sk-right' }), { post, wire: { env: {} } }));
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=10:duration=2'];
  ffmpeg(dir, picture, ['-c:v', 'libx264', '-preset', 'ultrafast', 'clip.mp4']);
  clip = aClip(await readFile(join(dir, 'clip.mp4')));
});
afterAll(() => life[Symbol.asyncDispose]());

it('takes a clip once, also when its answer was lost', async () => {
  const line = memoryLine();
  const { signal } = new AbortController();
  await target.send(clip, line, signal);
  await target.send(clip, line, signal); // It remembers that it has asked.
  const { data } = await box.call('GET', '/video?collection_id=default');
  expect(data.videos).toEqual([
    expect.objectContaining({ name: expect.stringMatching(/^Vordertür 12:00 #wp/), length: 2 }),
  ]);
});
