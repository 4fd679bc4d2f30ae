/** `/watch?v=SLUG` and `/embed?v=SLUG`: plays what the slug stands for. The slug is the permission; no key is asked. */
import { getPublic, reasonOf } from './api.ts';
import { byId, setHidden, setText } from './dom.ts';
import { captionsButton } from './finding/captions.ts';
import { play } from './finding/hls-video.ts';
import type { WatchJson } from './wire.ts';

const message = byId('message', HTMLElement);

function showProblem(reason: string): void {
  setText(message, '');
  setText(byId('reason', HTMLElement), reason);
  setHidden(byId('problem', HTMLElement), false);
}

function describe({ title, description }: WatchJson): void {
  if (title) {
    setText(byId('title', HTMLElement), title);
    document.title = title;
  }
  setText(byId('description', HTMLElement), description ?? '');
}

async function start(): Promise<void> {
  const slug = new URLSearchParams(location.search).get('v');
  if (!slug) throw new Error('This address is incomplete: it has no “v=”.');
  const watch = await getPublic<WatchJson>(`/v1/watch/${encodeURIComponent(slug)}`);
  describe(watch);
  const video = byId('video', HTMLVideoElement);
  captionsButton(byId('captions', HTMLButtonElement), video);
  await play(video, watch.stream_url, {
    live: false,
    onProblem: showProblem,
    onPlaying: (cover) => setText(message, cover),
  });
}

document.body.classList.toggle('embed', location.pathname.endsWith('/embed'));
start().catch((error: unknown) => showProblem(reasonOf(error)));
