import { type Camera, openCamera, type SamplingDemand } from '#camera';
import type { CameraPhase, CameraStatus, Frame, PcmChunk, Stream } from '#domain';
import { Heard } from '#hearing';
import { allOrAbort, type Log, messageOf, retryDelays } from '#runtime';
import { Ear, hear } from './hear.ts';
import { keep } from './keep.ts';
import { type Pushed, pushedOf } from './pushed.ts';
import { Strain } from './strain.ts';
import type { PipelineDeps } from './supervisor.ts';
import { Viewers } from './viewers.ts';

const RECONNECT = { firstMs: 1000, capMs: 60_000 };
const STALLED_AFTER_MS = 15_000;
/** Its own watchdogs end whatever is silent long before. */
const HANGS_AFTER_MS = 300_000;
/** Far beyond what the camera's own watchdog allows between two segments. */
const HANGS_AFTER_KEYFRAMES = 10;
/** What was said last is still written to the disk when the camera is gone, for so long at most. */
const EAR_GRACE_MS = 3000;

/** One wanted camera from the moment it is wanted until it no longer is: connect, run, fail, wait, connect again. */
export class Life implements AsyncDisposable {
  readonly deps: PipelineDeps;
  readonly log: Log;
  stream: Stream;
  latestFrame: Frame | undefined;
  /** Finished recordings that the database hasn't taken yet. */
  unentered = 0;
  #phase: CameraPhase = 'connecting';
  #sinceMs: number;
  #movedMs: number;
  /** Behind other cameras, or until recordings have a place again: that may take as long as it likes. */
  #queues = false;
  #lastError: string | undefined;
  #nextTryMs: number | undefined;
  #restarts = -1;
  #gapReason = 'the appliance was not running';
  #delays = retryDelays(RECONNECT);
  #camera: Camera | undefined;
  readonly #strain = new Strain();
  #viewers: Viewers;
  readonly #heard = new Heard();
  #ear: Ear | undefined;
  readonly #pushed: Pushed | undefined;
  #stop = new AbortController();
  #ended: Promise<void>;

  constructor(stream: Stream, deps: PipelineDeps) {
    this.stream = stream;
    this.deps = deps;
    this.log = deps.log.child({ camera: stream.name });
    this.#sinceMs = deps.clock.nowMs();
    this.#movedMs = deps.clock.monotonicMs();
    this.#ear = this.#newEar();
    this.#pushed = pushedOf(stream, deps);
    const zones = () => this.stream.zones;
    this.#viewers = new Viewers(stream.id, { ...deps, log: this.log, zones, heard: this.#heard });
    this.#ended = this.#run(this.#stop.signal);
  }

  /** Takes over changes of the stream's zones, its indexes, its substream and its sound; the recording goes on. */
  update(stream: Stream): void {
    this.stream = stream;
    this.#viewers.refresh();
    this.#camera?.setSubstream(stream.substreamUrl);
    this.#camera?.setDemand(this.#demand());
  }

  goodMedia(): void {
    this.#delays = retryDelays(RECONNECT);
    this.#lastError = undefined;
    this.#gapReason = 'the camera sent nothing';
  }

  /** A segment has come, or what it does has changed. */
  moved(): void {
    this.#movedMs = this.deps.clock.monotonicMs();
  }

  /** For how long it hasn't moved, when no camera explains that: it hangs, and nothing here will end that. */
  hangsForMs(): number | undefined {
    if (this.#queues || this.#phase === 'stopped') return undefined;
    const forMs = this.deps.clock.monotonicMs() - this.#movedMs;
    const keyframesMs = (this.#camera?.facts.keyframeIntervalS ?? 0) * 1000;
    return forMs > Math.max(HANGS_AFTER_MS, HANGS_AFTER_KEYFRAMES * keyframesMs) ? forMs : undefined;
  }

  /** To be called every few seconds: looks whether the camera gets less than is asked for. */
  weigh(): void {
    const { clock } = this.deps;
    const asked = { everyMs: this.#demand().everyMs, unentered: this.unentered };
    this.#strain.note(this.status(), asked, { monotonicMs: clock.monotonicMs(), nowMs: clock.nowMs() });
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
      segmentsWritten: 0,
      bytesWritten: 0,
      notes: [],
      degraded: this.#strain.degraded,
      ...live,
      framesDropped: (live?.framesDropped ?? 0) + this.#viewers.framesDropped,
      windowsDropped: this.#viewers.windowsDropped,
      ...(this.#camera ? { facts: this.#camera.facts } : {}),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(this.#nextTryMs === undefined ? {} : { nextTryMs: this.#nextTryMs }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#pushed?.[Symbol.dispose]();
    await this.#ended;
    await this.#viewers[Symbol.asyncDispose]();
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
        await this.#pause(delayMs, signal);
        this.#nextTryMs = undefined;
      }
    }
    this.#enter('stopped');
  }

  async #connectAndRun(signal: AbortSignal): Promise<void> {
    const source = this.#pushed ? await this.#sent(this.#pushed, signal) : this.stream;
    this.#enter('connecting');
    this.#restarts += 1;
    const options = { ...this.deps.camera, spawnGate: { enter: () => this.#turn(signal) }, log: this.log };
    const camera = await openCamera(source, this.#demand(), options, signal);
    this.#camera = camera;
    this.#enter('recording');
    this.log.info({ ...camera.facts }, 'camera connected');
    try {
      this.#viewers.come();
      camera.setSubstream(this.stream.substreamUrl);
      camera.setDemand(this.#demand()); // They may have changed while the camera was being connected.
      await allOrAbort(signal, [
        () => keep(camera.segments, this),
        () => this.#look(camera.frames),
        (stop) => this.#listen(camera.audio, stop),
        (stop) => attend(camera, stop),
      ]);
    } finally {
      this.#camera = undefined;
      this.#viewers.leave();
    }
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#pushed) await this.deps.clock.sleep(delayMs, signal).catch(() => undefined);
    else if (await this.#pushed.pause(delayMs, signal)) this.#delays = retryDelays(RECONNECT);
  }

  /** Waits until somebody sends the stream: that may take as long as it likes. */
  async #sent(pushed: Pushed, signal: AbortSignal): Promise<Stream> {
    if (pushed.waitsFor !== undefined) {
      this.#lastError = pushed.waitsFor;
      if (this.#restarts >= 0) this.#gapReason = 'nobody sent it';
      this.#enter('waiting');
    }
    this.#queues = true;
    try {
      return await pushed.sent(this.stream, signal);
    } finally {
      this.#queues = false;
      this.moved();
    }
  }

  /** Waits until recordings have a place, and until fewer others are connecting. */
  async #turn(signal: AbortSignal): Promise<Disposable> {
    this.#queues = true;
    try {
      await this.deps.demandPlace?.();
      return await this.deps.camera.spawnGate.enter(signal);
    } finally {
      this.#queues = false;
      this.moved();
    }
  }

  #demand(): SamplingDemand {
    return { ...this.#viewers.demand(), ...(this.stream.recording.audio ? {} : { silent: true }) };
  }

  async #look(frames: AsyncIterable<Frame>): Promise<void> {
    for await (const frame of frames) {
      this.latestFrame = frame;
      this.#viewers.show(frame);
    }
  }

  #newEar(): Ear | undefined {
    const { hearing } = this.deps;
    return hearing && new Ear(() => this.stream, { ...this.deps, ...hearing, log: this.log }, this.#heard);
  }

  /** An ear that doesn't come to its end with the camera is left behind: nothing that hangs may hold up the recording. */
  async #listen(audio: AsyncIterable<PcmChunk>, stop: AbortSignal): Promise<void> {
    if (!this.#ear) return;
    const done = new AbortController();
    const hangs = aborted(stop)
      .then(() => this.deps.clock.sleep(EAR_GRACE_MS, done.signal))
      .then(
        () => true,
        () => false, // Cut short: it is done.
      );
    const isLate = await Promise.race([hear(audio, this.#ear, stop).then(() => false), hangs]);
    done.abort();
    if (!isLate) return;
    this.log.error('hearing hangs; another ear takes over');
    this.#ear = this.#newEar();
  }

  #stalled(live: ReturnType<Camera['status']> | undefined): boolean {
    const lastMs = Math.max(live?.lastFrameMs ?? 0, live?.lastSegmentEndMs ?? 0, this.#sinceMs);
    // Without pictures nothing is told between two segments; that no sound comes, the camera itself notices.
    const hasPictures = this.#camera?.facts.videoCodec !== undefined;
    const patienceMs = STALLED_AFTER_MS + (hasPictures ? 0 : this.deps.camera.segmentSeconds * 1000);
    return this.#phase === 'recording' && this.deps.clock.nowMs() - lastMs > patienceMs;
  }

  #enter(phase: CameraPhase): void {
    this.#phase = phase;
    this.moved();
    this.#sinceMs = this.deps.clock.nowMs();
  }
}

/**
 * Waits until the camera ends by itself or is told to stop, then closes it: its last segment is finished and the
 * streams end, on which the other branches end too. Throws the reason when it wasn't told to.
 */
async function attend(camera: Camera, signal: AbortSignal): Promise<void> {
  const told = aborted(signal).then(() => undefined);
  const reason = await Promise.race([camera.ended, told]);
  await camera[Symbol.asyncDispose]();
  if (reason) throw reason;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
