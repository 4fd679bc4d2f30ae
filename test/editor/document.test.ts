/** What a timeline becomes: its layers in order, its frame rate, what is said in it, and what is refused by its size. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Word } from '#domain';
import { compose, type Timeline, type TimelineAsset, type TimelineClip } from '#editor';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { openStudio } from './studio.ts';

const PLAIN = { zIndex: 0, scale: 1, opacity: 1, fit: 'crop', position: 'center', offset: { x: 0, y: 0 } } as const;
const STYLE = {
  font: {
    ...{ name: 'Clear Sans', size: 30, bold: false, italic: false, underline: false, strikeout: false },
    ...{ scaleX: 100, scaleY: 100, spacing: 0, angle: 0 },
  },
  ...{ primaryColor: '&H00FFFFFF', secondaryColor: '&H000000FF', backColor: '&H00000000' },
  border: { style: 'outline_and_shadow', outline: 1, outlineColor: '&H00000000', shadow: 0 },
  position: { alignment: 'bottom_center', marginL: 30, marginR: 30, marginV: 30 },
} as const;

let dir: string;
let store: Store;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'wp-document-'));
  store = await Store.open(dir, { clock: systemClock, log: createLog('silent') });
  for (const id of ['m-1', 'm-2']) addAsset(id, 'video', 10_000);
  addAsset('a-1', 'audio', 10_000);
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

function addAsset(id: string, kind: 'video' | 'audio', lengthMs: number): void {
  const size = kind === 'video' ? { width: 640, height: 360 } : { width: 0, height: 0 };
  const about = { collectionId: store.defaultCollection.id, name: id, description: '', bytes: 1, createdMs: 1 };
  const files = { path: `${id}/0.m4s`, initPath: `${id}/init-0.mp4` };
  const piece = { n: 0, startMs: 0, durationMs: lengthMs, bytes: 1, discontinuity: false, ...files };
  store.assets.create({ id, kind, lengthMs, ...size, ...about, origin: { kind: 'upload', filename: id } }, [piece]);
}

function video(assetId: string, more: { fromMs?: number; volume?: number } = {}): TimelineAsset {
  return { kind: 'video', assetId, fromMs: 0, volume: 1, ...more };
}
const auto: TimelineAsset = { kind: 'captions', src: 'auto', ...STYLE };

function clip(asset: TimelineAsset, startMs = 0, durationMs = 1000, zIndex = 0): TimelineClip {
  return { ...PLAIN, asset, startMs, durationMs, zIndex };
}

function timeline(...tracks: (TimelineClip[] | { zIndex: number; clips: TimelineClip[] })[]): Timeline {
  const all = tracks.map((track) => (Array.isArray(track) ? { zIndex: 0, clips: track } : track));
  return { background: '#000000', width: 1280, height: 720, tracks: all };
}

const composed = (given: Timeline) => compose(given, { store, assetsDir: dir });

describe('layers', () => {
  it('lie as their tracks do, unless z-indexes say otherwise', async () => {
    const { layers, durationMs } = await composed(
      timeline(
        { zIndex: 1, clips: [clip(video('m-1', { fromMs: 1 }), 0, 4000)] },
        [clip(video('m-1', { fromMs: 2 }), 0, 1000, 5), clip(video('m-1', { fromMs: 3 }))],
        [clip(video('m-1', { fromMs: 4 }), 5000)],
      ),
    );
    const from = layers.map(({ content }) => ('fromMs' in content ? content.fromMs : undefined));
    expect(from).toEqual([3, 2, 4, 1]);
    expect(durationMs).toBe(6000);
    expect(Object.keys(layers[0] ?? {})).not.toContain('zIndex');
  });
});

describe('the frame rate', () => {
  it.each([
    [30, 25, 30],
    [50, 25, 30],
    [15, 12, 15],
    [5, 5, 10],
  ])('of videos with %i and %i frames a second is %i', async (first, second, expected) => {
    await using studio = await openStudio();
    const clips: TimelineClip[] = [];
    for (const rate of [first, second]) {
      const input = ['-f', 'lavfi', '-i', `testsrc2=size=64x64:rate=${rate}:duration=2`];
      const sound = ['-f', 'lavfi', '-i', 'sine=duration=2'];
      clips.push(clip(video(await studio.media([...input, ...sound], { width: 64, height: 64 }))));
    }
    expect((await compose(timeline(clips), studio)).fps).toBe(expected);
  });

  it('without a video is 25', async () => {
    const sound: TimelineAsset = { kind: 'audio', assetId: 'a-1', fromMs: 0, volume: 1 };
    expect((await composed(timeline([clip(sound)]))).fps).toBe(25);
  });
});

describe('captions of what is said', () => {
  const words: Word[] = [
    { text: 'one', startMs: 0, endMs: 500 },
    { text: 'two', startMs: 1000, endMs: 1500 },
    { text: 'three', startMs: 4000, endMs: 4500 },
  ];
  const captionsOf = async (given: Timeline) => {
    const { layers } = await composed(given);
    return layers.flatMap(({ content }) => (content.kind === 'captions' ? [content.words] : []))[0];
  };

  it('have its times in the captions, cut where clip or captions end', async () => {
    store.assets.setWords('m-2', words);
    // The video's second second begins at 3 s, the captions at 2 s.
    const heard = clip(video('m-2', { fromMs: 750 }), 3000, 3500);
    expect(await captionsOf(timeline([heard], [clip(auto, 2000, 3000)]))).toEqual([
      { text: 'two', startMs: 1250, endMs: 1750 },
    ]);
    expect(await captionsOf(timeline([heard], [clip(auto, 3300, 3200)]))).toEqual([
      { text: 'two', startMs: 0, endMs: 450 },
      { text: 'three', startMs: 2950, endMs: 3200 },
    ]);
  });

  it('need something that is heard then, and written down', async () => {
    await expect(captionsOf(timeline([clip(auto)]))).rejects.toThrow(/"auto" shows what is said/);
    const silent = clip(video('m-2', { volume: 0 }));
    await expect(captionsOf(timeline([silent], [clip(auto)]))).rejects.toThrow(/none is heard then/);
    const later = clip(video('m-2'), 5000);
    await expect(captionsOf(timeline([later], [clip(auto)]))).rejects.toThrow(/none is heard then/);
    const untold = clip(video('m-1'));
    await expect(captionsOf(timeline([untold], [clip(auto)]))).rejects.toThrow(
      /^timeline\.tracks\[1\]\.clips\[0\]\.clip\.asset\.src: .* m-1: call index_spoken_words\(\)/,
    );
    expect(await captionsOf(timeline([untold, clip(video('m-2'))], [clip(auto)]))).toHaveLength(1);
  });
});

describe('what would be too much', () => {
  it('of words is refused, before there are more of them', async () => {
    const words = Array.from({ length: 5000 }, (_, n) => ({ text: 'la', startMs: n * 2, endMs: n * 2 + 1 }));
    store.assets.setWords('m-2', words);
    const captions = Array.from({ length: 60 }, () => [clip(auto, 0, 10_000)]);
    const given = { ...timeline([clip(video('m-2'), 0, 10_000)], ...captions), width: 64, height: 36 };
    await expect(composed(given)).rejects.toThrow('timeline.tracks: must not caption more than 100000 words');
  });

  it.each([
    [
      'clips',
      timeline(Array.from({ length: 1001 }, () => clip(video('m-1')))),
      /not have more than 1000 clips in all, not 1001/,
    ],
    ['hours', timeline([clip(video('m-1'), 0, 6 * 3_600_000 + 1)]), /longer than 6\.0 hours/],
    [
      'pixels',
      {
        ...timeline(...Array.from({ length: 9 }, () => [clip(video('m-1'), 0, 3_600_000)])),
        width: 3840,
        height: 2160,
      },
      /at 3840x2160 all clips together must not be longer than 4\.0 hours/,
    ],
  ])('of %s is refused', async (_, given, message) => {
    await expect(composed(given)).rejects.toThrow(message);
  });
});
