import type { SamplingDemand } from '#camera';
import type { Frame, SceneIndex } from '#domain';
import type { Heard } from '#hearing';
import { Gallery, type Inference, needsFineFrames, Observer, wantedOf } from '#inference';
import { planFor } from '#prompts';
import { Channel, type Clock, messageOf } from '#runtime';
import { type Outlook, type Sight, see } from './see.ts';
import { SoundSight } from './sound-sight.ts';
import { frameEveryMs } from './windows.ts';

/** Frames an index may lag behind before the oldest are dropped: more than any window needs, less than matters in memory. */
const FRAMES_WAITING = { usual: 32, fine: 8 };
/** What was seen last is still described when the camera is no longer wanted, for so long at most. */
const GRACE_MS = 2000;

export interface ViewersDeps extends Omit<Outlook, 'windowDropped' | 'frameDropped'> {
  inference: Inference;
  clock: Clock;
  /** What the camera hears; absent where nobody listens. */
  heard?: Pick<Heard, 'between' | 'n' | 'untilMs'> | undefined;
}

/** One index's eye; it outlives reconnects and pauses, so that a person who is still there afterwards is not a new one. */
interface Eye {
  readonly sight: Sight;
  /** What it is shown; absent while the camera is away or the index stopped. */
  frames?: Channel<Frame> | undefined;
  /** Aborts when the index is stopped. */
  stop: AbortController;
  /** When nobody looks through it any more: windows must come one at a time. */
  free: Promise<void>;
  /** What it was told to look for. */
  task: Pick<SceneIndex, 'prompt' | 'modelName'>;
}

/**
 * Who looks at one camera's frames: one eye per running index over pictures. They come and go without touching the
 * recording. A slow one loses its own oldest frames only; one whose index was stopped stores nothing from then on. When
 * the database can't be asked, those who look go on looking.
 */
export class Viewers implements AsyncDisposable {
  readonly #streamId: string;
  readonly #deps: ViewersDeps;
  readonly #eyes = new Map<string, Eye>();
  /** Who was seen on this stream; all its indexes know the same people. */
  readonly #gallery = new Gallery();
  readonly #stop = new AbortController();
  #running: readonly SceneIndex[] = [];
  #isThere = false;
  #framesDropped = 0;
  readonly #frameDropped = () => {
    this.#framesDropped += 1;
  };
  #windowsDropped = 0;

  constructor(streamId: string, deps: ViewersDeps) {
    this.#streamId = streamId;
    this.#deps = deps;
    this.refresh();
  }

  get framesDropped(): number {
    return this.#framesDropped;
  }

  get windowsDropped(): number {
    return this.#windowsDropped;
  }

  /** To be called after every change of indexes. */
  refresh(): void {
    try {
      this.#running = this.#deps.store.indexes.listRunning(this.#streamId);
    } catch (error) {
      this.#deps.log.error({ error: messageOf(error) }, 'indexes could not be read; those that run go on');
    }
    const wanted = this.#running.filter(({ extraction }) => extraction.type !== 'transcript');
    for (const [id, eye] of this.#eyes) if (!wanted.some((index) => index.id === id)) this.#close(id, eye);
    for (const index of wanted) heed(this.#eyes.get(index.id), index);
    if (this.#isThere) for (const index of wanted) this.#open(index);
  }

  /** How often the running indexes want a frame, and how large. */
  demand(): SamplingDemand {
    const everyMs = Math.min(...this.#running.map(({ extraction }) => frameEveryMs(extraction)));
    return { everyMs, ...(this.#running.some((index) => this.#wantsFine(index)) ? { fine: true } : {}) };
  }

  /** The camera is there. */
  come(): void {
    this.#isThere = true;
    this.refresh();
  }

  show(frame: Frame): void {
    if (this.#eyes.size > 0) this.#deps.inference.prepare();
    for (const { frames } of this.#eyes.values()) frames?.push(frame);
  }

  /** The camera is gone: what was shown last is described in the background. */
  leave(): void {
    this.#isThere = false;
    for (const eye of this.#eyes.values()) shut(eye);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.leave();
    const done = new AbortController();
    const grace = this.#deps.clock.sleep(GRACE_MS, done.signal).then(
      () => this.#stop.abort(),
      () => undefined, // Cut short.
    );
    await Promise.all([...this.#eyes.values()].map(({ free }) => free));
    done.abort();
    await grace;
  }

  #open(index: SceneIndex): void {
    const eye = this.#eyes.get(index.id) ?? this.#newEye(index);
    if (eye.frames) return;
    const most = this.demand().fine ? FRAMES_WAITING.fine : FRAMES_WAITING.usual;
    const frames = new Channel<Frame>(most, this.#frameDropped);
    eye.frames = frames;
    if (eye.stop.signal.aborted) eye.stop = new AbortController();
    const { sight, stop } = eye;
    eye.free = eye.free.then(() => this.#look(frames, index, sight, stop));
  }

  #wantsFine({ extraction, prompt, modelName }: SceneIndex): boolean {
    if (extraction.type === 'transcript') return false;
    return needsFineFrames(wantedOf(planFor(prompt), modelName), this.#deps.inference);
  }

  #newEye(index: SceneIndex): Eye {
    const sight = {
      observer: new Observer(index, this.#deps.inference, this.#gallery),
      sounds: new SoundSight(this.#deps.heard),
      sceneId: undefined,
    };
    const { prompt, modelName } = index;
    const eye = { sight, stop: new AbortController(), free: Promise.resolve(), task: { prompt, modelName } };
    this.#eyes.set(index.id, eye);
    return eye;
  }

  /** A stopped index may be started again and then remembers; one that was deleted is forgotten. */
  #close(id: string, eye: Eye): void {
    eye.stop.abort();
    shut(eye);
    void eye.free.then(() => {
      if (!this.#exists(id)) this.#eyes.delete(id);
    });
  }

  #exists(id: string): boolean {
    try {
      return this.#deps.store.indexes.get(id) !== undefined;
    } catch {
      return true; // Not now: it is asked again at the next change.
    }
  }

  /** Never rejects. */
  async #look(frames: Channel<Frame>, index: SceneIndex, sight: Sight, stop: AbortController): Promise<void> {
    const end = () => stop.abort();
    this.#stop.signal.addEventListener('abort', end, { once: true });
    if (this.#stop.signal.aborted) end();
    const windowDropped = () => {
      this.#windowsDropped += 1;
    };
    try {
      await see(frames, index, sight, { ...this.#deps, windowDropped, frameDropped: this.#frameDropped }, stop.signal);
    } catch (error) {
      this.#deps.log.error({ index: index.id, error: messageOf(error) }, 'index stopped by a fault');
    } finally {
      this.#stop.signal.removeEventListener('abort', end);
    }
  }
}

/** A prompt that was changed counts from the next window on. */
function heed(eye: Eye | undefined, { prompt, modelName }: SceneIndex): void {
  if (!eye || (eye.task.prompt === prompt && eye.task.modelName === modelName)) return;
  eye.task = { prompt, modelName };
  eye.sight.observer.heed(eye.task);
}

function shut(eye: Eye): void {
  eye.frames?.end();
  eye.frames = undefined;
}
