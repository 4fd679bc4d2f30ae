import { z } from 'zod';
import type { TargetStatus } from '#sync';

/** How the targets do, in `/v1/status` and under `/v1/control/sync`. */
export const targetAnswer = z.object({
  name: z.string(),
  kind: z.enum(['hub', 'videodb', 's3']),
  phase: z
    .enum(['sending', 'idle', 'waiting', 'paused', 'later'])
    .describe('waiting: it failed and is tried again; later: what waits may not go now'),
  why: z.string().optional(),
  waiting: z.array(
    z.object({
      kind: z.enum(['alert', 'picture', 'clip', 'records', 'segment']),
      items: z.number().describe('Of segments: stretches of up to ten minutes'),
      bytes: z.number().describe('About'),
    }),
  ),
  oldest_waiting_ms: z.number().optional(),
  left_ms: z.number().optional().describe('How long all of it will take, by how fast it went'),
  last_error: z.object({ message: z.string(), at_ms: z.number() }).optional(),
  next_try_ms: z.number().optional(),
  last_sent_ms: z.number().optional(),
  sent: z.number(),
  sent_bytes: z.number(),
  lost: z.number().describe('Segments and pictures that were gone before they were sent'),
  lost_bytes: z.number(),
  dropped: z.number().describe('Entries that gave way, as too many waited'),
  given_up: z.number().describe('What the target will never take'),
  refusal: z.string().optional().describe('Why, of the last of these'),
  paused_ms: z.number().optional(),
  paused_by: z.string().optional(),
});

export type Sample = [labels: Record<string, string>, value: number | undefined];
export type Metric = (name: string, kind: 'gauge' | 'counter', help: string, samples: Sample[]) => string[];

export function syncMetrics(targets: readonly TargetStatus[], metric: Metric, nowMs: number): string[] {
  const of = (read: (target: TargetStatus) => number | undefined) =>
    targets.map((target): Sample => [{ target: target.name }, read(target)]);
  const waiting = (what: 'items' | 'bytes') =>
    targets.flatMap(({ name, waiting }) => waiting.map((one): Sample => [{ target: name, kind: one.kind }, one[what]]));
  const oldest = ({ oldestWaitingMs }: TargetStatus) =>
    oldestWaitingMs === undefined ? undefined : Math.max(0, nowMs - oldestWaitingMs) / 1000;
  return [
    ...metric('sync_waiting', 'gauge', 'What waits to be sent', waiting('items')),
    ...metric('sync_waiting_bytes', 'gauge', 'About how many bytes that are', waiting('bytes')),
    ...metric('sync_oldest_seconds', 'gauge', 'How long the oldest of it has waited', of(oldest)),
    ...metric(
      'sync_failing',
      'gauge',
      '1 while the target fails',
      of(({ phase }) => Number(phase === 'waiting')),
    ),
    ...metric(
      'sync_sent_total',
      'counter',
      'Parcels that the target has',
      of(({ sent }) => sent),
    ),
    ...metric(
      'sync_sent_bytes_total',
      'counter',
      'Their bytes',
      of(({ sentBytes }) => sentBytes),
    ),
    ...metric(
      'sync_lost_total',
      'counter',
      'What was gone before it was sent',
      of(({ lost }) => lost),
    ),
    ...metric(
      'sync_dropped_total',
      'counter',
      'Entries that gave way to others',
      of(({ dropped }) => dropped),
    ),
    ...metric(
      'sync_given_up_total',
      'counter',
      'What the target never takes',
      of(({ givenUp }) => givenUp),
    ),
  ];
}
