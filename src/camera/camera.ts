import type { CameraFacts, CameraStatus, Frame, PcmChunk, RecordingSession, Segment, Stream } from '#domain';
import { Channel, type Clock, Fault, faultPoint, type Gate, type Log, messageOf } from '#runtime';
import { CpuMeter } from './cpu-meter.ts';
import { isSoundOnly, needsTranscoding } from './ffmpeg-arguments.ts';
import { planFor, type SamplingDemand, type SamplingPlan, samePlan } from './plan.ts';
import { examine, examineSound, onlySound, type Source } from './probe.ts';
import { Progress } from './progress.ts';
import { Session, type Sinks } from './session.ts';
import { SoundMemory } from './sound-memory.ts';
import { Substream } from './substream.ts';

export interface CameraOptions {
  mediaDir: string;
  segmentSeconds: number;
  allowFile: boolean;
  /** How many cameras may be connecting at once. */
  spawnGate: Pick<Gate, 'enter'>;
  clock: Clock;
  log: Log;
}

export interface Camera extends AsyncDisposable {
  readonly facts: CameraFacts;
  /** The one recorded now. */
  readonly session: RecordingSession;
  readonly frames: AsyncIterable<Frame>;
  readonly audio: AsyncIterable<PcmChunk>;
  /** Complete, safe on disk and under its final name before it is handed on. */
  readonly segments: AsyncIterable<{ segment: Segment; session: RecordingSession }>;
  /** Why it ended by itself; the streams end too. */
  readonly ended: Promise<Fault>;
  /**
   * How often someone wants a frame. When keyframes no longer suffice (or suffice again), a second ffmpeg is started and
   * the first one stopped once the second delivers, so that no video is lost. A camera that refuses the second connection
   * keeps the first, with a note.
   */
  setDemand(demand: SamplingDemand): void;
  /** Looks at another stream of the camera's from now on, or at none beside the one that is recorded. */
  setSubstream(url: string | undefined): void;
  status(): LiveStatus;
}

type LiveStatus = Pick<
  CameraStatus,
  | 'sampling'
  | 'substream'
  | 'fpsSeen'
  | 'framesSeen'
  | 'framesDropped'
  | 'lastFrameMs'
  | 'lastSegmentEndMs'
  | 'segmentsWritten'
  | 'bytesWritten'
  | 'cpuShare'
  | 'notes'
>;

const FRAMES_WAITING = 16;
const CHUNKS_WAITING = 100;
/** Rows are small; none may be lost. */
const SEGMENTS_WAITING = 100_000;
const LOOK_EVERY_MS = 1000;
const NEXT_HANDOVER_MS = 60_000;

const SOUND_LASTS_MS = 60_000;
const WITHOUT_SOUND = 'recording without sound, which broke off or broke the recording; it is tried again';

const NOTHING_LEFT =
  'it sends sound only, which is not to be recorded: allow it ("audio" of its recording), or stop it';

/** Sources that have been looked at, by their streams, and what their sound did: reconnecting is quick and learns. */
const examined = new Map<string, { address: string; source: Source }>();
const sounds = new SoundMemory();

/** Connects and returns once the first frame, segment or, where that is all, sound has come. Throws the reason when that fails. */
export async function openCamera(
  stream: Stream,
  demand: SamplingDemand,
  options: CameraOptions,
  signal: AbortSignal,
): Promise<Camera> {
  using _connecting = await options.spawnGate.enter(signal);
  const { id, transport } = stream;
  const address = `${transport} ${stream.url}`;
  const last = examined.get(id);
  const known = last?.address === address ? last.source : undefined;
  const found = known ?? (await examine(stream.url, { transport, allowFile: options.allowFile, signal }, false));
  const source = stream.mediaTypes.includes('video') ? found : onlySound(found);
  if (isSoundOnly(source) && demand.silent) throw new Fault('unavailable', NOTHING_LEFT);
  // Pictures may only have been late: who sent none is looked at anew.
  if (!isSoundOnly(found)) examined.set(id, { address, source: found });
  for (;;) {
    const camera = new OpenCamera(stream, source, demand, options);
    try {
      await camera.begin(signal);
      if (known) camera.askForSound((asked) => examined.set(id, { address, source: asked }));
      return camera;
    } catch (error) {
      await camera[Symbol.asyncDispose]();
      if (camera.cameMidway && !signal.aborted) continue;
      examined.delete(id); // It may have changed: look again.
      throw error;
    }
  }
}

class OpenCamera implements Camera {
  readonly frames = new Channel<Frame>(FRAMES_WAITING);
  readonly audio = new Channel<PcmChunk>(CHUNKS_WAITING);
  readonly segments = new Channel<{ segment: Segment; session: RecordingSession }>(SEGMENTS_WAITING);
  readonly ended: Promise<Fault>;
  #stream: Stream;
  #source: Source;
  #demand: SamplingDemand;
  #options: CameraOptions;
  #current: Session | undefined;
  #handover: Promise<void> | undefined;
  #handoverAfterMs = 0;
  /** So long a keyframe was waited for in vain: decoding, nothing better may ever be learnt of them. */
  #waitedS: number | undefined;
  #notes = new Set<string>();
  #progress: Progress;
  #cpu: CpuMeter;
  #substream: Substream | undefined;
  /** Substreams that are no longer looked at. */
  #leaving: Promise<void> = Promise.resolve();
  #asking: Promise<void> | undefined;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #closing = false;
  #hasEnded: (reason: Fault) => void = () => undefined;

  constructor(stream: Stream, source: Source, demand: SamplingDemand, options: CameraOptions) {
    this.#stream = stream;
    this.#source = source;
    this.#demand = demand;
    this.#options = options;
    this.#cpu = new CpuMeter(options.clock);
    this.#progress = new Progress(options.clock);
    this.ended = new Promise((resolve) => {
      this.#hasEnded = resolve;
    });
    if (needsTranscoding(source)) {
      this.#notes.add(`${source.facts.videoCodec ?? ''} can't be recorded as it is: transcoding to H.264`);
    }
  }

  get facts(): CameraFacts {
    const measured = this.#current?.keyframeIntervalS ?? this.#source.facts.keyframeIntervalS;
    return { ...this.#source.facts, ...(measured === undefined ? {} : { keyframeIntervalS: measured }) };
  }

  get session(): RecordingSession {
    if (!this.#current) throw new Fault('internal', 'the camera is not open');
    return this.#current.recording;
  }

  async begin(signal: AbortSignal): Promise<void> {
    this.#openSubstream(this.#stream.substreamUrl);
    const session = await this.#startSession(this.#planFor(this.#source.facts.keyframeIntervalS), () => true);
    this.#current = session;
    const stop = () => void session[Symbol.asyncDispose]();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void session.ended.then((reason) => this.#sessionEnded(session, reason));
    try {
      await session.ready;
    } finally {
      signal.removeEventListener('abort', stop);
    }
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Why it could not begin: in mid-course, and it would be given more time now. */
  get cameMidway(): boolean {
    return this.#current?.cameMidway ?? false;
  }

  /** A camera that had no sound when it was looked at may have been given a microphone since. */
  askForSound(learn: (source: Source) => void): void {
    const { clock, allowFile } = this.#options;
    if (this.#hasSound() || !sounds.mayAsk(this.#stream.id, clock.monotonicMs())) return;
    const { url, transport } = this.#stream;
    const signal = this.#stop.signal;
    this.#asking = examineSound(this.#source, url, { transport, allowFile, signal }).then(
      (source) => {
        this.#source = source;
        learn(source);
      },
      () => undefined, // It is recorded as before.
    );
  }

  setDemand(demand: SamplingDemand): void {
    const { everyMs, fine, silent } = this.#demand;
    if (demand.everyMs !== everyMs || demand.fine !== fine || demand.silent !== silent) this.#handoverAfterMs = 0;
    this.#demand = demand;
    if (isSoundOnly(this.#source) && demand.silent) this.#hasEnded(new Fault('unavailable', NOTHING_LEFT));
    this.#substream?.setDemand(demand);
    this.#replan();
  }

  setSubstream(url: string | undefined): void {
    if (this.#closing || url === this.#substream?.url) return;
    const left = this.#substream?.[Symbol.asyncDispose]();
    this.#leaving = Promise.all([this.#leaving, left]).then(() => undefined);
    this.#openSubstream(url);
    this.#handoverAfterMs = 0;
  }

  status(): LiveStatus {
    return {
      ...this.#sampling(),
      ...(this.#substream ? { substream: this.#substream.status() } : {}),
      ...this.#progress.counts(this.#current?.startedMs),
      framesDropped: this.frames.dropped,
      notes: [...this.#notes],
      ...(this.#cpu.share === undefined ? {} : { cpuShare: this.#cpu.share }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    this.#stop.abort();
    clearInterval(this.#timer);
    await this.#asking;
    await this.#handover;
    await Promise.all([
      this.#leaving,
      this.#substream?.[Symbol.asyncDispose](),
      this.#current?.[Symbol.asyncDispose](),
    ]);
    this.#endStreams();
  }

  #endStreams(): void {
    this.frames.end();
    this.audio.end();
    this.segments.end();
  }

  #openSubstream(url: string | undefined): void {
    const options = { ...this.#options, stream: this.#stream };
    this.#substream =
      url === undefined ? undefined : new Substream(this.#demand, (frame) => this.#frame(frame), { ...options, url });
  }

  #sampling(): Pick<LiveStatus, 'sampling'> {
    const { mode } = this.#substream?.plan ?? this.#current?.recipe.plan ?? { mode: 'none' };
    return mode === 'none' ? {} : { sampling: mode };
  }

  /** Frames come from one of the two streams, if there are any. */
  #planFor(keyframeIntervalS: number | undefined): SamplingPlan {
    if (this.#substream?.gives || isSoundOnly(this.#source)) return { mode: 'none' };
    return planFor(this.#demand, keyframeIntervalS, this.#source.reordered);
  }

  async #startSession(plan: SamplingPlan, isCurrent: () => boolean): Promise<Session> {
    const { segmentSeconds, mediaDir, clock, log } = this.#options;
    const withAudio = this.#wantsSound();
    if (this.#hasSound() && !withAudio && !this.#demand.silent) this.#notes.add(WITHOUT_SOUND);
    else this.#notes.delete(WITHOUT_SOUND);
    const recipe = { source: this.#source, plan, segmentSeconds, withAudio, records: true };
    const sinks: Sinks = {
      frame: (frame) => isCurrent() && !this.#substream?.plan && this.#frame(frame),
      pcm: (chunk) => isCurrent() && this.audio.push(chunk),
      segment: (segment, session) => this.#segment(segment, session),
      note: (text) => this.#notes.add(text),
      soundEnded: () => isCurrent() && this.#soundFailed(),
    };
    return Session.start(this.#stream, recipe, sinks, { mediaDir, clock, log });
  }

  #hasSound(): boolean {
    return this.#source.facts.audioCodec !== undefined;
  }

  #wantsSound(): boolean {
    if (isSoundOnly(this.#source)) return true;
    const isWanted = sounds.isWanted(this.#stream.id, this.#options.clock.monotonicMs());
    return !this.#demand.silent && this.#hasSound() && isWanted;
  }

  /** The picture goes on: the next look hands over to a session without sound. */
  #soundFailed(): void {
    sounds.failed(this.#stream.id, this.#options.clock.monotonicMs());
    this.#handoverAfterMs = 0;
  }

  #frame(frame: Frame): void {
    this.#progress.frame(frame);
    this.frames.push(frame);
  }

  #segment(segment: Segment, session: RecordingSession): void {
    this.#progress.segment(segment);
    this.segments.push({ segment, session });
  }

  #sessionEnded(session: Session, reason: Fault): void {
    if (session !== this.#current) return;
    clearInterval(this.#timer);
    if (session.brokenByAudio) this.#soundFailed();
    this.#endStreams();
    if (!this.#closing) this.#hasEnded(reason);
  }

  #look(): void {
    this.#substream?.look();
    this.#replan();
    const session = this.#current;
    if (!session) return;
    void this.#cpu.measure(session);
    const hasLasted = this.#options.clock.monotonicMs() - session.startedMs > SOUND_LASTS_MS;
    if (session.recipe.withAudio && hasLasted) sounds.lasted(this.#stream.id);
  }

  /** Once a second, as how often keyframes come is learnt from the stream itself. */
  #replan(): void {
    const session = this.#current;
    const nowMs = this.#options.clock.monotonicMs();
    if (!session || this.#handover || this.#closing || nowMs < this.#handoverAfterMs) return;
    const plan = this.#planFor(this.#intervalNow(session, nowMs));
    if (samePlan(plan, session.recipe.plan) && session.recipe.withAudio === this.#wantsSound()) return;
    // When the substream goes next, nothing else gives frames: that doesn't wait.
    this.#handoverAfterMs = nowMs + (plan.mode === 'none' ? 0 : NEXT_HANDOVER_MS);
    this.#handover = this.#handOver(session, plan).finally(() => {
      this.#handover = undefined;
    });
  }

  /** What is known of the keyframes; one that is overdue counts as coming now. */
  #intervalNow(session: Session, nowMs: number): number | undefined {
    const known = session.keyframeIntervalS ?? this.#source.facts.keyframeIntervalS;
    if (known !== undefined)
      this.#source = { ...this.#source, facts: { ...this.#source.facts, keyframeIntervalS: known } };
    const waitedMs = nowMs - (this.#progress.lastArrivalMs ?? session.startedMs);
    const overdue = session.recipe.plan.mode === 'keyframes' && waitedMs > this.#demand.everyMs * 1.5 + LOOK_EVERY_MS;
    if (!overdue) return known ?? this.#waitedS;
    this.#waitedS = waitedMs / 1000;
    return Math.max(known ?? 0, this.#waitedS);
  }

  async #handOver(old: Session, plan: SamplingPlan): Promise<void> {
    const refused = 'the camera refused a second connection: frames come as often as it sends keyframes';
    let next: Session | undefined;
    try {
      next = await this.#startSession(plan, () => this.#current === next);
      await next.ready;
      faultPoint('handover.ready');
    } catch (error) {
      await next?.[Symbol.asyncDispose]();
      if (old !== this.#current) return;
      if (next?.cameMidway) {
        this.#handoverAfterMs = 0;
        return;
      }
      this.#notes.add(refused);
      this.#options.log.warn({ error: messageOf(error) }, refused);
      return;
    }
    const session = next;
    this.#current = session;
    this.#notes.delete(refused);
    void session.ended.then((reason) => this.#sessionEnded(session, reason));
    await old[Symbol.asyncDispose]();
  }
}
