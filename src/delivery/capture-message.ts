import type { CaptureEvent, CaptureSession } from '#domain';
import type { Store } from '#store';
import type { AlertLinks } from './payload.ts';

interface Deps {
  store: Pick<Store, 'captures' | 'assets'>;
  links: Pick<AlertLinks, 'assetUrls'>;
}

/** What happened to a capture session, as VideoDB writes it. Webhooks about alerts never have a key `event`; these do. */
export interface CaptureMessage {
  event: string;
  capture_session_id: string;
  status: CaptureEvent['status'];
  /** The status again: clients in the field read it here, too. */
  data: { status: CaptureEvent['status']; [key: string]: unknown };
}

/** Undefined when the session has been forgotten. Links in it begin with `origin`, without one with the box's own address. */
export function captureMessage(
  { sessionId, status }: CaptureEvent,
  deps: Deps,
  origin?: string,
): CaptureMessage | undefined {
  const session = deps.store.captures.get(sessionId);
  if (!session) return undefined;
  const data = { status, ...detailOf(status, session, deps, origin) };
  return { event: `capture_session.${status}`, capture_session_id: sessionId, status, data };
}

function detailOf(
  status: CaptureEvent['status'],
  { channels, exported, error }: CaptureSession,
  { store, links }: Deps,
  origin: string | undefined,
): object {
  if (status === 'active') {
    return {
      rtstreams: channels.map(({ streamId, id, type, category }) => ({
        rtstream_id: streamId,
        name: id,
        media_types: [type],
        channel_id: category,
      })),
    };
  }
  if (status === 'failed') return { error: { message: error ?? 'it failed' } };
  const asset = status === 'exported' ? store.assets.get(exported?.assetId ?? '') : undefined;
  return asset ? { exported_video_id: asset.id, ...links.assetUrls(asset, origin) } : {};
}
