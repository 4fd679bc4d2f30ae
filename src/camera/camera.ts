import type { CameraFacts, CameraStatus, Frame, PcmChunk, RecordingSession, Segment, Stream } from '#domain';
import { Channel, type Clock, Fault, type Gate, type Log, messageOf } from '#runtime';
import { needsTranscoding } from './ffmpeg-arguments.ts';
import { planFor, type SamplingDemand, type SamplingPlan, samePlan } from './plan.ts';
import { examine, type Source } from './probe.ts';
import { Session, type Sinks } from './session.ts';

export interface CameraOptions {
  mediaDir: string;
  segmentSeconds: number;
  allowFile: boolean;
  /** How many cameras may be connecting at once. */
  spawnGate: Gate;
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
  status(): LiveStatus;
}

type LiveStatus = Pick<
  CameraStatus,
  | 'sampling'
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
const FPS_OVER_MS = 60_000;

/** Sources that have been looked at, and those whose sound breaks the recording: reconnecting is quick and learns. */
const examined = new Map<string, Source>();
const withoutSound = new Set<string>();

/** Connects and returns once the first frame or segment has come. Throws the reason when that fails. */
export async function openCamera(
  stream: Stream,
  demand: SamplingDemand,
  options: CameraOptions,
  signal: AbortSignal,
): Promise<Camera> {
  using _connecting = await options.spawnGate.enter(signal);
  const key = `${stream.id} ${stream.transport} ${stream.url}`;
  const { transport } = stream;
  const source =
    examined.get(key) ?? (await examine(stream.url, { transport, allowFile: options.allowFile, signal }, false));
  examined.set(key, source);
  const camera = new OpenCamera(stream, source, demand, options);
  try {
    await camera.begin(signal);
    return camera;
  } catch (error) {
    examined.delete(key); // It may have changed: look again.
    await camera[Symbol.asyncDispose]();
    throw error;
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
  #notes = new Set<string>();
  #frameTimes: number[] = [];
  #seen = { frames: 0, segments: 0, bytes: 0, lastFrameMs: 0, lastSegmentEndMs: 0 };
  #cpu: { atMs: number; seconds: number; pid: number; share?: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;
  #hasEnded: (reason: Fault) => void = () => undefined;

  constructor(stream: Stream, source: Source, demand: SamplingDemand, options: CameraOptions) {
    this.#stream = stream;
    this.#source = source;
    this.#demand = demand;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#hasEnded = resolve;
    });
    const { videoCodec, audioCodec } = source.facts;
    if (needsTranscoding(source)) this.#notes.add(`${videoCodec} can't be recorded as it is: transcoding to H.264`);
    if (audioCodec && withoutSound.has(stream.id))
      this.#notes.add('recording without sound, which broke the recording');
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
    const plan = planFor(this.#demand, this.#source.facts.keyframeIntervalS, this.#source.reordered);
    const session = await this.#startSession(plan, () => true);
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

  setDemand(demand: SamplingDemand): void {
    if (demand.everyMs !== this.#demand.everyMs) this.#handoverAfterMs = 0;
    this.#demand = demand;
    this.#replan();
  }

  status(): LiveStatus {
    const nowMs = this.#options.clock.monotonicMs();
    const recent = this.#frameTimes.filter((atMs) => nowMs - atMs <= FPS_OVER_MS);
    this.#frameTimes = recent;
    const overMs = Math.min(FPS_OVER_MS, nowMs - (this.#current?.startedMs ?? nowMs));
    const { frames, segments, bytes, lastFrameMs, lastSegmentEndMs } = this.#seen;
    return {
      ...(this.#current ? { sampling: this.#current.recipe.plan.mode } : {}),
      fpsSeen: overMs > 0 ? Math.round((recent.length * 100_000) / overMs) / 100 : 0,
      framesSeen: frames,
      framesDropped: this.frames.dropped,
      segmentsWritten: segments,
      bytesWritten: bytes,
      notes: [...this.#notes],
      ...(lastFrameMs > 0 ? { lastFrameMs } : {}),
      ...(lastSegmentEndMs > 0 ? { lastSegmentEndMs } : {}),
      ...(this.#cpu?.share === undefined ? {} : { cpuShare: this.#cpu.share }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    await this.#handover;
    await this.#current?.[Symbol.asyncDispose]();
    this.#endStreams();
  }

  #endStreams(): void {
    this.frames.end();
    this.audio.end();
    this.segments.end();
  }

  async #startSession(plan: SamplingPlan, isCurrent: () => boolean): Promise<Session> {
    const { segmentSeconds, mediaDir, clock, log } = this.#options;
    const withAudio = this.#source.facts.audioCodec !== undefined && !withoutSound.has(this.#stream.id);
    const recipe = { source: this.#source, plan, segmentSeconds, withAudio };
    const sinks: Sinks = {
      frame: (frame) => isCurrent() && this.#frame(frame),
      pcm: (chunk) => isCurrent() && this.audio.push(chunk),
      segment: (segment, session) => this.#segment(segment, session),
      note: (text) => this.#notes.add(text),
    };
    return Session.start(this.#stream, recipe, sinks, { mediaDir, clock, log });
  }

  #frame(frame: Frame): void {
    this.#seen.frames += 1;
    this.#seen.lastFrameMs = frame.atMs;
    this.#frameTimes.push(this.#options.clock.monotonicMs());
    if (this.#frameTimes.length > 10_000) this.#frameTimes.shift();
    this.frames.push(frame);
  }

  #segment(segment: Segment, session: RecordingSession): void {
    this.#seen.segments += 1;
    this.#seen.bytes += segment.bytes;
    this.#seen.lastSegmentEndMs = segment.endMs;
    this.segments.push({ segment, session });
  }

  #sessionEnded(session: Session, reason: Fault): void {
    if (session !== this.#current) return;
    clearInterval(this.#timer);
    if (session.brokenByAudio) withoutSound.add(this.#stream.id);
    this.#endStreams();
    if (!this.#closing) this.#hasEnded(reason);
  }

  #look(): void {
    this.#replan();
    void this.#measureCpu();
  }

  async #measureCpu(): Promise<void> {
    const session = this.#current;
    const seconds = await session?.cpuSeconds();
    if (!session || seconds === undefined) return;
    const atMs = this.#options.clock.monotonicMs();
    const last = this.#cpu;
    const { pid } = session;
    if (last?.pid !== pid) this.#cpu = { atMs, seconds, pid };
    else if (atMs - last.atMs >= 5000) {
      this.#cpu = { atMs, seconds, pid, share: (1000 * (seconds - last.seconds)) / (atMs - last.atMs) };
    }
  }

  /** Once a second, as how often keyframes come is learnt from the stream itself. */
  #replan(): void {
    const session = this.#current;
    const nowMs = this.#options.clock.monotonicMs();
    if (!session || this.#handover || this.#closing || nowMs < this.#handoverAfterMs) return;
    const plan = planFor(this.#demand, this.#intervalNow(session, nowMs), this.#source.reordered);
    if (samePlan(plan, session.recipe.plan)) return;
    this.#handoverAfterMs = nowMs + NEXT_HANDOVER_MS;
    this.#handover = this.#handOver(session, plan).finally(() => {
      this.#handover = undefined;
    });
  }

  /** What is known of the keyframes; one that is overdue counts as coming now. */
  #intervalNow(session: Session, nowMs: number): number | undefined {
    const known = session.keyframeIntervalS ?? this.#source.facts.keyframeIntervalS;
    if (known !== undefined)
      this.#source = { ...this.#source, facts: { ...this.#source.facts, keyframeIntervalS: known } };
    const waitedMs = nowMs - (this.#frameTimes.at(-1) ?? session.startedMs);
    const overdue = session.recipe.plan.mode === 'keyframes' && waitedMs > this.#demand.everyMs * 1.5 + LOOK_EVERY_MS;
    return overdue ? Math.max(known ?? 0, waitedMs / 1000) : known;
  }

  async #handOver(old: Session, plan: SamplingPlan): Promise<void> {
    const refused = 'the camera refused a second connection: frames come as often as it sends keyframes';
    let next: Session | undefined;
    try {
      next = await this.#startSession(plan, () => this.#current === next);
      await next.ready;
    } catch (error) {
      await next?.[Symbol.asyncDispose]();
      if (old !== this.#current) return;
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
