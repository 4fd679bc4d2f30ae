import { type CaptureChannel, type CaptureSession, type Job, newId, primaryOf } from '#domain';
import { Fault } from '#runtime';
import type { CourseDeps } from './course.ts';

const JOB_WAIT_MS = 60_000;

type ExportDeps = Pick<CourseDeps, 'store' | 'jobs' | 'clock'>;

/** What becomes one video or audio: the pictures of one channel, and what all of them heard. */
interface Recipe {
  streamId: string;
  sounds: string[];
  isVideo: boolean;
}

/**
 * The id of the session's recording as one asset: made when it isn't there, waited for while it is being made. Throws
 * `refused` when no such channel was stored, and what the job threw.
 */
export async function exportChannel(
  sessionId: string,
  channelId: string | undefined,
  deps: ExportDeps,
  signal: AbortSignal,
): Promise<string> {
  const { store, jobs, clock } = deps;
  const session = store.captures.get(sessionId);
  if (!session) throw new Fault('not_found', `there is no capture session ${sessionId}`);
  const { isVideo, ...recipe } = recipeOf(session, channelId);
  const made = store.assets.findCapture(sessionId, recipe.streamId);
  if (made) return made.id;
  const begun = store.jobs.unfinished().find((job) => makes(job, sessionId, recipe.streamId));
  const assetId = newId(isVideo ? 'video' : 'audio', clock.nowMs());
  const name = `Capture ${session.endUserId} - ${sessionId.slice(0, 8)}`;
  let job = begun ?? jobs.submit('capture', { assetId, sessionId, name, ...recipe });
  while (job.status === 'processing' && !signal.aborted) job = await jobs.settled(job.id, JOB_WAIT_MS, signal);
  signal.throwIfAborted();
  if (job.result?.assetId === undefined) throw new Fault('refused', job.error ?? 'the job failed');
  return job.result.assetId;
}

/** Whether the channel's export is being made. */
export function isExporting(session: CaptureSession, channelId: string | undefined, { store }: ExportDeps): boolean {
  const { streamId } = recipeOf(session, channelId);
  return store.jobs.unfinished().some((job) => makes(job, session.id, streamId));
}

/** The asset that was made of it. */
export function exportedAs(
  session: CaptureSession,
  channelId: string | undefined,
  { store }: ExportDeps,
): string | undefined {
  return store.assets.findCapture(session.id, recipeOf(session, channelId).streamId)?.id;
}

function recipeOf({ channels, primaryChannelId }: CaptureSession, channelId: string | undefined): Recipe {
  const stored = channels.filter(({ store }) => store);
  const sounds = stored.filter(({ type }) => type === 'audio').map(({ streamId }) => streamId);
  const video = videoOf(stored, channelId, primaryChannelId);
  if (video) return { streamId: video.streamId, sounds, isVideo: true };
  const [streamId] = sounds;
  if (streamId === undefined) throw new Fault('refused', 'no channel of this session was stored');
  return { streamId, sounds, isVideo: false };
}

function videoOf(
  stored: readonly CaptureChannel[],
  asked: string | undefined,
  primary: string | undefined,
): CaptureChannel | undefined {
  const found = primaryOf(stored, asked ?? primary);
  if (asked === undefined || found?.id === asked) return found;
  const names = stored.filter(({ type }) => type === 'video').map(({ id }) => `"${id}"`);
  throw new Fault(
    'invalid',
    `video_channel_id: "${asked.slice(0, 80)}" is no video channel of this session that was stored; those are ${names.join(', ') || 'none'}`,
  );
}

function makes({ kind, input }: Job, sessionId: string, streamId: string): boolean {
  return kind === 'capture' && input['sessionId'] === sessionId && input['streamId'] === streamId;
}
