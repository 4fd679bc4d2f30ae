import { z } from 'zod';
import { FILTERS, FITS, LARGEST_SIDE, POSITIONS, SMALLEST_SIDE, type Timeline, TRANSITIONS } from '#editor';
import { number, whole } from '../input.ts';
import { assetSchema, color, oneOf, part, seconds } from './editor-assets.ts';

const MOST_TRACKS = 64;
const MOST_CLIPS = 1000;
const SIZE_HINT = `must be WIDTHxHEIGHT such as "1280x720": even numbers from ${SMALLEST_SIDE} to ${LARGEST_SIDE}`;

/** Python's `Fit.none` is the text "None". */
const fit = z.preprocess(
  (value) => (typeof value === 'string' ? value.toLowerCase() : value),
  oneOf(FITS).default('crop'),
);
const zIndex = whole(-1_000_000, 1_000_000).default(0);
const shift = number(-10, 10).default(0);

const transition = part({
  in: oneOf(TRANSITIONS).optional(),
  out: oneOf(TRANSITIONS).optional(),
  duration: number(0, 60).default(0.5).describe('Seconds'),
})
  .optional()
  .transform((given) => {
    if (!given) return undefined;
    const { duration, in: entry, out: exit } = given;
    return { ...(entry && { in: entry }), ...(exit && { out: exit }), durationMs: Math.round(duration * 1000) };
  });

const clip = part({
  asset: assetSchema,
  duration: seconds(0.001),
  effect: z.never('no effects are known here: leave it out, or see "filter"').optional(),
  scale: number(0, 10).default(1).describe('1: as fit says'),
  opacity: number(0, 1).default(1),
  fit,
  position: oneOf(POSITIONS).default('center'),
  offset: part({ x: shift, y: shift }).prefault({}).describe('To the right and down, as shares of the canvas'),
  z_index: zIndex,
  transition,
  filter: oneOf(FILTERS).optional(),
}).meta({ required: ['asset', 'duration'] });

const item = part({ start: seconds(0).default(0), clip })
  .transform(({ start, clip: { duration, z_index, asset, transition: change, filter, ...look } }) => ({
    startMs: start,
    durationMs: duration,
    zIndex: z_index,
    asset,
    ...{ scale: look.scale, opacity: look.opacity, fit: look.fit, position: look.position, offset: look.offset },
    ...(change && { transition: change }),
    ...(filter && { filter }),
  }))
  .meta({ required: ['clip'] });

const track = part({
  clips: z.array(item, 'must be a list of clips').default([]),
  z_index: zIndex,
}).transform(({ clips, z_index }) => ({ clips, zIndex: z_index }));

const resolution = z
  .string(SIZE_HINT)
  .regex(/^\d{2,4}x\d{2,4}$/i, SIZE_HINT)
  .transform((given) => given.toLowerCase().split('x').map(Number))
  .refine((sides) => sides.every((side) => side % 2 === 0 && side >= SMALLEST_SIDE && side <= LARGEST_SIDE), SIZE_HINT)
  .prefault('1280x720');

/** Counted before any of them is looked at: tens of thousands would take a second. */
function fewClips(tracks: unknown, context: z.core.$RefinementCtx): unknown {
  const clips = Array.isArray(tracks) ? tracks.flatMap((given: { clips?: unknown } | null) => given?.clips ?? []) : [];
  if (clips.length <= MOST_CLIPS) return tracks;
  context.addIssue({
    code: 'custom',
    message: `must not have more than ${MOST_CLIPS} clips in all, not ${clips.length}`,
  });
  return z.NEVER;
}

/** A timeline as VideoDB's SDKs write it. */
export const timelineSchema = part({
  background: color.default('#000000'),
  resolution,
  tracks: z.preprocess(
    fewClips,
    z
      .array(track, 'must be a list of tracks')
      .min(1, 'must have a track')
      .max(MOST_TRACKS, `must not be more than ${MOST_TRACKS} tracks`),
  ),
})
  .transform(({ background, resolution: [width = 0, height = 0], tracks }): Timeline => {
    return { background, width, height, tracks };
  })
  .meta({ required: ['tracks'] });
