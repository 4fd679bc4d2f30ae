import { statfs } from 'node:fs/promises';
import { z } from 'zod';
import { forecastOf, recordingBudget, type StreamForecast } from '#store';
import type { HttpDeps } from '../deps.ts';

const DAY_MS = 86_400_000;

interface StreamStorage extends StreamForecast {
  writtenToday: number;
  writtenYesterday: number;
}

/** What the recordings take, what they may take, and how long that will last. */
export interface StorageStatus {
  /** Why nothing can be recorded. */
  problem?: string;
  segments: number;
  bytes: number;
  heldBytes: number;
  freeBytes?: number;
  /** Most that recordings may take. */
  budgetBytes?: number;
  /** How far back they will reach when that is used up. */
  days?: number;
  streams: StreamStorage[];
  /** What the box wrote beside recordings: the database, pictures, exports. */
  otherWrittenToday: number;
  otherWrittenYesterday: number;
}

const written = z.number().describe('Bytes, by UTC days');

export const storageAnswer = z
  .looseObject({
    problem: z.string().optional().describe('Why nothing can be recorded, and what to do'),
    segments: z.number(),
    bytes: z.number(),
    held_bytes: z.number().describe('Of those, what alerts and people hold'),
    free_bytes: z.number().optional(),
    budget_bytes: z.number().optional().describe('Most that recordings take'),
    days: z.number().optional().describe('How far back recordings will reach when there is no more room'),
    streams: z.array(
      z.object({
        stream_id: z.string(),
        bytes: z.number(),
        held_bytes: z.number(),
        bytes_per_day: z.number().optional().describe('At which it is recorded; absent while nobody can say'),
        days: z.number().optional(),
        written_today: written,
        written_yesterday: written,
      }),
    ),
    other_written_today: written.describe('Bytes of the database, pictures and exports, by UTC days'),
    other_written_yesterday: written,
  })
  .describe('What recordings take, what they may take, and how long that will last');

export async function storageStatus(
  deps: Pick<HttpDeps, 'store' | 'config' | 'mediaDir' | 'clock'>,
): Promise<StorageStatus> {
  const { store, mediaDir, clock } = deps;
  const nowMs = clock.nowMs();
  const { count: segments } = store.segments.totals();
  const { bytes, heldBytes } = store.recorded.total();
  const room = await roomOf(deps, bytes);
  const problem = await store.mediaPlace.problem(mediaDir);
  const wrote = writtenBy(store.recorded.written(nowMs - DAY_MS), nowMs);
  const limits = store.streams.list().results.map(({ id, recording }) => ({
    id,
    ...recording,
    ...keepDaysOf(deps, recording.keepDays),
  }));
  const { roomBytes = Infinity } = room ?? {};
  const { days, streams } = forecastOf(store.recorded.passing(), limits, { roomBytes, nowMs });
  return {
    ...(problem === undefined ? {} : { problem }),
    segments,
    bytes,
    heldBytes,
    ...(room ? { freeBytes: room.freeBytes, budgetBytes: room.budgetBytes } : {}),
    ...(days === undefined || days === Infinity ? {} : { days: tenth(days) }),
    streams: streams.map((stream) => ({ ...rounded(stream), ...wrote(stream.streamId) })),
    otherWrittenToday: wrote('').writtenToday,
    otherWrittenYesterday: wrote('').writtenYesterday,
  };
}

/** What recordings may take, and what they can before the reserve is touched. */
async function roomOf({ config, mediaDir }: Pick<HttpDeps, 'config' | 'mediaDir'>, bytes: number) {
  const { budgetGb, reservePercent } = config.recording;
  const disk = await statfs(mediaDir).catch(() => undefined);
  if (!disk) return undefined;
  const budgetBytes = recordingBudget(disk, budgetGb === undefined ? undefined : budgetGb * 1e9);
  const beforeReserve = (disk.bavail - (disk.blocks * reservePercent) / 100) * disk.bsize;
  const roomBytes = Math.max(0, Math.min(budgetBytes, bytes + beforeReserve));
  return { freeBytes: disk.bavail * disk.bsize, budgetBytes, roomBytes };
}

function keepDaysOf({ config }: Pick<HttpDeps, 'config'>, own: number | undefined): { keepDays?: number } {
  const keepDays = own ?? config.recording.keepDays;
  return keepDays === undefined ? {} : { keepDays };
}

function rounded({ streamId, bytes, heldBytes, bytesPerDay, days }: StreamForecast): StreamForecast {
  return {
    streamId,
    bytes,
    heldBytes,
    ...(bytesPerDay === undefined ? {} : { bytesPerDay: Math.round(bytesPerDay) }),
    ...(days === undefined || days === Infinity ? {} : { days: tenth(days) }),
  };
}

function tenth(days: number): number {
  return Math.round(days * 10) / 10;
}

/** What a stream wrote today and yesterday. */
function writtenBy(
  rows: ReturnType<HttpDeps['store']['recorded']['written']>,
  nowMs: number,
): (streamId: string) => Pick<StreamStorage, 'writtenToday' | 'writtenYesterday'> {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const on = (streamId: string, atMs: number) =>
    rows.find((row) => row.streamId === streamId && row.dayMs === atMs)?.bytes ?? 0;
  return (streamId) => ({ writtenToday: on(streamId, today), writtenYesterday: on(streamId, today - DAY_MS) });
}
