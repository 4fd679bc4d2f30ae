/** Asks for the hours of those cameras of other boxes that can be seen, many at a time, and only while somebody looks. */
import type { Api } from '../api.ts';
import type { TimelineJson } from '../wire.ts';
import type { SentCamera } from './sent-camera.ts';

const REFRESH_EVERY_MS = 20_000;
/** A page that scrolls past them wants none of them. */
const SETTLES_MS = 200;
const AT_ONCE = 16;
const HOUR_S = 3600;

export class SentTimelines {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #cameras = new Map<Element, SentCamera>();
  readonly #dueMs = new Map<SentCamera, number>();
  readonly #watcher: IntersectionObserver;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    this.#watcher = new IntersectionObserver((entries) => this.#seen(entries));
    signal.addEventListener('abort', () => {
      this.#watcher.disconnect();
      clearTimeout(this.#timer);
    });
  }

  watch(camera: SentCamera): void {
    this.#cameras.set(camera.timeline.element, camera);
    this.#watcher.observe(camera.timeline.element);
  }

  forget(camera: SentCamera): void {
    this.#cameras.delete(camera.timeline.element);
    this.#dueMs.delete(camera);
    this.#watcher.unobserve(camera.timeline.element);
  }

  /** Something has come of it. */
  isStale(camera: SentCamera): void {
    if (this.#dueMs.has(camera)) this.#dueMs.set(camera, performance.now());
  }

  /** To be called every so often. What can't be asked for now stays as it was. */
  tick(): void {
    if (this.#busy || document.hidden) return;
    const now = performance.now();
    const due = [...this.#dueMs].flatMap(([camera, dueMs]) => (dueMs <= now ? [camera] : []));
    if (due.length > 0) void this.#load(due);
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const camera = this.#cameras.get(target);
      if (camera && isIntersecting) this.#dueMs.set(camera, performance.now());
      else if (camera) this.#dueMs.delete(camera);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.tick(), SETTLES_MS);
  }

  async #load(due: readonly SentCamera[]): Promise<void> {
    this.#busy = true;
    for (const [end, cameras] of byEnd(due)) {
      for (let from = 0; from < cameras.length; from += AT_ONCE) {
        await this.#ask(cameras.slice(from, from + AT_ONCE), end).catch(() => undefined);
      }
    }
    this.#busy = false;
  }

  async #ask(cameras: readonly SentCamera[], end: number): Promise<void> {
    for (const camera of cameras) {
      if (this.#dueMs.has(camera)) this.#dueMs.set(camera, performance.now() + REFRESH_EVERY_MS);
    }
    const query = { streams: cameras.map(({ id }) => id).join(','), start: end - HOUR_S, end };
    const { timelines } = await this.#api.get<{ timelines: Record<string, TimelineJson> }>(
      '/v1/timelines',
      query,
      this.#signal,
    );
    for (const camera of cameras) {
      const timeline = timelines[camera.id];
      if (timeline) camera.showTimeline(timeline);
    }
  }
}

/** Those of boxes that are there end alike. */
function byEnd(cameras: readonly SentCamera[]): Map<number, SentCamera[]> {
  const found = new Map<number, SentCamera[]>();
  for (const camera of cameras) found.set(camera.timelineEnd, [...(found.get(camera.timelineEnd) ?? []), camera]);
  return found;
}
