import type { Grant } from './grant.ts';
import type { MediaType } from './stream.ts';

/** How far a capture session has come. */
export const CAPTURE_STATUSES = ['created', 'starting', 'active', 'stopping', 'stopped', 'exported', 'failed'] as const;
export type CaptureStatus = (typeof CAPTURE_STATUSES)[number];

/** What a channel is a recording of. */
export type CaptureCategory = 'mic' | 'screen' | 'system_audio' | 'camera';

/** One source that a client captures; each is a stream that the client sends. */
export interface CaptureChannel {
  /** As the client names it: `mic:default`, `display:1`. */
  id: string;
  /** For people. */
  name: string;
  type: MediaType;
  category: CaptureCategory;
  /** Whether its recording stays when the session is over. */
  store: boolean;
  streamId: string;
}

/** What a client records of itself: several streams that begin and end together. */
export interface CaptureSession {
  /** `cap-…` */
  id: string;
  collectionId: string;
  /** Whose it is, as the application says. */
  endUserId: string;
  status: CaptureStatus;
  /** Where its events are POSTed to. */
  callbackUrl?: string;
  /** Who hears them at once. */
  wsConnectionId?: string;
  /** The application's own, kept and given back. */
  metadata: Record<string, unknown>;
  /** None before it starts. */
  channels: CaptureChannel[];
  /** The channel whose picture is exported. */
  primaryChannelId?: string;
  /** The recording as one video or audio; absent when nothing was to be stored. */
  exported?: { status: 'exporting' | 'exported' | 'failed'; assetId?: string; error?: string };
  /** Why it failed. */
  error?: string;
  /** Who made it, started it, or was told where to send: it is stopped when one of them ends. */
  grants: Grant[];
  createdMs: number;
  changedMs: number;
}

/** One change of a session's status: told once, in the order in which they happened. */
export interface CaptureEvent {
  id: number;
  sessionId: string;
  status: CaptureStatus;
  atMs: number;
}

/** Which status may follow which. */
const FOLLOWS: Readonly<Record<CaptureStatus, readonly CaptureStatus[]>> = {
  created: ['starting', 'stopping'],
  starting: ['active', 'stopping', 'failed'],
  active: ['stopping', 'failed'],
  stopping: ['stopped'],
  stopped: ['exported'],
  exported: [],
  failed: [],
};

export function mayFollow(from: CaptureStatus, to: CaptureStatus): boolean {
  return FOLLOWS[from].includes(to);
}

/** Whether clients still send, or what they sent is still being finished. */
export function isRunning({ status }: Pick<CaptureSession, 'status'>): boolean {
  return status === 'starting' || status === 'active' || status === 'stopping';
}

/** What a channel is by the name that clients give it; undefined for names of another form. */
export function categoryOf(channelId: string): CaptureCategory | undefined {
  const [, kind] = /^(mic|screen|display|system_audio|camera)(?:$|[:_-])/i.exec(channelId) ?? [];
  if (kind === undefined) return undefined;
  // Only what the pattern lists.
  return kind.toLowerCase() === 'display' ? 'screen' : (kind.toLowerCase() as CaptureCategory);
}

/** The one whose picture stands for the session: of what stays, the screen before a camera. */
export function primaryOf(channels: readonly CaptureChannel[], wanted?: string): CaptureChannel | undefined {
  const videos = channels.filter(({ type }) => type === 'video');
  const stored = videos.filter(({ store }) => store);
  return (
    videos.find(({ id }) => id === wanted) ??
    stored.find(({ category }) => category === 'screen') ??
    stored[0] ??
    videos[0]
  );
}
