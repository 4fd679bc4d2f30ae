import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { recordedFrames } from '#camera';
import type { Backfill, Frame, SceneIndex, Window } from '#domain';
import { type Eyes, needsFineFrames, type Observation, Observer, patient, wantedOf } from '#inference';
import { planFor } from '#prompts';
import { type Clock, isFault, type Log } from '#runtime';
import type { SegmentRow, Store } from '#store';
import { runsOf } from './runs.ts';
import { continues, sceneOf, storeThumbnail } from './scene.ts';
import { frameEveryMs, windowsOf } from './windows.ts';

export interface BackfillDeps {
  store: Store;
  mediaDir: string;
  thumbsDir: string;
  eyes: Eyes;
  clock: Clock;
  log: Log;
}

/** Recordings are read in stretches of this length: what retention takes away meanwhile is noticed. */
const STRETCH_MS = 900_000;
/** Keyframes this much further apart than wanted still do. */
const TOLERANCE = 1.1;

/** A scene that may go on with the next window. */
interface Open {
  observation: Observation;
  window: Window;
  endMs: number;
}

/** One back-fill from where it had come to its end. */
export class Stretch {
  readonly #deps: BackfillDeps;
  readonly #backfill: Backfill;
  #index: SceneIndex;
  readonly #observer: Observer;
  #open: Open | undefined;
  #unreadable = 0;

  constructor(backfill: Backfill, index: SceneIndex, deps: BackfillDeps) {
    this.#deps = deps;
    this.#backfill = backfill;
    this.#index = index;
    // Apart from the live windows of the same stream, of which the newest win.
    const task = { ...index, streamId: `${index.streamId} backfill` };
    this.#observer = new Observer(task, patient(deps.eyes, deps.clock));
  }

  get message(): string | undefined {
    if (this.#unreadable === 0) return undefined;
    const what = this.#unreadable === 1 ? 'a stretch' : `${this.#unreadable} stretches`;
    return `${what} of the recording can not be read`;
  }

  /** False when nobody wants it any more. Rejects when `signal` aborts, or the database can't be written. */
  async describe(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#deps;
    const { streamId, extraction } = this.#index;
    let begunMs = clock.monotonicMs();
    for await (const cut of windowsOf(this.#frames(signal), streamId, extraction)) {
      signal.throwIfAborted();
      if (!this.isWanted()) return false;
      this.#heed();
      const zones = this.#deps.store.streams.get(streamId)?.zones ?? [];
      await this.#describe({ ...cut, zones }, signal);
      await clock.sleep(clock.monotonicMs() - begunMs, signal); // As long as it worked.
      begunMs = clock.monotonicMs();
    }
    signal.throwIfAborted();
    if (!this.isWanted()) return false;
    await this.#close();
    return this.isWanted();
  }

  /** Nothing else has been asked of the index meanwhile, nor the end of this. */
  isWanted(): boolean {
    const now = this.#deps.store.backfills.get(this.#index.id);
    const { fromMs, toMs, createdMs } = this.#backfill;
    if (now?.fromMs !== fromMs || now.toMs !== toMs || now.createdMs !== createdMs) return false;
    return now.status === 'waiting' || now.status === 'running';
  }

  /** A prompt that was changed counts from the next window on. */
  #heed(): void {
    const { id, prompt, modelName } = this.#index;
    const now = this.#deps.store.indexes.get(id);
    if (!now || (now.prompt === prompt && now.modelName === modelName)) return;
    this.#index = now;
    this.#observer.heed(now);
  }

  async #describe(window: Window, signal: AbortSignal): Promise<void> {
    if (this.#isKnown(window)) return this.#close();
    const observation = await this.#observer.observe(window, 'backfill', signal);
    if (observation === 'dropped') return;
    const open = this.#open;
    if (open && !observation.changed && continues({ ...open.window, ...open, facts: open.observation.facts }, window)) {
      this.#open = { ...open, endMs: window.endMs };
      return;
    }
    await this.#close();
    this.#open = { observation, window, endMs: window.endMs };
  }

  /** Somebody has described it already: the index when it ran, or this before a crash. */
  #isKnown({ startMs, endMs }: Window): boolean {
    const { scenes } = this.#deps.store;
    return scenes.page(this.#index.id, { startMs, endMs, page: 1, pageSize: 1 }).scenes.length > 0;
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    const { observation, window, endMs } = this.#open;
    this.#open = undefined;
    const { store } = this.#deps;
    const thumbPath = await storeThumbnail(observation, window, this.#index, this.#deps);
    try {
      store.scenes.addPast(...sceneOf(observation, { ...window, endMs }, this.#index, thumbPath));
    } catch (error) {
      if (thumbPath) await rm(join(this.#deps.thumbsDir, thumbPath), { force: true });
      if (isFault(error, 'not_found')) return; // The index has been deleted.
      throw error;
    }
    if (this.isWanted()) store.backfills.reach(this.#index.id, endMs);
  }

  /** All frames from where it had come to its end, whatever gaps there are. */
  async *#frames(signal: AbortSignal): AsyncGenerator<Frame, void> {
    const { reachedMs, toMs } = this.#backfill;
    const { segments } = this.#deps.store;
    for (let atMs = reachedMs; atMs < toMs; atMs += STRETCH_MS) {
      const untilMs = Math.min(atMs + STRETCH_MS, toMs);
      const there = segments.inRange(this.#index.streamId, atMs, untilMs);
      // What reaches into a stretch was read with the one before.
      const own = there.filter(({ startMs }) => atMs === reachedMs || startMs >= atMs);
      for (const run of runsOf(own)) {
        for await (const frame of this.#framesOf(run, signal)) {
          if (frame.atMs >= reachedMs && frame.atMs < toMs) yield frame;
        }
      }
    }
  }

  async *#framesOf(run: readonly SegmentRow[], signal: AbortSignal): AsyncGenerator<Frame, void> {
    const [first] = run;
    if (!first || first.session.width === 0) return; // Sound only: there is nothing to see.
    const { mediaDir, log, eyes } = this.#deps;
    const { width, height, initPath } = first.session;
    const files = [initPath, ...run.map(({ path }) => path)].map((path) => join(mediaDir, path));
    const { prompt, modelName } = this.#index;
    const fine = needsFineFrames(wantedOf(planFor(prompt), modelName), eyes);
    try {
      for await (const frame of recordedFrames({ files, width, height, every: this.#every(run), fine }, signal)) {
        yield { ...frame, atMs: frame.atMs + first.startMs };
      }
    } catch (error) {
      if (!isFault(error, 'refused')) throw error;
      this.#unreadable += 1;
      log.warn({ index: this.#index.id, error: error.message }, 'a stretch of the recording was passed over');
    }
  }

  /** Segments begin with keyframes: where they are short enough, those suffice, at a tenth of the cost. */
  #every(run: readonly SegmentRow[]): number | 'keyframes' {
    const wantedMs = frameEveryMs(this.#index.extraction);
    const longestMs = Math.max(...run.map(({ startMs, endMs }) => endMs - startMs));
    return longestMs <= wantedMs * TOLERANCE ? 'keyframes' : wantedMs;
  }
}
