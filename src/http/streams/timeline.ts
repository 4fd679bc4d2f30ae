import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { Gap, Scene } from '#domain';
import { describeSound } from '#inference';
import { Fault } from '#runtime';
import type { SegmentRow } from '#store';
import type { HttpDeps } from '../deps.ts';
import { time } from '../input.ts';
import { streamBy } from '../lookup.ts';
import { Api } from '../route.ts';

const DEFAULT_MS = 3_600_000;
const LONGEST_MS = 48 * 3_600_000;
/** Neighbours closer than this are shown as one stretch, unless video is missing between them. */
const SEAM_MS = 1000;
const MOST_SCENES = 2000;
const MOST_ALERTS = 1000;
const LONGEST_WORDS = 80;

/** A page asks for what it shows of many cameras in one go. */
const MOST_STREAMS = 16;

const range = { start: time.optional(), end: time.optional() };
const request = z.object({ stream: z.string('must be the id of a stream'), ...range });
const many = z.object({
  streams: z
    .string('must be ids of streams, with commas between')
    .transform((ids) => [...new Set(ids.split(','))])
    .refine((ids) => ids.length <= MOST_STREAMS, `must not be more than ${MOST_STREAMS}`)
    .describe(`Ids with commas between, at most ${MOST_STREAMS}; those that are no stream (any more) are left out`),
  ...range,
});

const answer = z.object({
  recorded: z.array(z.tuple([z.number(), z.number()])),
  gaps: z.array(
    z.object({
      start: z.number(),
      end: z.number(),
      reason: z.string(),
      unwanted: z.literal(true).optional().describe('It was recorded, and was not to stay'),
    }),
  ),
  scenes: z.array(
    z.object({
      id: z.number(),
      start: z.number(),
      end: z.number(),
      motion: z.number(),
      sound: z.string().optional().describe('What was heard'),
      speech: z.string().optional().describe('What was said'),
    }),
  ),
  alerts: z.array(z.object({ id: z.string(), at: z.number(), label: z.string() })),
});
type Stretch = { startMs: number; endMs: number };
type Timeline = z.input<typeof answer>;
const answers = z.object({ timelines: z.record(z.string(), answer) });

/** What cameras recorded, saw and alerted in a stretch of time, coarse enough to draw. */
export function timelineRoutes(deps: HttpDeps): Api {
  const { store, clock } = deps;
  const api = new Api('The box');

  api.get(
    '/v1/timeline',
    {
      summary: 'What one camera recorded, missed, saw and alerted; up to 48 hours, the last hour by default',
      query: request,
      answer,
    },
    (_c, { query }) => {
      const { id } = streamBy(deps, query.stream);
      return timelineOf(id, stretchOf(query, clock.nowMs()), deps);
    },
  );

  api.get(
    '/v1/timelines',
    { summary: 'The same of several cameras, by their ids', query: many, answer: answers },
    async (_c, { query }) => {
      const stretch = stretchOf(query, clock.nowMs());
      const timelines: Record<string, Timeline> = {};
      for (const id of query.streams) {
        if (!store.streams.get(id)) continue;
        timelines[id] = timelineOf(id, stretch, deps);
        await setImmediate(); // Others get their turn in between.
      }
      return { timelines };
    },
  );

  return api;
}

/** Throws `invalid`. */
function stretchOf({ start, end }: { start?: number | undefined; end?: number | undefined }, nowMs: number): Stretch {
  const endMs = end ?? nowMs;
  const startMs = start ?? endMs - DEFAULT_MS;
  if (endMs <= startMs) throw new Fault('invalid', 'end: must be after start (both are Unix seconds)');
  if (endMs - startMs > LONGEST_MS) throw new Fault('invalid', 'start: must be at most 48 hours before end');
  return { startMs, endMs };
}

function timelineOf(id: string, { startMs, endMs }: Stretch, deps: HttpDeps): Timeline {
  const { segments } = deps.store;
  const gaps = segments.gaps(id, startMs, endMs);
  return {
    recorded: stretches(segments.inRange(id, startMs, endMs), new Set(gaps.map((gap) => gap.endMs))),
    gaps: gaps.map(gapView),
    scenes: scenesIn(id, startMs, endMs, deps),
    alerts: alertsIn(id, startMs, endMs, deps),
  };
}

function gapView({ startMs, endMs, reason, unwanted }: Gap): Timeline['gaps'][number] {
  return { ...seconds({ startMs, endMs }), reason, ...(unwanted ? { unwanted } : {}) };
}

function stretches(rows: readonly SegmentRow[], afterGaps: ReadonlySet<number>): [number, number][] {
  const found: [number, number][] = [];
  for (const row of rows) {
    const { start, end } = seconds(row);
    const last = found.at(-1);
    const seamS = afterGaps.has(row.startMs) ? 0 : SEAM_MS / 1000;
    if (last && start - last[1] <= seamS) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

function scenesIn(streamId: string, startMs: number, endMs: number, { store }: HttpDeps): Timeline['scenes'] {
  return store.indexes
    .listByStream(streamId)
    .flatMap((index) => store.scenes.page(index.id, { startMs, endMs, page: 1, pageSize: MOST_SCENES }).scenes)
    .map((scene) => ({ id: scene.id, ...seconds(scene), motion: scene.facts?.motion.amount ?? 0, ...heardIn(scene) }));
}

/** A scene that was neither seen nor is a sound is of what was said. */
function heardIn({ facts, sound = facts?.sound, text }: Scene): { sound?: string; speech?: string } {
  const brief = (words: string) =>
    words.length > LONGEST_WORDS ? `${words.slice(0, LONGEST_WORDS).trimEnd()}…` : words;
  if (!facts && !sound) return { speech: brief(text) };
  const heard = sound ? describeSound(sound) : '';
  return heard === '' ? {} : { sound: brief(heard) };
}

function alertsIn(streamId: string, startMs: number, endMs: number, { store }: HttpDeps): Timeline['alerts'] {
  return store.firings
    .recent({ streamId, beforeMs: endMs, limit: MOST_ALERTS })
    .filter((firing) => firing.atMs >= startMs)
    .map(({ id, atMs, label }) => ({ id, at: atMs / 1000, label }));
}

function seconds({ startMs, endMs }: Stretch): { start: number; end: number } {
  return { start: startMs / 1000, end: endMs / 1000 };
}
