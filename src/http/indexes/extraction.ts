import { z } from 'zod';
import type { Extraction } from '#domain';
import { check, nullsAreMissing, number, whole } from '../input.ts';

/** The names that the SDKs have for the same three ways. */
export const extractionTypes = z
  .enum(
    ['time', 'time_based', 'shot', 'shot_based', 'transcript'],
    'must be "time" (windows of seconds), "shot" (where the picture changes) or "transcript" (what is said)',
  )
  .describe('Windows of seconds, from cut to cut of the picture, or what is said');
/** For people who read the API. */
export const EXTRACTION_CONFIG =
  'How finely. time: "time" (seconds, 1–3600; 10), "frame_count" (5); shot: "threshold" (1–100; 20), "frame_count"; ' +
  'transcript: "segmenter" (word, sentence, time), "segmentation_value" (10)';
type ExtractionName = z.output<typeof extractionTypes>;

const DEFAULT_SECONDS = 10;
const DEFAULT_FRAMES = 5;
const MOST_FRAMES_PER_SECOND = 5;
/** A shot of a camera that looks at a still yard would never end. */
const LONGEST_SHOT_S = 60;

const byTime = within(
  z
    .object({
      time: number(1, 3600, 'must be the length of a window: 1 to 3600 seconds').default(DEFAULT_SECONDS),
      frame_count: whole(1, 60).default(DEFAULT_FRAMES),
    })
    .refine((given) => given.frame_count <= given.time * MOST_FRAMES_PER_SECOND, {
      path: ['frame_count'],
      message: `must not be more than ${MOST_FRAMES_PER_SECOND} frames per second of "time"`,
    }),
);

const byShot = within(
  z.object({
    threshold: number(1, 100, 'must be how much the picture changes at a cut: 1 to 100').default(20),
    frame_count: whole(1, 60).default(DEFAULT_FRAMES),
  }),
);

const bySpeech = within(
  z.object({
    segmenter: z.enum(['word', 'sentence', 'time'], 'must be "word", "sentence" or "time"').default('word'),
    segmentation_value: number(1, 3600, 'must be how many words, sentences or seconds: 1 to 3600').default(10),
  }),
);

/** Of a video, unlike of a live stream, one frame tells what is seen; a client that wants more says so. */
export function oneFrame(config: Record<string, unknown>): Record<string, unknown> {
  return { ...config, frame_count: config['frame_count'] ?? 1 };
}

/** Under its name in the body, so that errors say where. */
function within<S extends z.ZodType>(schema: S) {
  return z.object({ extraction_config: nullsAreMissing(schema) });
}

/**
 * How an index cuts its stream, from what a client sent; `config` is that with the defaults filled in, to be echoed.
 * Throws `invalid` naming the member that is wrong.
 */
export function readExtraction(
  name: ExtractionName,
  given: Record<string, unknown> = {},
): { extraction: Extraction; config: Record<string, unknown> } {
  if (name === 'transcript') {
    const { extraction_config: config } = check(bySpeech, { extraction_config: given });
    const { segmenter, segmentation_value: value } = config;
    return { extraction: { type: 'transcript', segmenter, value }, config: { ...given, ...config } };
  }
  if (name.startsWith('shot')) {
    const { extraction_config: config } = check(byShot, { extraction_config: given });
    const { threshold, frame_count: frameCount } = config;
    const extraction = { type: 'shot', threshold, frameCount, longestSeconds: LONGEST_SHOT_S } as const;
    return { extraction, config: { ...given, ...config } };
  }
  const { extraction_config: config } = check(byTime, { extraction_config: given });
  const { time: seconds, frame_count: frameCount } = config;
  return { extraction: { type: 'time', seconds, frameCount }, config: { ...given, ...config } };
}
