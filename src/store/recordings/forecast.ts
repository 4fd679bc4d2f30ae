import { DAY_MS } from '../search/vector-tables.ts';
import type { Passing } from './recorded-bytes.ts';
import type { StreamLimits } from './retention.ts';

/** Of less than this nobody can say how much comes in a day. */
const LEAST_MS = 300_000;
/** A stream that recorded nothing for so long adds nothing any more: what it has gives way. */
const STILL_MS = 3_600_000;

/** How far back a stream's recordings will reach when there is no more room. */
export interface StreamForecast {
  streamId: string;
  bytes: number;
  heldBytes: number;
  /** Absent when too little is recorded to say, or nothing comes any more. */
  bytesPerDay?: number;
  days?: number;
}

export interface Forecast {
  /** Of the streams that have no limits of their own, or else of the one that reaches back farthest. */
  days?: number;
  streams: StreamForecast[];
}

interface Flow {
  streamId: string;
  perDay: number;
  /** Where its own limits end. */
  mostDays: number;
}

/**
 * What the recordings will reach back to, by the rate at which those came that are kept: when all of them together may
 * take `roomBytes`, held ones included. What was stored first goes first, so that streams share the same days unless
 * their own limits are nearer.
 */
export function forecastOf(
  recorded: readonly Passing[],
  limits: readonly StreamLimits[],
  { roomBytes, nowMs }: { roomBytes: number; nowMs: number },
): Forecast {
  const flows = recorded.flatMap((stream) => {
    const perDay = rateOf(stream, nowMs);
    const own = limits.find(({ id }) => id === stream.streamId);
    return perDay === undefined ? [] : [{ streamId: stream.streamId, perDay, mostDays: mostDays(stream, own, perDay) }];
  });
  const held = recorded.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  const shared = sharedDays(flows, Math.max(0, roomBytes - held));
  const streams = recorded.map(({ streamId, bytes, heldBytes }) => {
    const flow = flows.find((one) => one.streamId === streamId);
    if (!flow) return { streamId, bytes, heldBytes };
    return { streamId, bytes, heldBytes, bytesPerDay: flow.perDay, days: Math.min(shared, flow.mostDays) };
  });
  const days = Math.max(...streams.map((stream) => stream.days ?? 0));
  return { ...(flows.length > 0 ? { days } : {}), streams };
}

function rateOf({ bytes, heldBytes, fromMs, toMs }: Passing, nowMs: number): number | undefined {
  if (fromMs === undefined || toMs === undefined || toMs - fromMs < LEAST_MS || nowMs - toMs > STILL_MS)
    return undefined;
  return ((bytes - heldBytes) / (toMs - fromMs)) * DAY_MS;
}

function mostDays({ heldBytes }: Passing, own: StreamLimits | undefined, perDay: number): number {
  const byQuota = own?.quotaBytes === undefined ? Infinity : Math.max(0, own.quotaBytes - heldBytes) / perDay;
  return Math.min(byQuota, own?.keepDays ?? Infinity);
}

/** The days for which all flows together fill the room, where each ends at its own limit at the latest. */
function sharedDays(flows: readonly Flow[], roomBytes: number): number {
  let room = roomBytes;
  let perDay = flows.reduce((sum, flow) => sum + flow.perDay, 0);
  for (const flow of [...flows].sort((a, b) => a.mostDays - b.mostDays)) {
    if (room / perDay <= flow.mostDays) return room / perDay;
    room -= flow.perDay * flow.mostDays;
    perDay -= flow.perDay;
  }
  return Infinity;
}
