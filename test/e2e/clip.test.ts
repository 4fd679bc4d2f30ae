/** A detector on real footage: six times one person walks through a room, and six times the alert says so. */
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { offsetOf, sketch } from './support/alignment.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { ABSENT, sharedFile } from './support/shared.ts';
import { tempDir } from './support/temp-dir.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm, firings, playlistStart, streamUrl, timeline } from './support/watching.ts';

const CLIP = sharedFile('media/video/one-by-one-person-detection.mp4');
const PACK = sharedFile('models/yolox-nano');
const CLIP_SECONDS = 139;
const FPS = 10;
/** Seconds of the clip with a person in the picture, as SOURCES.md beside the clip says. */
const PRESENT: readonly (readonly [number, number])[] = [
  [6, 19],
  [23, 43],
  [51, 69],
  [75, 86],
  [93, 119],
  [124, 135],
];
const TOLERANCE_S = 3;

test('a person is in the room: one alert per visit', { timeout: 300_000 }, async ({ skip }) => {
  if (!CLIP || !PACK) return skip(ABSENT);
  await using dir = await tempDir();
  const imported = await watchpost(['models', 'import', PACK, '--data-dir', dir.path]);
  expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining('yolox-nano') });

  await using camera = await startRtspServer({ file: CLIP, name: 'room' });
  await using appliance = await TestAppliance.start({ dataDir: dir.path });
  const watch = await addCamera(appliance, { url: camera.url, name: 'room', seconds: 1, frames: 1 });
  await arm(appliance, watch, { prompt: 'a person is in the room', label: 'person' });

  const [start, end] = await until(
    'the clip has been recorded to its end',
    () => stretch(appliance, watch.streamId),
    240_000,
  );
  const url = await streamUrl(appliance, watch.streamId, start, end);
  const offset = offsetOf(await sketch(url, FPS), await sketch(CLIP, FPS)) / FPS - (await playlistStart(url));
  const inClip = (seconds: number) => seconds + offset;

  const fired = (
    await until('the last visit is evaluated', async () => {
      const all = await firings(appliance);
      return all.some((firing) => inClip(firing.start) > 120) && all;
    })
  )
    .map((firing) => inClip(firing.start))
    .filter((at) => at < CLIP_SECONDS)
    .toSorted((a, b) => a - b);
  const report = `fired at ${fired.map((at) => at.toFixed(1)).join(', ')}`;

  const missed = PRESENT.filter((visit) => !fired.some((at) => within(at, visit)));
  const falseAlerts = fired.filter((at) => !PRESENT.some((visit) => within(at, visit)));
  expect(missed.length, `${report}; missed ${JSON.stringify(missed)}`).toBeLessThanOrEqual(1);
  expect(falseAlerts.length, report).toBeLessThanOrEqual(1);
});

function within(at: number, [from, to]: readonly [number, number]): boolean {
  return at >= from - TOLERANCE_S && at <= to + TOLERANCE_S;
}

/** The first unbroken recording, once it holds nearly all of the clip. */
async function stretch(appliance: TestAppliance, streamId: string): Promise<[number, number] | undefined> {
  const { recorded } = await timeline(appliance, streamId);
  const first = recorded[0];
  return first && first[1] - first[0] > CLIP_SECONDS - 8 ? first : undefined;
}
