import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeImage, type Eyes, embedText, patient, TEXT_EMBEDDING } from '#inference';
import { type Clock, type Log, messageOf, retryDelays } from '#runtime';
import type { Outdated, Store } from '#store';

export interface RenewerDeps {
  store: Pick<Store, 'renewal'>;
  thumbsDir: string;
  eyes: Eyes;
  clock: Clock;
  log: Log;
}

/** Whether another model has come is looked at so often. */
const LOOK_MS = 60_000;
/** After each stretch everything else has the box to itself: for so long, or longer where there was something to do. */
const REST_MS = 20;
const LONG_REST_MS = 200;
const RETRY = { firstMs: 1000, capMs: 60_000 };

type Made = { scene: Outdated; vector: Float32Array };

/**
 * When the model that makes vectors has changed, or has come for the first time, older scenes get vectors of it, too, the
 * newest first: of their texts, and of their thumbnails while these are there. It takes half of what is idle at most, its
 * questions come after all others, and after a crash it goes on where it was. Until its turn comes a scene is found by its
 * words as ever.
 */
export class Renewer implements AsyncDisposable {
  readonly #deps: RenewerDeps;
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  private constructor(deps: RenewerDeps) {
    this.#deps = deps;
  }

  static start(deps: RenewerDeps, signal: AbortSignal): Renewer {
    const renewer = new Renewer(deps);
    renewer.#ended = renewer.#run(AbortSignal.any([signal, renewer.#stop.signal]));
    return renewer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    let delays = retryDelays(RETRY);
    while (!signal.aborted) {
      let waitMs = LOOK_MS;
      try {
        await this.#texts(signal);
        await this.#pictures(signal);
        delays = retryDelays(RETRY);
      } catch (error) {
        if (signal.aborted) return;
        waitMs = delays.next().value;
        log.error({ error: messageOf(error) }, 'renewing vectors stopped; trying again');
      }
      await clock.sleep(waitMs, signal).catch(() => undefined); // It only rejects when aborted.
    }
  }

  async #texts(signal: AbortSignal): Promise<void> {
    await this.#each('vectors', TEXT_EMBEDDING.model, signal, async (scenes) =>
      scenes.map((scene) => ({ scene, vector: embedText(scene.text) })),
    );
  }

  async #pictures(signal: AbortSignal): Promise<void> {
    const { eyes, clock } = this.#deps;
    const model = eyes.has('image-text') ? eyes.status().packs['image-text'] : undefined;
    if (model === undefined) return;
    await this.#each('pictures', model, signal, async (scenes) => {
      const made: Made[] = [];
      for (const scene of scenes) {
        const beganMs = clock.monotonicMs();
        const vector = await this.#look(scene, signal);
        if (vector === 'away' || eyes.status().packs['image-text'] !== model) return undefined;
        if (vector) made.push({ scene, vector });
        await clock.sleep(clock.monotonicMs() - beganMs, signal);
      }
      return made;
    });
  }

  /** `make` answers undefined when the model is away: it is tried again later. */
  async #each(
    kind: 'vectors' | 'pictures',
    model: string,
    signal: AbortSignal,
    make: (scenes: readonly Outdated[]) => Promise<Made[] | undefined>,
  ): Promise<void> {
    const { store, clock, log } = this.#deps;
    let renewed = 0;
    for (let scenes = store.renewal.next(kind, model); scenes; scenes = store.renewal.next(kind, model)) {
      const made = await make(scenes);
      if (!made) return;
      signal.throwIfAborted();
      store.renewal.store(kind, model, made);
      renewed += made.length;
      await clock.sleep(made.length > 0 ? LONG_REST_MS : REST_MS, signal);
    }
    if (renewed > 0) log.info({ kind, model, scenes: renewed }, 'older scenes have vectors of the new model');
  }

  /** Undefined when its thumbnail is gone, or the model can't look at it. */
  async #look(
    { streamId, startMs, thumbPath }: Outdated,
    signal: AbortSignal,
  ): Promise<Float32Array | 'away' | undefined> {
    const { eyes, clock, thumbsDir } = this.#deps;
    if (thumbPath === undefined) return undefined;
    const picture = await readFile(join(thumbsDir, thumbPath))
      .then((bytes) => decodeImage(bytes, startMs))
      .catch(() => undefined);
    if (!picture) return undefined;
    const about = { streamId: `${streamId} renewal`, priority: 'backfill' } as const;
    const answer = await patient(eyes, clock).ask('image-text', { picture, texts: [] }, about, signal);
    return typeof answer === 'string' ? 'away' : answer.picture;
  }
}
