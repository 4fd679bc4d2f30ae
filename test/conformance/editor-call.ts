/** The editor's part of call 24: a video, a text and captions of what is said, as one stream that plays. */
import { CaptionAsset, Clip, EditorTextAsset, EditorTimeline, EditorVideoAsset, Track } from 'videodb';
import { expect } from 'vitest';
import { probeDuration } from '../e2e/support/ffmpeg.ts';
import { present } from './live-calls.ts';
import type { World } from './world.ts';

const SECONDS = 4;

export async function edits({ video, connection }: World): Promise<void> {
  const timeline = new EditorTimeline(connection);
  timeline.resolution = '640x360';
  for (const asset of [
    new EditorVideoAsset({ id: video.get().id, start: 1 }),
    new EditorTextAsset({ text: 'Monday' }),
    new CaptionAsset({ src: 'auto' }),
  ]) {
    const track = new Track();
    track.addClip(0, new Clip({ asset, duration: SECONDS }));
    timeline.addTrack(track);
  }
  const streamUrl = present(await timeline.generateStream());
  expect(timeline.playerUrl).toMatch(/\/watch\?v=/);
  expect(Math.abs((await probeDuration(streamUrl)) - SECONDS)).toBeLessThan(0.1);
  expect(await timeline.generateStream()).toBe(streamUrl);
  const { downloadUrl } = await timeline.downloadStream(streamUrl);
  expect((await fetch(String(downloadUrl))).headers.get('content-type')).toBe('video/mp4');
}
