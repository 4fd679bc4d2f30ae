/** Calls 21 to 25: what was recorded, as videos. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InvalidRequestError, Video } from 'videodb';
import { expect } from 'vitest';
import { probeDuration } from '../e2e/support/ffmpeg.ts';
import { portOf } from '../e2e/support/ports.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { edits } from './editor-call.ts';
import { present } from './live-calls.ts';
import type { Call } from './world.ts';

const run = promisify(execFile);

interface Found {
  results: { docs: { sceneIndexId: string; streamLink: string }[] }[];
}

export const videoCalls: Call[] = [
  {
    n: 21,
    what: 'stop_transcript, stop, export twice',
    run: async ({ stream }) => {
      const rts = stream.get();
      expect(await rts.stopTranscript()).toMatchObject({ status: 'stopped' });
      await expect(rts.export('Too early')).rejects.toThrow(InvalidRequestError);
      await rts.stop();
      const first = await rts.export('The morning');
      expect(first).toMatchObject({ videoId: expect.stringMatching(/^m-/), name: 'The morning' });
      expect(Math.abs((await probeDuration(present(first.streamUrl))) - present(first.duration))).toBeLessThan(2);
      expect((await rts.export()).videoId).toBe(first.videoId);
    },
  },
  {
    n: 22,
    what: 'get_video, index_spoken_words, get_transcript',
    run: async ({ collection, stream, video }) => {
      const { videoId } = await stream.get().export();
      const got = video.set(await collection.get().getVideo(videoId));
      expect(got).toMatchObject({ id: videoId, name: 'The morning', collectionId: collection.get().id });
      expect(await got.indexSpokenWords(undefined, undefined, true)).toMatchObject({ success: true });
      const transcript: unknown = await got.getTranscript();
      expect(transcript).toMatchObject({ text: expect.stringMatching(/delivery van/i) });
      expect(await got.getTranscriptText()).toMatch(/loading zone/i);
      await expect(got.indexSpokenWords()).rejects.toThrow('already exists');
      expect((await collection.get().getVideos()).map(({ id }) => id)).toEqual([videoId]);
    },
  },
  {
    n: 23,
    what: 'video.search, compile; nothing found is said',
    run: async ({ video }) => {
      const id = present(
        await video.get().indexVisuals({ prompt: 'What moves', batchConfig: { type: 'time', value: 4 } }),
      );
      await video.get().getSceneIndex(id);
      const found = await video.get().search('motion', 'semantic', 'scene', 2);
      expect(found.shots).toHaveLength(2);
      const seconds = found.shots.reduce((sum, { start, end }) => sum + end - start, 0);
      expect(Math.abs((await probeDuration(await found.compile())) - seconds)).toBeLessThanOrEqual(4 * 2);
      const spoken = await video.get().search('delivery van');
      expect(spoken.shots[0]?.text).toMatch(/van/i);
      expect(await probeDuration(await spoken.compile())).toBeGreaterThan(0);
      await expect(video.get().search('quasar zeppelin')).rejects.toThrow('No results found');
    },
  },
  {
    n: 24,
    what: 'index_scenes, get_scene_index, search in it; upload a file and a URL; the editor',
    run: async (world) => {
      await scenesOfVideo(world);
      await uploads(world);
      await edits(world);
    },
  },
];

const scenesOfVideo: NonNullable<Call['run']> = async ({ video, connection }) => {
  const id = present(await video.get().indexScenes({ prompt: 'Describe the yard' }));
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  const records = await video.get().getSceneIndex(id);
  expect(records[0]?.start).toBeLessThan(1);
  expect(records[0]).toMatchObject({ description: expect.stringMatching(/\S/) });
  expect((await video.get().listSceneIndex()).map(({ status }) => status)).toEqual(['done', 'done']);
  // Only the Python client can name an index; this is what it sends.
  const query = present(records[0]).description; // Whether something moved in the middle of a shot is chance.
  const search = { query, search_type: 'semantic', index_type: 'spoken_word', index_id: id };
  const { data } = await connection.vhttp.post<Found, object>(['video', video.get().id, 'search'], search);
  const shot = present(data.results[0]?.docs[0]);
  expect(shot.sceneIndexId).toBe(id);
  expect(await probeDuration(shot.streamLink)).toBeGreaterThan(0);
  expect(await probeDuration(await video.get().generateStream([[1, 3]]))).toBeGreaterThan(0);
  const image = await video.get().generateThumbnail(2);
  const url = typeof image === 'string' ? image : present(image.url);
  expect((await fetch(url)).headers.get('content-type')).toBe('image/jpeg');
};

const uploads: NonNullable<Call['run']> = async ({ collection }) => {
  await using dir = await tempDir();
  const file = join(dir.path, 'clip.mp4');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=10:duration=6'];
  await run('ffmpeg', ['-loglevel', 'error', ...picture, '-c:v', 'libx264', '-preset', 'ultrafast', file]);
  await using server = await fileServer(file);
  const uploaded = [
    await collection.get().uploadFile({ filePath: file, name: 'A clip' }),
    await collection.get().uploadURL({ url: server.url, name: 'The same clip' }),
  ];
  for (const clip of uploaded) {
    if (!(clip instanceof Video)) throw new Error('no video came back');
    expect(clip.id).toMatch(/^m-/);
    expect(Math.abs((await probeDuration(clip.streamUrl)) - 6)).toBeLessThan(0.5);
  }
  expect((await collection.get().getVideos()).map(({ name }) => name)).toContain('The same clip');
};

async function fileServer(file: string): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((_request, response) => createReadStream(file).pipe(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server.address())}/clip`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
