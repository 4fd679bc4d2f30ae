import { z } from 'zod';
import { SHOWN_THRESHOLDS, Tally } from '#events';
import type { HttpDeps } from '../deps.ts';
import type { Rehearsal, RehearsalNews, RehearsedPart } from './rehearsal.ts';

const DAY_MS = 86_400_000;

export const firedAnswer = z
  .object({
    stream_id: z.string(),
    stream_name: z.string(),
    scene_id: z.number().optional().describe('Absent when it fires for something said'),
    start: z.number().describe('Unix seconds'),
    end: z.number().describe('Unix seconds'),
    confidence: z.number(),
    explanation: z.string(),
    thumbnail_url: z.string().optional(),
  })
  .meta({ id: 'RehearsedAlert' });

/** Something that would have fired. */
export function firedView(
  { stream, sceneId, startMs, endMs, confidence, explanation }: RehearsalNews['fired'][number],
  { store, links }: Pick<HttpDeps, 'store' | 'links'>,
): z.input<typeof firedAnswer> {
  const shown = sceneId !== undefined && store.scenes.get(sceneId)?.thumbPath !== undefined;
  return {
    stream_id: stream.id,
    stream_name: stream.name,
    ...(sceneId === undefined ? {} : { scene_id: sceneId }),
    start: startMs / 1000,
    end: endMs / 1000,
    confidence,
    explanation,
    ...(shown ? { thumbnail_url: links.thumbPath(sceneId) } : {}),
  };
}

export const summaryAnswer = z
  .object({
    understood: z.string(),
    from: z.number().describe('Unix seconds'),
    to: z.number().describe('Unix seconds'),
    alerts: z.number(),
    left_off: z.number().describe('Alerts that are counted but not listed'),
    alerts_per_day: z.number().describe('To be expected, if the days to come are like the time that was looked at'),
    thresholds: z
      .array(z.object({ confidence: z.number(), alerts: z.number(), alerts_per_day: z.number() }))
      .describe('How many an alert with this threshold would have told'),
    streams: z.array(
      z.object({
        stream_id: z.string(),
        stream_name: z.string(),
        index_id: z.string().optional(),
        alerts: z.number(),
        days: z.number().describe('From the first record of the time asked for to its end'),
        looked: z.number().describe('Records that were looked at'),
        mute: z.number().describe('Records that do not tell what the rule asks'),
        told_anew: z.number().describe('Records whose first words are no longer known'),
        missing: z.array(z.string()).describe("Why it can't fire there now"),
      }),
    ),
  })
  .meta({ id: 'Rehearsal' });

/** What came of it in all. */
export function summaryView(
  { rule, fromMs, toMs, threshold = 0 }: Rehearsal,
  parts: readonly RehearsedPart[],
  listed: number,
): z.input<typeof summaryAnswer> {
  const all = Tally.expected(parts, threshold);
  const expected = SHOWN_THRESHOLDS.map((shown) => Tally.expected(parts, shown));
  return {
    understood: rule.understood,
    from: fromMs / 1000,
    to: toMs / 1000,
    alerts: all.alerts,
    left_off: all.alerts - listed,
    alerts_per_day: all.perDay,
    thresholds: expected.map(({ threshold: confidence, alerts, perDay }) => ({
      confidence,
      alerts,
      alerts_per_day: perDay,
    })),
    streams: parts.map(({ stream, index, tally, spanMs, looked, mute, retold, missing }) => ({
      stream_id: stream.id,
      stream_name: stream.name,
      ...(index ? { index_id: index.id } : {}),
      alerts: tally.at(threshold),
      days: Number((spanMs / DAY_MS).toFixed(4)),
      looked,
      mute,
      told_anew: retold,
      missing,
    })),
  };
}
