import type { CameraStatus, Stream } from '#domain';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';

type Seen = Pick<CameraStatus, 'facts'>;

/** Whether a stream is known to give no pictures: none are asked for, or what it sends now has none. */
export function isSoundOnly({ mediaTypes }: Pick<Stream, 'mediaTypes'>, status: Seen | undefined): boolean {
  return !mediaTypes.includes('video') || (status?.facts !== undefined && status.facts.videoCodec === undefined);
}

/** As `isSoundOnly`, of a stream as it is now. */
export function givesNoPictures(stream: Stream, { supervisor }: Pick<HttpDeps, 'supervisor'>): boolean {
  const status = supervisor.status().find(({ streamId }) => streamId === stream.id);
  return isSoundOnly(stream, status);
}

/** Throws `refused` when the stream has no pictures. */
export function demandPictures(stream: Stream, deps: Pick<HttpDeps, 'supervisor'>): void {
  if (givesNoPictures(stream, deps))
    throw new Fault('refused', `"${stream.name}" sends sound only: it has no pictures`);
}
