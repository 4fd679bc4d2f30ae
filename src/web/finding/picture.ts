/**
 * The latest picture of one camera. Asks for a new one only while it can be seen, at most every two seconds, and one
 * at a time; a picture that does not come leaves the last one standing.
 */
import type { Api } from '../api.ts';

const EVERY_MS = 2000;

export class LivePicture {
  readonly #api: Api;
  readonly #path: string;
  readonly #image: HTMLImageElement;
  readonly #onState: (has: boolean) => void;
  readonly #watcher: IntersectionObserver;
  readonly #gone = new AbortController();
  #visible = false;
  #wanted = false;
  #busy = false;
  #lastMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onState` is told whether there is a picture at all. */
  constructor(api: Api, streamId: string, image: HTMLImageElement, onState: (has: boolean) => void) {
    this.#api = api;
    this.#path = `/v1/streams/${encodeURIComponent(streamId)}/latest.jpg`;
    this.#image = image;
    this.#onState = onState;
    this.#watcher = new IntersectionObserver((entries) => {
      this.#visible = entries.some((entry) => entry.isIntersecting);
      this.#pump();
    });
    this.#watcher.observe(image.parentElement ?? image);
    document.addEventListener('visibilitychange', () => this.#pump(), { signal: this.#gone.signal });
  }

  /** There may be something new to see. */
  refresh(): void {
    this.#wanted = true;
    this.#pump();
  }

  end(): void {
    this.#gone.abort();
    this.#watcher.disconnect();
    clearTimeout(this.#timer);
    URL.revokeObjectURL(this.#image.src);
  }

  #pump(): void {
    if (!this.#wanted || !this.#visible || this.#busy || document.hidden || this.#gone.signal.aborted) return;
    clearTimeout(this.#timer);
    const wait = this.#lastMs + EVERY_MS - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#pump(), wait);
    else void this.#load();
  }

  async #load(): Promise<void> {
    this.#busy = true;
    this.#wanted = false;
    this.#lastMs = performance.now();
    try {
      const response = await this.#api.fetch(this.#path, { signal: this.#gone.signal, cache: 'no-cache' });
      if (response.ok) await this.#show(await response.blob());
      else this.#onState(this.#image.hasAttribute('src'));
    } catch {
      this.#onState(this.#image.hasAttribute('src'));
    } finally {
      this.#busy = false;
      this.#pump();
    }
  }

  async #show(blob: Blob): Promise<void> {
    const before = this.#image.src;
    const url = URL.createObjectURL(blob);
    const next = new Image();
    next.src = url;
    await next.decode();
    this.#image.src = url;
    if (before) URL.revokeObjectURL(before);
    this.#onState(true);
  }
}
