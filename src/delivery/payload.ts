import type { Asset, Delivery, Firing, Verdict } from '#domain';

/** What waits longer than this has missed its time. */
export const LATE_MS = 60_000;

/**
 * Absolute addresses put in messages; signed, so that they open without a key. They begin with `origin` where the
 * receiver has said how it knows the box.
 */
export interface AlertLinks {
  streamUrl(firing: Firing, origin?: string): string;
  playerUrl(firing: Firing, origin?: string): string;
  /** All of a video or audio. */
  assetUrls(asset: Asset, origin?: string): { stream_url: string; player_url: string };
}

/**
 * VideoDB's alert webhook: `start_time` and `end_time` in Unix seconds, `timestamp` ISO 8601, `confidence` 0–1. Never has
 * a key `event`, by which receivers recognise other webhooks. `firing_id` is the same each time it is sent; the second
 * message about a firing that was looked at again is the first with a key `verdict`. `late` is there, and true, when it
 * comes long after what it tells of.
 */
export function webhookPayload(
  firing: Firing,
  links: AlertLinks,
  streamName: (id: string) => string,
  what: Delivery['what'] = 'alert',
  late = false,
): Record<string, unknown> {
  return {
    event_id: firing.eventId,
    label: firing.label,
    confidence: Number(firing.confidence.toFixed(4)),
    explanation: firing.explanation,
    timestamp: new Date(firing.atMs).toISOString(),
    start_time: firing.startMs / 1000,
    end_time: firing.endMs / 1000,
    stream_url: links.streamUrl(firing),
    player_url: links.playerUrl(firing),
    firing_id: firing.id,
    alert_id: firing.alertId,
    rtstream_id: firing.streamId,
    rtstream_name: streamName(firing.streamId),
    scene_index_id: firing.indexId,
    ...(what === 'verdict' && firing.verdict ? { verdict: verdictView(firing.verdict) } : {}),
    ...(late ? { late } : {}),
  };
}

/** `confirmed` is null when the answer doesn't tell. */
export function verdictView({ confirmed, text, by, atMs }: Verdict): {
  confirmed: boolean | null;
  text: string;
  by: string;
  timestamp: string;
} {
  return { confirmed: confirmed ?? null, text, by, timestamp: new Date(atMs).toISOString() };
}

/** Whether what a message tells of is so long ago that nobody should run to see it. */
export function isLate({ firing, what }: Pick<Delivery, 'what'> & { firing: Firing }, nowMs: number): boolean {
  const atMs = what === 'verdict' ? (firing.verdict?.atMs ?? firing.atMs) : firing.atMs;
  return nowMs - atMs > LATE_MS;
}

/** The same for each attempt at one message, by which receivers tell repetitions. */
export function idempotencyKey({ firingId, what }: Pick<Delivery, 'firingId' | 'what'>): string {
  return what === 'alert' ? firingId : `${firingId}-${what}`;
}
