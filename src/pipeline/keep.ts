import type { Camera } from '#camera';
import type { RecordingSession, Segment } from '#domain';
import { messageOf } from '#runtime';
import type { Life } from './life.ts';

/**
 * Less than this between two segments is no lost video: after a loss what the clocks of two connections may differ by; in
 * a hand-over the camera's own rounding; within a session also a picture a second, as the last one of a segment doesn't
 * say how long it lasts.
 */
const SEAM_MS = { connections: 250, sessions: 1000, pictures: 3000 };
/** Finished files that wait for the database to take their rows; the oldest beyond this are found again at start-up. */
const MAX_PENDING = 1000;

interface Finished {
  segment: Segment;
  session: RecordingSession;
}

/**
 * Enters every finished segment in the store, and the gap before it where video is missing. The files are safe on disk
 * already: when the database refuses (full, locked), rows wait here and are tried with the next segment.
 */
export async function keep(segments: Camera['segments'], life: Life): Promise<void> {
  const pending: Finished[] = [];
  let lastSessionId: string | undefined;
  for await (const finished of segments) {
    life.moved();
    pending.push(finished);
    if (pending.length > MAX_PENDING) pending.shift();
    try {
      for (let next = pending[0]; next; next = pending[0]) {
        enter(next, seamMs(next.session.id, lastSessionId), life);
        lastSessionId = next.session.id;
        pending.shift();
      }
    } catch (error) {
      life.log.error(
        { pending: pending.length, error: messageOf(error) },
        'segment recorded but not entered; will retry',
      );
    }
    life.unentered = pending.length;
  }
}

function seamMs(sessionId: string, lastSessionId: string | undefined): number {
  if (lastSessionId === undefined) return SEAM_MS.connections;
  return sessionId === lastSessionId ? SEAM_MS.pictures : SEAM_MS.sessions;
}

function enter({ segment, session }: Finished, leastGapMs: number, life: Life): void {
  const { segments } = life.deps.store;
  const lastEndMs = segments.bounds(segment.streamId)?.endMs;
  segments.add(segment, session);
  if (lastEndMs !== undefined && segment.startMs - lastEndMs > leastGapMs) {
    segments.addGap({
      streamId: segment.streamId,
      startMs: lastEndMs,
      endMs: segment.startMs,
      reason: life.takeGapReason(),
    });
  }
  life.goodMedia();
}
