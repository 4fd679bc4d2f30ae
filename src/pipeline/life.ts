import { type Camera, openCamera, type SamplingDemand } from '#camera';
import type { CameraPhase, CameraStatus, Extraction, Frame, SceneIndex, Stream } from '#domain';
import { Observer } from '#inference';
import { allOrAbort, Channel, type Log, messageOf, retryDelays } from '#runtime';
import { keep } from './keep.ts';
import { see } from './see.ts';
import type { PipelineDeps } from './supervisor.ts';

const RECONNECT = { firstMs: 1000, capMs: 60_000 };
/** Frames an index may lag behind before the oldest are dropped: more than any window needs, less than matters in memory. */
const FRAMES_WAITING = 32;
const STALLED_AFTER_MS = 15_000;
/** As near to a cut as cutting a shot needs; cameras' keyframes are seldom further apart. */
const SHOT_FRAME_EVERY_MS = 2000;

interface Viewer {
  index: SceneIndex;
  frames: Channel<Frame>;
  ended: Promise<void>;
}

/**
 * One wanted camera from the moment it is wanted until it no longer is: connect, run, fail, wait, connect again.
 * Viewers (one per running index) come and go without touching the recording; their observers outlive reconnects, so
 * that a person who is still there afterwards is not a new one.
 */
export class Life implements AsyncDisposable {
  readonly deps: PipelineDeps;
  readonly log: Log;
  stream: Stream;
  latestFrame: Frame | undefined;
  #phase: CameraPhase = 'connecting';
  #sinceMs: number;
  #lastError: string | undefined;
  #nextTryMs: number | undefined;
  #restarts = -1;
  #windowsDropped = 0;
  #gapReason = 'the appliance was not running';
  #delays = retryDelays(RECONNECT);
  #camera: Camera | undefined;
  #viewers = new Map<string, Viewer>();
  #observers = new Map<string, Observer>();
  #stop = new AbortController();
  #ended: Promise<void>;

  constructor(stream: Stream, deps: PipelineDeps) {
    this.stream = stream;
    this.deps = deps;
    this.log = deps.log.child({ camera: stream.name });
    this.#sinceMs = deps.clock.nowMs();
    this.#ended = this.#run(this.#stop.signal);
  }

  /** Takes over changes of the stream's zones and of its indexes; the recording goes on. */
  update(stream: Stream): void {
    this.stream = stream;
    this.#refreshViewers();
  }

  goodMedia(): void {
    this.#delays = retryDelays(RECONNECT);
    this.#lastError = undefined;
    this.#gapReason = 'the camera sent nothing';
  }

  windowDropped(): void {
    this.#windowsDropped += 1;
  }

  takeGapReason(): string {
    return this.#gapReason;
  }

  status(): CameraStatus {
    const live = this.#camera?.status();
    return {
      streamId: this.stream.id,
      phase: this.#stalled(live) ? 'stalled' : this.#phase,
      sinceMs: this.#sinceMs,
      restarts: Math.max(0, this.#restarts),
      fpsSeen: 0,
      framesSeen: 0,
      framesDropped: 0,
      segmentsWritten: 0,
      bytesWritten: 0,
      notes: [],
      ...live,
      windowsDropped: this.#windowsDropped,
      ...(this.#camera ? { facts: this.#camera.facts } : {}),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(this.#nextTryMs === undefined ? {} : { nextTryMs: this.#nextTryMs }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#connectAndRun(signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#lastError = messageOf(error);
        this.#gapReason = this.#lastError;
        const delayMs = this.#delays.next().value;
        this.log.warn({ error: this.#lastError, retryInMs: delayMs }, 'camera lost');
        this.#nextTryMs = this.deps.clock.nowMs() + delayMs;
        this.#enter('waiting');
        await this.deps.clock.sleep(delayMs, signal).catch(() => undefined);
        this.#nextTryMs = undefined;
      }
    }
    this.#enter('stopped');
  }

  async #connectAndRun(signal: AbortSignal): Promise<void> {
    this.#enter('connecting');
    this.#restarts += 1;
    const { camera: options } = this.deps;
    const camera = await openCamera(this.stream, this.#demand(), { ...options, log: this.log }, signal);
    this.#camera = camera;
    this.#enter('recording');
    this.log.info({ ...camera.facts }, 'camera connected');
    try {
      this.#refreshViewers();
      await allOrAbort(signal, [
        () => keep(camera.segments, this),
        () => this.#look(camera.frames),
        (stop) => attend(camera, stop),
      ]);
    } finally {
      this.#camera = undefined;
      await this.#dismissViewers();
    }
  }

  /** Hands every frame to all viewers; a slow one loses its own oldest frames only. */
  async #look(frames: AsyncIterable<Frame>): Promise<void> {
    for await (const frame of frames) {
      this.latestFrame = frame;
      for (const viewer of this.#viewers.values()) viewer.frames.push(frame);
    }
  }

  #refreshViewers(): void {
    if (!this.#camera) return;
    const wanted = this.deps.store.indexes
      .listRunning(this.stream.id)
      .filter(({ extraction }) => extraction.type !== 'transcript');
    for (const [id, viewer] of this.#viewers) {
      if (wanted.some((index) => index.id === id)) continue;
      viewer.frames.end();
      this.#viewers.delete(id);
    }
    for (const index of wanted) if (!this.#viewers.has(index.id)) this.#startViewer(index);
    this.#camera.setDemand(this.#demand());
  }

  #startViewer(index: SceneIndex): void {
    const frames = new Channel<Frame>(FRAMES_WAITING);
    const observer = this.#observers.get(index.id) ?? new Observer(index, this.deps.inference);
    this.#observers.set(index.id, observer);
    const ended = see(frames, index, observer, this, this.#stop.signal).catch((error: unknown) => {
      this.log.error({ index: index.id, error: messageOf(error) }, 'index stopped by a fault');
    });
    this.#viewers.set(index.id, { index, frames, ended });
  }

  async #dismissViewers(): Promise<void> {
    const leaving = [...this.#viewers.values()];
    this.#viewers.clear();
    for (const viewer of leaving) viewer.frames.end();
    await Promise.all(leaving.map((viewer) => viewer.ended));
  }

  #demand(): SamplingDemand {
    const running = this.deps.store.indexes.listRunning(this.stream.id);
    return { everyMs: Math.min(...running.map(({ extraction }) => frameEveryMs(extraction))) };
  }

  #stalled(live: ReturnType<Camera['status']> | undefined): boolean {
    const lastMs = Math.max(live?.lastFrameMs ?? 0, live?.lastSegmentEndMs ?? 0, this.#sinceMs);
    return this.#phase === 'recording' && this.deps.clock.nowMs() - lastMs > STALLED_AFTER_MS;
  }

  #enter(phase: CameraPhase): void {
    this.#phase = phase;
    this.#sinceMs = this.deps.clock.nowMs();
  }
}

/** How far apart the index may have its frames; Infinity when it looks at none. */
function frameEveryMs(extraction: Extraction): number {
  if (extraction.type === 'time') return (extraction.seconds * 1000) / extraction.frameCount;
  return extraction.type === 'shot' ? SHOT_FRAME_EVERY_MS : Infinity;
}

/**
 * Waits until the camera ends by itself or is told to stop, then closes it: its last segment is finished and the
 * streams end, on which the other branches end too. Throws the reason when it wasn't told to.
 */
async function attend(camera: Camera, signal: AbortSignal): Promise<void> {
  const told = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const reason = await Promise.race([camera.ended, told]);
  await camera[Symbol.asyncDispose]();
  if (reason) throw reason;
}
