/**
 * A camera's live picture over its latest still: shown once it plays, gone when it fails, tried again then. The smaller
 * stream, where the camera has one; without sound.
 */
import type { Api } from '../api.ts';
import { el } from '../dom.ts';
import type { Playback } from '../finding/hls-video.ts';
import { pause } from '../live.ts';
import { playLive } from './live-camera.ts';

const RETRY_MS = 15_000;

export class LiveTile {
  readonly #api: Api;
  readonly #streamId: string;
  readonly #video = el('video', { playsinline: '', tabindex: '-1', 'aria-hidden': 'true', hidden: true });
  readonly #gone = new AbortController();

  constructor(api: Api, streamId: string, still: HTMLElement) {
    this.#api = api;
    this.#streamId = streamId;
    this.#video.muted = true;
    still.after(this.#video);
    void this.#run(this.#gone.signal);
  }

  end(): void {
    this.#gone.abort();
    this.#video.remove();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#once(signal);
      this.#video.hidden = true;
      if (!signal.aborted) await pause(RETRY_MS, signal);
    }
  }

  /** Until it fails, or nobody wants it any more. */
  async #once(signal: AbortSignal): Promise<void> {
    let playback: Playback | undefined;
    const over = new AbortController();
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { signal: over.signal });
      const onPlaying = (): void => {
        this.#video.hidden = false;
      };
      const wanted = { streamId: this.#streamId, size: 'small' as const };
      playLive(this.#api, wanted, this.#video, { onProblem: () => resolve(), onPlaying }, signal).then(
        (playing) => {
          if (over.signal.aborted) playing.end();
          else playback = playing;
        },
        () => resolve(),
      );
    });
    over.abort();
    playback?.end();
  }
}
