import { CaptureDesk, type CaptureDeskDeps } from '#capture';
import { captureMessage, type Delivery } from '#delivery';
import type { MediaLinks } from '#playback';
import type { Store } from '#store';
import { alertLinks } from './links.ts';

/** Goes on with the capture sessions that were under way. `origin` stands before the paths of links in callbacks. */
export function startCaptures({
  links: media,
  delivery,
  origin,
  ...deps
}: Omit<CaptureDeskDeps, 'payload' | 'post'> & {
  store: Store;
  links: MediaLinks;
  delivery: Pick<Delivery, 'post'>;
  origin: () => string;
}): CaptureDesk {
  const links = alertLinks(media, origin);
  return CaptureDesk.start({
    ...deps,
    payload: (event) => captureMessage(event, { store: deps.store, links }),
    post: delivery.post.bind(delivery),
  });
}
