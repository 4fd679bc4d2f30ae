/**
 * The "Complete Workflow" of VideoDB's RTStream reference, in the Node SDK: as it stands there, with the address of the
 * appliance, a camera and a shorter meeting put in.
 */
import { VideodbError } from 'videodb';
import { expect, test } from 'vitest';
import { probeDuration } from '../support/ffmpeg.ts';
import { recordedSince } from '../support/watching.ts';
import { SEGMENT_SECONDS, startYard } from './yard.ts';

const MEETING_SECONDS = 14;

test('a recording is exported, indexed and searched', async () => {
  await using yard = await startYard();
  const { conn } = yard;
  const coll = await conn.getCollection();

  // 1. Connect and start recording
  const rtstream = await coll.connectRTStream(yard.cameraUrl, 'Weekly Standup', undefined, undefined, true);
  await rtstream.start();

  // 2. Record for the duration of the meeting
  const startTs = Date.now() / 1000;
  await recordedSince(yard.appliance, rtstream.id, startTs * 1000, MEETING_SECONDS);
  const endTs = Date.now() / 1000;
  await rtstream.stop();

  // Generate an immediate playback URL for the captured window
  const streamUrl = (await rtstream.generateStream(startTs, endTs)) ?? '';
  const recorded = await probeDuration(streamUrl);
  expect(recorded).toBeGreaterThan(MEETING_SECONDS - SEGMENT_SECONDS);
  expect(recorded).toBeLessThan(endTs - startTs + 2 * SEGMENT_SECONDS);

  // 3. Export to a permanent video
  const exportResult = await rtstream.export('Weekly Standup Recording');
  expect(exportResult).toMatchObject({ videoId: expect.stringMatching(/^m-/), name: 'Weekly Standup Recording' });
  expect(await probeDuration(exportResult.streamUrl ?? '')).toBeCloseTo(exportResult.duration ?? 0, 0);

  // 4. Index the exported video for search
  const video = await coll.getVideo(exportResult.videoId);
  expect(Number(video.length)).toBe(exportResult.duration);
  // No speech model is installed: it is accepted, and there are no words.
  expect(await video.indexSpokenWords(undefined, undefined, true)).toMatchObject({ success: true });
  expect(await video.getTranscript()).toMatchObject({ text: '', wordTimestamps: [] });

  // 5. Search for action items
  let said = '';
  try {
    const results = await video.search('action items and next steps');
    said = `Action items clip: ${await results.compile()}`;
  } catch (error) {
    if (!(error instanceof VideodbError) || !error.message.includes('No results found')) throw error;
    said = 'No action items were detected in the recording.';
  }
  expect(said).toBe('No action items were detected in the recording.');

  // The same with what was seen, as long as nothing is heard: the clip of what was found plays.
  const extraction = { extractionType: 'time', extractionConfig: { time: 2 } };
  const sceneIndexId = await video.indexScenes({ prompt: 'Describe what moves', ...extraction });
  const records = await video.getSceneIndex(sceneIndexId ?? ''); // Waits until the index is there.
  expect(records.at(-1)?.end).toBeCloseTo(exportResult.duration ?? 0, 1);
  const results = await video.search('motion on the right', 'scene', 'scene');
  expect(results.shots[0]?.text).toBe('motion on the right');
  const found = results.shots.reduce((sum, { start, end }) => sum + end - start, 0);
  const clip = await probeDuration(await results.compile());
  expect(clip).toBeGreaterThan(found - 1);
  expect(clip).toBeLessThan(found + results.shots.length * 2 * SEGMENT_SECONDS);
});
