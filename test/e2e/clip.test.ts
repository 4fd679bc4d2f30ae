/** Models on real footage: six times one person walks into a room, stands there and goes; the alerts say so. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { offsetOf, sketch } from './support/alignment.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { ABSENT, sharedFile } from './support/shared.ts';
import { tempDir } from './support/temp-dir.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm, firings, playlistStart, scenes, streamUrl, timeline } from './support/watching.ts';

const CLIP = sharedFile('media/video/one-by-one-person-detection.mp4');
const PACK = sharedFile('models/yolox-nano');
const LOOKS_PACK = sharedFile('models/person-reid-0248');
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
/** Where they go out to, on the right; it reaches from the wall to the lower edge. */
const EXIT = {
  name: 'exit',
  polygon: [
    [0.64, 0.3],
    [0.7, 0.3],
    [0.7, 1],
    [0.64, 1],
  ],
};

/** When an event is decided, in seconds after the visit's begin or end. */
interface Expected {
  prompt: string;
  after: 'begin' | 'end';
  from: number;
  to: number;
}
const EVENTS: Readonly<Record<string, Expected>> = {
  present: { prompt: 'a person is in the room', after: 'begin', from: -2, to: 4 },
  entering: { prompt: 'a person enters', after: 'begin', from: -2, to: 4 },
  leaving: { prompt: 'a person leaves', after: 'end', from: -1, to: 7 },
  staying: { prompt: 'a person stays for more than 5 seconds', after: 'begin', from: 3, to: 10 },
  counting: { prompt: 'exactly one person', after: 'begin', from: -2, to: 6 },
  crossing: { prompt: 'a person crosses the exit', after: 'end', from: -3, to: 4 },
};
/** There is never more than one. */
const NEVER = { label: 'crowd', prompt: 'two or more people' };
/** The detector is not always as sure. */
const SURE = { label: 'sure', prompt: 'a person enters', threshold: 0.85 };

test('who comes, stays, crosses a zone and leaves: one alert per visit, one identity per visit', {
  timeout: 300_000,
}, async ({ skip }) => {
  if (!CLIP || !PACK || !LOOKS_PACK) return skip(ABSENT);
  await using dir = await tempDir();
  for (const pack of [PACK, LOOKS_PACK]) {
    expect(await watchpost(['models', 'import', pack, '--data-dir', dir.path])).toMatchObject({ code: 0 });
  }
  await using camera = await startRtspServer({ file: CLIP, name: 'room' });
  await using appliance = await TestAppliance.start({ dataDir: dir.path });
  const watch = await addCamera(appliance, { url: camera.url, name: 'room', seconds: 1, frames: 1 });
  await appliance.data('PUT', `/v1/streams/${watch.streamId}/zones`, { zones: [EXIT] });
  for (const [label, { prompt }] of Object.entries(EVENTS)) await arm(appliance, watch, { prompt, label });
  await arm(appliance, watch, NEVER);
  const sure = await arm(appliance, watch, SURE);
  const { threshold } = SURE;
  await appliance.data('PATCH', `/rtstream/${watch.streamId}/index/${watch.indexId}/alert/${sure}`, { threshold });

  const url = await until('the clip has been recorded to its end', () => stretch(appliance, watch.streamId), 240_000);
  const offset = offsetOf(await sketch(url, FPS), await sketch(CLIP, FPS)) / FPS - (await playlistStart(url));
  const inClip = (seconds: number) => seconds + offset;

  const all = await until('the last visit is evaluated', async () => {
    const told = await firings(appliance);
    return told.some(({ label, end: at }) => label === 'leaving' && inClip(at) > 133) && told;
  });
  // The clip begins again where it ends.
  const fired = all
    .map(({ label, end: at }) => ({ label, at: inClip(at) }))
    .filter(({ at }) => at > 0 && at < CLIP_SECONDS + 2);
  const results = Object.entries(EVENTS).map(([label, event]) => {
    const times = fired.filter((firing) => firing.label === label).map(({ at }) => at);
    const { line, ...result } = compare(times, event);
    return { label, ...result, line: `${label.padEnd(9)} ${line}` };
  });
  await rehearsedAsLive(appliance);
  await shownWithEvidence(appliance, PACK);
  const seen = await visitors(appliance, watch.streamId, inClip);
  const report = [
    ...results.map(({ line }) => line),
    `tracks    ${seen.map(({ tracks }) => tracks.join('+')).join('  ')}`,
  ];
  console.log(`\n${report.join('\n')}\nknown as  ${seen.map(({ who }) => who.join('+')).join('  ')}\n`);

  for (const { label, right, wrong } of results) {
    expect(right, `${label} in\n${report.join('\n')}`).toBeGreaterThanOrEqual(5);
    expect(wrong, `${label} in\n${report.join('\n')}`).toBeLessThanOrEqual(1);
  }
  expect(fired.filter(({ label }) => label === NEVER.label)).toEqual([]);
  expect(seen.map(({ tracks }) => tracks.length)).toEqual(PRESENT.map(() => 1));
  expect(new Set(seen.flatMap(({ tracks }) => tracks)).size).toBe(PRESENT.length);
  // Six people: nobody is taken for another one.
  const known = seen.flatMap(({ who }) => who);
  expect(known.length).toBeGreaterThanOrEqual(5);
  expect(new Set(known).size).toBe(known.length);
});

/** Visits that were told of once at the right time, and alerts beside those. */
function compare(
  times: readonly number[],
  { after, from, to }: Expected,
): { right: number; wrong: number; line: string } {
  const perVisit = PRESENT.map(([begin, end]) => {
    const visit = after === 'begin' ? begin : end;
    return times.filter((at) => at >= visit + from && at <= visit + to);
  });
  const right = perVisit.filter(({ length }) => length > 0).length;
  const shown = perVisit.map((told) => told.map((at) => at.toFixed(1)).join('+') || '-').join('  ');
  return { right, wrong: times.length - right, line: `${right} of 6, ${times.length - right} false: ${shown}` };
}

/** What a rehearsal of the time so far lists is what fired, no more and no less. */
async function rehearsedAsLive(appliance: TestAppliance): Promise<void> {
  const told = await firings(appliance);
  const to = Math.max(...told.map(({ end }) => end));
  const plain = [...Object.entries(EVENTS).map(([label, { prompt }]) => ({ label, prompt })), NEVER];
  for (const { label, ...wish } of [...plain, SURE]) {
    const { prompt } = wish;
    const { fired } = await appliance.data<{ fired: { start: number; end: number }[] }>('POST', '/v1/events/rehearse', {
      ...wish,
      to,
    });
    const times = (all: readonly { start: number; end: number }[]) => all.map(({ start, end }) => `${start}-${end}`);
    const live = told.filter((firing) => firing.label === label && firing.end <= to);
    expect(times(fired).sort(), `rehearsal of "${prompt}"`).toEqual(times(live).sort());
  }
}

/** An alert shows whom the detector saw where, and which detector that was; with a threshold none is less sure. */
async function shownWithEvidence(appliance: TestAppliance, pack: string): Promise<void> {
  const told = await firings(appliance);
  const confidences = told.filter(({ label }) => label === SURE.label).map(({ confidence }) => confidence);
  expect(confidences.length).toBeGreaterThan(0);
  expect(Math.min(...confidences)).toBeGreaterThanOrEqual(SURE.threshold);
  const [present] = told.filter(({ label }) => label === 'present');
  const { evidence, picture_url: picture } = await appliance.data<FiringEvidence>('GET', `/v1/alerts/${present?.id}`);
  const [weights = ''] = (await readdir(pack)).filter((name) => name.endsWith('.onnx'));
  const sha256 = createHash('sha256')
    .update(await readFile(join(pack, weights)))
    .digest('hex');
  expect(evidence.models).toContainEqual({ name: 'yolox-nano', sha256 });
  expect(evidence.objects).toMatchObject([{ label: 'person', score: present?.confidence }]);
  const { width } = await sharp(await (await fetch(new URL(picture, appliance.url))).arrayBuffer()).metadata();
  expect(width).toBe(480);
}

interface FiringEvidence {
  evidence: { models: { name: string; sha256?: string }[]; objects: { label: string; score: number }[] };
  picture_url: string;
}

/** The tracks of people during each visit, and the numbers they are known by. */
async function visitors(
  appliance: TestAppliance,
  streamId: string,
  inClip: (seconds: number) => number,
): Promise<{ tracks: number[]; who: number[] }[]> {
  const all = await scenes(appliance, streamId);
  return PRESENT.map(([begin, end]) => {
    const during = all.filter((scene) => inClip(scene.end) > begin - 1 && inClip(scene.start) < end + 1);
    const people = during.flatMap(({ facts }) => facts?.objects?.filter(({ label }) => label === 'person') ?? []);
    return {
      tracks: [...new Set(people.map(({ track }) => track))],
      who: [...new Set(people.flatMap(({ who }) => who ?? []))],
    };
  });
}

/**
 * A playlist over what was recorded in one go, once it holds nearly all of the clip. The camera is opened anew when an
 * index wants more of its frames, and the clip then begins anew.
 */
async function stretch(appliance: TestAppliance, streamId: string): Promise<string | undefined> {
  const [whole] = (await timeline(appliance, streamId)).recorded;
  if (!whole) return undefined;
  const playlist = await (await fetch(await streamUrl(appliance, streamId, ...whole))).text();
  const begun = Date.parse(playlist.match(/(?<=DATE-TIME:)\S+/g)?.at(-1) ?? '') / 1000;
  // Two seconds within its first segment: the last one of the run before may reach into it.
  return whole[1] - begun > CLIP_SECONDS - 8 ? streamUrl(appliance, streamId, begun + 2, whole[1]) : undefined;
}
