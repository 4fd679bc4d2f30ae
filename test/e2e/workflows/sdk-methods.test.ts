/** Every method of VideoDB's Node SDK for videos and collections, once: it works, or the box says what does instead. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Collection, type Connection, connect, type Video } from 'videodb';
import { expect, test } from 'vitest';
import { newId } from '#domain';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { addAsset } from '../../golden/seeds.ts';
import { TestAppliance } from '../support/appliance.ts';
import { ffmpeg, probeDuration } from '../support/ffmpeg.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);

/** These of the SDK's own fail on any answer: its response conversion makes objects of lists. */
const BROKEN_IN_THE_SDK = /map is not a function/;

/** Notes which of its members are used. */
function watched<T extends object>(target: T): { proxy: T; unused: () => string[] } {
  const used = new Set<string>();
  const proxy = new Proxy(target, {
    get: (object, name) => {
      used.add(String(name));
      const member: unknown = Reflect.get(object, name);
      return member;
    },
  });
  const methods = Object.entries(target).flatMap(([name, member]) => (typeof member === 'function' ? [name] : []));
  return { proxy, unused: () => methods.filter((name) => !used.has(name) && !name.startsWith('_')) };
}

/** A video of twelve seconds in which "q words" is said, as an upload has left it. */
async function seeded(dataDir: string): Promise<string> {
  await using store = await Store.open(dataDir, { clock: systemClock, log: createLog('silent') });
  return addAsset({ store, deps: { assetsDir: join(dataDir, 'assets') } }, newId('video'));
}

/** What only the cloud makes is declined in words that the SDK shows. */
async function declined(call: Promise<unknown>, words: RegExp): Promise<void> {
  await expect(call).rejects.toThrow(words);
}

test('each is done, or declined in words', { timeout: 180_000 }, async () => {
  await using dir = await tempDir();
  const videoId = await seeded(dir.path);
  await using appliance = await TestAppliance.start({ dataDir: dir.path });
  const conn = connect({ apiKey: appliance.key, baseUrl: appliance.url });
  const { proxy: coll, unused: unusedOfCollection } = watched(await conn.getCollection());
  const { proxy: video, unused: unusedOfVideo } = watched(await coll.getVideo(videoId));

  await whatIsSaid(video);
  await scenes(video);
  await searches(video);
  await plays(video, dir.path);
  await rendered(video, conn);
  await pictures(video);
  await ofCollection(coll, conn, dir.path);
  await onlyInTheCloud(video, coll, conn);
  await video.removeStorage();
  expect((await video.search('q words')).shots[0]?.text).toBe('q words');
  await video.delete();
  await expect(coll.getVideo(videoId)).rejects.toThrow();

  expect(unusedOfVideo()).toEqual([]);
  expect(unusedOfCollection()).toEqual([]);
});

async function whatIsSaid(video: Video): Promise<void> {
  expect(await video.indexSpokenWords()).toMatchObject({ success: true });
  expect(await video.getTranscript()).toMatchObject({ text: 'q words' });
  expect(await video.generateTranscript()).toMatchObject({ success: true });
  expect(await video.getTranscriptText()).toBe('q words');
}

async function scenes(video: Video): Promise<void> {
  const collection = await video.extractScenes({ extractionType: 'time', extractionConfig: { time: 4 } });
  expect(collection.scenes.map(({ start }) => start)).toEqual([0, 4, 8]);
  const [scene] = collection.scenes;
  const [frame] = scene?.frames ?? [];
  expect((await fetch(frame?.url ?? '')).headers.get('content-type')).toBe('image/jpeg');
  expect(await scene?.describe('What is there?', 'basic')).toMatch(/\w/);
  expect(await frame?.describe('What is there?', 'basic')).toMatch(/\w/);
  expect(await video.listSceneCollection()).toMatchObject([{ sceneCollectionId: collection.id, status: 'done' }]);
  const again = await video.getSceneCollection(collection.id);
  const described = await video.indexScenes({
    scenes: again.scenes.map((one) => Object.assign(one, { description: 'a test card' })),
  });
  expect(await video.getSceneIndex(described ?? '')).toHaveLength(3);
  await video.deleteSceneCollection(collection.id);

  const seen = (await video.indexVisuals({ prompt: 'What moves', batchConfig: { type: 'time', value: 4 } })) ?? '';
  expect(await video.getSceneIndex(seen)).toHaveLength(3);
  const heard = (await video.indexAudio({ prompt: 'words' })) ?? '';
  expect(await video.getSceneIndex(heard)).toMatchObject([{ description: 'q words' }]);
  expect(await video.listSceneIndex()).toHaveLength(3);
  await video.deleteSceneIndex(heard);
}

async function searches(video: Video): Promise<void> {
  const found = await video.search('q words');
  expect(found.shots[0]).toMatchObject({ videoId: video.id, text: 'q words' });
  const clip = await video.clip('a test card', 'visual', 'basic');
  expect(await probeDuration(await clip.compile())).toBeGreaterThan(0);
}

async function plays(video: Video, dir: string): Promise<void> {
  expect(await probeDuration(await video.generateStream([[0, 4]]))).toBeCloseTo(4, 0);
  expect(video.play()).toContain(video.streamUrl);
  expect(await probeDuration((await video.insertVideo(video, 4)) ?? '')).toBeCloseTo(24, 0);
  const { downloadUrl } = (await video.download('card')) as { downloadUrl: string };
  expect(downloadUrl).toMatch(/\/card\.mp4$/);
  const file = join(dir, 'card.mp4');
  await writeFile(file, Buffer.from(await (await fetch(downloadUrl)).arrayBuffer()));
  expect(await probeDuration(file)).toBeCloseTo(12, 0);
}

async function rendered(video: Video, conn: Connection): Promise<void> {
  const black = { primaryColour: '&H00000000', backColour: '&H00000000', borderStyle: 3, fontSize: 60 };
  const subtitled = await video.addSubtitle(black);
  expect(await probeDuration(subtitled)).toBeCloseTo(12, 0);
  expect(await brightness(subtitled, 1.4)).toBeLessThan(20);
  expect(await brightness(subtitled, 5)).toBeGreaterThan(40); // Nobody speaks.
  const square = await video.reframe({ target: 'square', mode: 'simple', start: 0, end: 2 });
  expect(square).toMatchObject({ id: expect.stringMatching(/^m-/), name: 'Yard (360x360)' });
  const vertical = await video.smartVerticalReframe({ start: 0, end: 2 });
  expect(Number(vertical?.length)).toBeCloseTo(2, 1);
  const job = (await conn.transcode(video.id, '', 'economy', { resolution: 180, quality: 30 })) ?? '';
  await expect
    .poll(async () => ((await conn.getTranscodeDetails(job)) as { status: string }).status, { timeout: 60_000 })
    .toBe('done');
}

/** Of the lower middle of the picture, where subtitles are. */
async function brightness(url: string, atS: number): Promise<number> {
  const look = ['-vf', 'crop=160:30:240:305,scale=1:1:flags=area', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'];
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', url, '-ss', String(atS), '-frames:v', '1', ...look], {
    encoding: 'buffer',
  });
  return stdout[0] ?? 255;
}

async function pictures(video: Video): Promise<void> {
  expect(await video.generateThumbnail()).toMatch(/^http/);
  expect(await video.generateThumbnail(2)).toMatchObject({ id: expect.stringMatching(/^img-/) });
  await expect(video.getThumbnails()).rejects.toThrow(BROKEN_IN_THE_SDK);
}

async function ofCollection(coll: Collection, conn: Connection, dir: string): Promise<void> {
  expect((await coll.getVideos()).length).toBeGreaterThanOrEqual(3);
  expect((await coll.search('q words')).shots.length).toBeGreaterThan(0);
  await expect(coll.searchTitle('Yard')).rejects.toThrow(BROKEN_IN_THE_SDK);

  const [wav, png] = [join(dir, 'tone.wav'), join(dir, 'card.png')];
  await ffmpeg('-f', 'lavfi', '-i', 'sine=duration=1', wav);
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=64x64:duration=1:rate=1', '-frames:v', '1', png);
  const audio = await coll.uploadFile({ filePath: wav });
  const image = await coll.uploadFile({ filePath: png });
  expect([audio?.id, image?.id]).toEqual([expect.stringMatching(/^a-/), expect.stringMatching(/^img-/)]);
  const again = await coll
    .uploadURL({ url: (await coll.getVideos())[0]?.streamUrl ?? '' })
    .catch((error: Error) => error);
  expect(again).toBeInstanceOf(Error); // Playlists that lead elsewhere aren't read.
  expect((await coll.getAudios()).map(({ id }) => id)).toEqual([audio?.id]);
  expect((await coll.getImages()).map(({ id }) => id)).toContain(image?.id);
  expect(await coll.getAudio(audio?.id ?? '')).toMatchObject({ id: audio?.id });
  expect(await coll.getImage(image?.id ?? '')).toMatchObject({ id: image?.id });
  await coll.deleteAudio(audio?.id ?? '');
  await coll.deleteImage(image?.id ?? '');

  const doomed = await coll.getVideos();
  await coll.deleteVideo(doomed.find(({ name }) => name === 'Yard (360x360)')?.id ?? '');
  await coll.makePublic();
  await coll.makePrivate();

  const stream = await coll.connectRTStream('rtsp://127.0.0.1:9/gone', 'Gate');
  expect(await coll.getRTStream(stream.id)).toMatchObject({ name: 'Gate' });
  expect(await coll.listRTStreams()).toHaveLength(1);
  const session = await coll.createCaptureSession({ endUserId: 'u' });
  expect(await coll.getCaptureSession(session.id)).toMatchObject({ id: session.id });
  expect((await coll.listCaptureSessions()).map(({ id }) => id)).toContain(session.id);

  const other = await conn.createCollection('Other', 'empty');
  await other.delete();
  await declined(coll.delete(), /Error 4/);
}

async function onlyInTheCloud(video: Video, coll: Collection, conn: Connection): Promise<void> {
  await declined(coll.generateText('Write'), /models\.text/);
  const made = /made by models in the cloud/;
  await declined(coll.generateImage('a cat'), made);
  await declined(coll.generateMusic('a song'), made);
  await declined(coll.generateSoundEffect('a bang'), made);
  await declined(coll.generateVoice('hello'), made);
  await declined(coll.generateVideo('a cat'), made);
  await declined(coll.dubVideo(video.id, 'fr'), made);
  await declined(video.translateTranscript('fr'), made);
  const meetings = /no bot joins meetings/;
  await declined(coll.recordMeeting({ meetingUrl: 'https://meet.example/a' }), meetings);
  await declined(coll.getMeeting('meet-1'), meetings);
  await declined(video.getMeeting(), meetings);
  await declined(conn.youtubeSearch('cats'), /service of the cloud/);
  await declined(conn.checkUsage(), /costs nothing/);
  await declined(conn.getInvoices(), /costs nothing/);
}
