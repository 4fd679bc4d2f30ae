import { z } from 'zod';
import type { Asset } from '#domain';
import { LARGEST_SIDE, SMALLEST_SIDE, type TextContent, type Timeline, type TimelineClip } from '#editor';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { flag, number } from '../input.ts';
import { oneOf, part, seconds } from './editor-assets.ts';
import { drawtextStyle } from './old-text.ts';

const MOST_MEMBERS = 1000;
/** What is rendered of larger videos is made smaller. */
const LARGEST_CANVAS = 1920;
/** As the clients have it. */
const LONGEST_FADE_S = 5;

const fade = number(0, LONGEST_FADE_S).default(0);
const pixels = number(-LARGEST_SIDE, LARGEST_SIDE);
const size = number(1, LARGEST_SIDE).default(100);

const member = part({
  asset_id: z.string('must be the id of an asset, or "txt-…" for a text').min(1).max(200),
  start: seconds(0).default(0),
  end: seconds(0).optional(),
  overlay_start: seconds(0).optional().describe('When it comes over the videos, which follow each other'),
  duration: seconds(0.001).optional().describe('Of an image or a text; else until the end'),
  disable_other_tracks: flag.default(true).describe('While audio is heard, nothing else is'),
  fade_in_duration: fade,
  fade_out_duration: fade,
  width: size,
  height: size,
  x: pixels.default(80),
  y: pixels.default(20),
  text: z.string('must be text').max(5000, 'must not be longer than 5000 characters').optional(),
  style: drawtextStyle,
}).meta({ required: ['asset_id'] });
type Member = z.output<typeof member>;

export const oldTimelineRequest = z.object({
  request_type: oneOf(['compile']).default('compile'),
  timeline: z
    .array(member, 'must be a list of assets')
    .min(1, 'must have a video')
    .max(MOST_MEMBERS, `must not have more than ${MOST_MEMBERS} members`)
    .meta({ examples: [[{ asset_id: 'm-0123', start: 0, end: 5 }]] }),
});

/** What a member is on the canvas of the first video. */
interface Canvas {
  width: number;
  height: number;
  endMs: number;
}

/**
 * The timeline of VideoDB's first editor as one of today's: videos one after the other, with audio, images and texts over
 * them. Throws `not_found` and `invalid` with the path of the member.
 */
export function timelineOf({ timeline }: z.output<typeof oldTimelineRequest>, deps: Pick<HttpDeps, 'store'>): Timeline {
  const members = timeline.map((given, n) => ({ given, at: `timeline[${n}]`, asset: assetOf(given, n, deps) }));
  const inline = members.filter(({ given, asset }) => asset?.kind === 'video' && given.overlay_start === undefined);
  const [first] = inline;
  if (!first?.asset) throw new Fault('invalid', 'timeline: must have a video; overlays lie over videos');
  const videos: TimelineClip[] = [];
  for (const { given, at, asset } of inline) {
    const startMs = videos.reduce((sum, { durationMs }) => sum + durationMs, 0);
    if (asset) videos.push(mediaClip(given, at, asset, startMs));
  }
  const canvas = { ...sizeOf(first.asset), endMs: videos.reduce((sum, { durationMs }) => sum + durationMs, 0) };
  const overlays = members.filter((each) => !inline.includes(each));
  const over = overlays.map(({ given, at, asset }) => overlayOf(given, at, asset, canvas));
  const muting = over.filter(({ asset }, n) => asset.kind === 'audio' && overlays[n]?.given.disable_other_tracks);
  const base = muting.reduce<TimelineClip[]>((clips, quiet) => clips.flatMap((clip) => muted(clip, quiet)), videos);
  const tracks = [base, over].map((clips) => ({ zIndex: 0, clips }));
  return { background: '#000000', width: canvas.width, height: canvas.height, tracks };
}

/** Undefined for a text. */
function assetOf({ asset_id: id }: Member, n: number, { store }: Pick<HttpDeps, 'store'>): Asset | undefined {
  if (id.startsWith('txt-')) return undefined;
  const asset = store.assets.get(id);
  if (asset) return asset;
  throw new Fault(
    'not_found',
    `timeline[${n}].asset_id: there is no asset "${id.slice(0, 80)}"; GET /video lists videos`,
  );
}

/** Of the first video, even and not too large. */
function sizeOf({ width, height }: Asset): Pick<Canvas, 'width' | 'height'> {
  const factor = Math.min(1, LARGEST_CANVAS / Math.max(width, height, 1));
  const [w = SMALLEST_SIDE, h = SMALLEST_SIDE] = [width, height].map((side) =>
    Math.max(SMALLEST_SIDE, 2 * Math.round((side * factor) / 2)),
  );
  return { width: w, height: h };
}

const PLAIN = { zIndex: 0, scale: 1, opacity: 1, fit: 'contain', position: 'center', offset: { x: 0, y: 0 } } as const;

function mediaClip(given: Member, at: string, { id, kind, lengthMs }: Asset, startMs: number): TimelineClip {
  const endMs = Math.min(given.end ?? lengthMs, lengthMs);
  if (endMs <= given.start) {
    throw new Fault(
      'invalid',
      `${at}.start: must be before "end", and before the end of ${id} at ${lengthMs / 1000} s`,
    );
  }
  const media = { assetId: id, fromMs: given.start, volume: 1 };
  const asset = kind === 'audio' ? ({ kind, ...media } as const) : ({ kind: 'video', ...media } as const);
  return { ...PLAIN, startMs, durationMs: endMs - given.start, asset };
}

function overlayOf(given: Member, at: string, asset: Asset | undefined, canvas: Canvas): TimelineClip {
  const startMs = given.overlay_start;
  if (startMs === undefined)
    throw new Fault('invalid', `${at}.overlay_start: is missing: only videos follow each other`);
  if (startMs >= canvas.endMs) {
    throw new Fault(
      'invalid',
      `${at}.overlay_start: must be before the end of the videos, at ${canvas.endMs / 1000} s`,
    );
  }
  const leftMs = canvas.endMs - startMs;
  const shown = { ...PLAIN, startMs, durationMs: Math.min(given.duration ?? leftMs, leftMs) };
  if (!asset) return { ...shown, ...textOf(given, at, canvas) };
  if (asset.kind === 'image') return { ...shown, ...imageOf(given, asset, canvas) };
  const clip = mediaClip(given, at, asset, startMs);
  return { ...clip, ...fadesOf(given), durationMs: Math.min(clip.durationMs, leftMs) };
}

function fadesOf({ fade_in_duration: entry, fade_out_duration: exit }: Member): Partial<TimelineClip> {
  const durationMs = Math.round(Math.max(entry, exit) * 1000);
  if (durationMs === 0) return {};
  return { transition: { ...(entry && { in: 'fade' as const }), ...(exit && { out: 'fade' as const }), durationMs } };
}

/** As large as it gets within the box, whose corner lies at x and y. */
function imageOf(given: Member, { id, width, height }: Asset, canvas: Canvas) {
  const scale = Math.min(given.width / Math.max(1, width), given.height / Math.max(1, height), 10);
  const offset = { x: given.x / canvas.width, y: given.y / canvas.height };
  return { asset: { kind: 'image', assetId: id } as const, fit: 'none', position: 'top_left', scale, offset } as const;
}

function textOf({ text, style }: Member, at: string, canvas: Canvas): Pick<TimelineClip, 'asset' | 'offset'> {
  if (!text) throw new Fault('invalid', `${at}.text: must not be empty`);
  const { x, y, ...look } = style;
  const asset: TextContent = {
    kind: 'text',
    text,
    ...look,
    alignment: { horizontal: x === undefined ? 'center' : 'left', vertical: y === undefined ? 'center' : 'top' },
  };
  return { asset, offset: { x: (x ?? 0) / canvas.width, y: (y ?? 0) / canvas.height } };
}

/** The clip in the parts that are heard, and the one that isn't. */
function muted(clip: TimelineClip, { startMs, durationMs }: TimelineClip): TimelineClip[] {
  const [from, to] = [clip.startMs, clip.startMs + clip.durationMs];
  const cuts = [from, Math.max(from, startMs), Math.min(to, startMs + durationMs), to];
  const [, quietFrom = from, quietTo = to] = cuts;
  if (quietFrom >= quietTo) return [clip];
  return [partOf(clip, from, quietFrom), partOf(clip, quietFrom, quietTo, 0), partOf(clip, quietTo, to)].filter(
    (each) => each.durationMs > 0,
  );
}

function partOf(clip: TimelineClip, fromMs: number, toMs: number, volume?: number): TimelineClip {
  const { asset, startMs } = clip;
  if (asset.kind !== 'video') return clip;
  const media = { ...asset, fromMs: asset.fromMs + fromMs - startMs, volume: volume ?? asset.volume };
  return { ...clip, startMs: fromMs, durationMs: toMs - fromMs, asset: media };
}
