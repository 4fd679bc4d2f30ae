import { z } from 'zod';
import { type BoxReport, PARCEL_KINDS, type ParcelHead } from '#domain';

/**
 * What other Watchposts send, checked as far as anything that reads it relies on; what a newer one knows beside it stays.
 * Names are those of the program, times Unix milliseconds: no client but a Watchpost speaks this.
 */
const plainId = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}[A-Za-z0-9_-]{1,80}$`), `must be an id that begins with "${prefix}"`);
const words = (most: number) => z.string('must be text').max(most, `must not be longer than ${most} characters`);
const ms = z.number('must be Unix milliseconds').min(0).max(8.64e15);
const wholeMs = z.int('must be whole Unix milliseconds').min(0).max(8.64e15);
const texts = z.array(words(1000)).max(1000);

const box = z.looseObject({ x1: z.number(), y1: z.number(), x2: z.number(), y2: z.number() });
const detection = z.looseObject({ label: words(200), score: z.number(), box });
const sound = z.looseObject({
  sounds: z.array(z.looseObject({ label: words(200), score: z.number(), startMs: ms, endMs: ms })).max(1000),
  levelDb: z.number(),
});
const sceneFacts = z.looseObject({
  objects: z.array(detection.extend({ track: z.number(), zones: texts, entered: texts, sinceMs: ms })).max(1000),
  gone: z.array(z.looseObject({ label: words(200), track: z.number() })).max(1000),
  counts: z.record(z.string(), z.number()),
  motion: z.looseObject({ amount: z.number(), regions: z.array(box).max(1000), zones: texts }),
  light: z.looseObject({ brightness: z.number() }),
  colours: texts,
  tamper: texts,
  packs: texts,
  sound: sound.exactOptional(),
});
const scene = z.looseObject({
  id: z.int().min(1),
  streamId: plainId('rts-'),
  indexId: plainId(''),
  startMs: wholeMs,
  endMs: wholeMs,
  text: words(100_000),
  facts: sceneFacts.exactOptional(),
  sound: sound.exactOptional(),
  said: z.looseObject({ text: words(100_000), summary: words(40) }).exactOptional(),
});
const stream = z.object({
  id: plainId('rts-'),
  name: words(200).min(1, 'must not be empty'),
  mediaTypes: z.array(z.enum(['audio', 'video'])).max(2),
  zones: z.array(z.object({ name: words(200), polygon: z.array(z.tuple([z.number(), z.number()])).max(200) })).max(200),
  createdMs: wholeMs,
});
const index = z.object({
  id: plainId(''),
  streamId: plainId('rts-'),
  name: words(200),
  prompt: words(20_000),
  extraction: z.looseObject({ type: z.enum(['time', 'shot', 'transcript']) }),
  extractionConfig: z.record(z.string(), z.unknown()),
  modelName: words(100),
  modelConfig: z.record(z.string(), z.unknown()),
  status: z.enum(['running', 'stopped']),
  resumedMs: wholeMs,
  createdMs: wholeMs,
});
const part = z.looseObject({ subject: z.looseObject({ kind: words(40) }), relation: words(40) });
const rule = part.extend({ version: z.literal(2), needs: texts, understood: words(20_000) });
const verdict = z.looseObject({ text: words(20_000), by: words(200), atMs: wholeMs });
const alertFacts = z.object({
  payload: z.record(z.string(), z.unknown()),
  firing: z.object({
    id: plainId(''),
    alertId: plainId(''),
    eventId: plainId(''),
    label: words(200),
    streamId: plainId('rts-'),
    indexId: plainId(''),
    sceneId: z.int().exactOptional(),
    atMs: wholeMs,
    startMs: wholeMs,
    endMs: wholeMs,
    confidence: z.number().min(0).max(1),
    explanation: words(20_000),
    evidence: z.looseObject({ rule, packs: texts, sceneText: words(100_000) }),
    verdict: verdict.exactOptional(),
  }),
  alert: z.object({
    id: plainId(''),
    streamId: plainId('rts-'),
    indexId: plainId(''),
    eventId: plainId(''),
    status: z.enum(['enabled', 'disabled']),
    snoozedUntilMs: wholeMs.exactOptional(),
    threshold: z.number().min(0).max(1).exactOptional(),
    group: words(200).exactOptional(),
    createdMs: wholeMs,
  }),
  event: z.object({ id: plainId(''), prompt: words(20_000), label: words(200), rule, createdMs: wholeMs }),
  index,
  stream,
  scene: scene.exactOptional(),
  mark: z
    .object({ verdict: z.enum(['right', 'wrong', 'none']), note: words(500).exactOptional(), atMs: wholeMs })
    .exactOptional(),
});
const transcript = z.object({
  id: z.int(),
  streamId: plainId('rts-'),
  startMs: wholeMs,
  endMs: wholeMs,
  text: words(100_000),
  words: z.array(z.object({ text: words(1000), startMs: ms, endMs: ms })).max(20_000),
  language: words(20).exactOptional(),
  confidence: z.number().exactOptional(),
});
const gap = z.object({
  streamId: plainId('rts-'),
  startMs: wholeMs,
  endMs: wholeMs,
  reason: words(2000),
  unwanted: z.literal(true).exactOptional(),
});
const recordFacts = z.object({
  streams: z.array(stream).max(1000),
  indexes: z.array(index).max(1000),
  scenes: z.array(scene).max(2000),
  transcripts: z.array(transcript).max(2000),
  gaps: z.array(gap).max(2000).exactOptional(),
  deleted: z.array(plainId('rts-')).max(2000).exactOptional(),
});
const pictureFacts = z.object({ scene, index, stream, firingId: plainId('').exactOptional() });
const segmentFacts = z.object({
  stream,
  segment: z.object({ startMs: wholeMs, endMs: wholeMs }),
  session: z.object({
    id: plainId('ses-'),
    startedMs: ms,
    codecs: words(100).exactOptional(),
    width: z.int().min(0).max(65_535),
    height: z.int().min(0).max(65_535),
  }),
  init: z
    .string()
    .max(262_144)
    .regex(/^[A-Za-z0-9+/]+=*$/, 'must be base64'),
});
const clipFacts = z.looseObject({});

const FACTS = {
  alert: alertFacts,
  picture: pictureFacts,
  clip: clipFacts,
  records: recordFacts,
  segment: segmentFacts,
};

/** One parcel without its bytes. */
export const parcelHead = z
  .discriminatedUnion(
    'kind',
    [parcel('alert'), parcel('picture'), parcel('clip'), parcel('records'), parcel('segment')],
    `must be ${PARCEL_KINDS.join(', ')}`,
  )
  // What the type says beyond the schema is text that is only shown, or optional.
  .transform((head) => head as unknown as ParcelHead);

function parcel<Kind extends keyof typeof FACTS>(kind: Kind) {
  return z.object({
    kind: z.literal(kind),
    key: words(300).describe('<box id>/<kind>/…: the same each time it is sent'),
    streamId: plainId('rts-').exactOptional(),
    startMs: ms,
    endMs: ms,
    facts: FACTS[kind],
    body: z
      .object({ bytes: z.int().min(1), mediaType: z.enum(['video/mp4', 'video/iso.segment', 'image/jpeg']) })
      .exactOptional()
      .describe('What is sent after it'),
  });
}

const EXAMPLE: BoxReport = {
  boxId: 'box-0123456789abcdef',
  name: 'Barn',
  version: '0.1.0',
  clockMs: 1_768_478_400_000,
  startedMs: 1_768_392_000_000,
  cameras: [{ id: 'rts-019bc2f0-0000-7000-8000-000000000000', name: 'Gate', phase: 'recording' }],
  waiting: [{ kind: 'segment', items: 12, bytes: 31_457_280 }],
  notes: [],
};

/** What a box tells of itself. */
export const boxReport = z
  .object({
    boxId: plainId('box-'),
    name: words(200),
    version: words(100),
    clockMs: ms,
    startedMs: ms,
    cameras: z
      .array(
        z.object({
          id: plainId('rts-'),
          name: words(200),
          phase: z.enum(['stopped', 'connecting', 'recording', 'stalled', 'waiting']),
          lastError: words(2000).exactOptional(),
          lastFrameMs: ms.exactOptional(),
        }),
      )
      .max(1000),
    waiting: z.array(z.object({ kind: z.enum(PARCEL_KINDS), items: z.int().min(0), bytes: z.number().min(0) })).max(5),
    oldestWaitingMs: ms.exactOptional(),
    notes: z.array(words(2000)).max(100),
  })
  .meta({ examples: [EXAMPLE] }) satisfies z.ZodType<BoxReport>;
