import type { CameraStatus, Frame, Stream } from '#domain';
import { type Clock, type Fault, type Log, messageOf, retryDelays } from '#runtime';
import { planFor, type SamplingDemand, type SamplingPlan, samePlan } from './plan.ts';
import { examine } from './probe.ts';
import { Session } from './session.ts';

export interface SubstreamOptions {
  stream: Stream;
  url: string;
  mediaDir: string;
  allowFile: boolean;
  clock: Clock;
  log: Log;
}

const RETRY = { firstMs: 2000, capMs: 60_000 };
/** Until it has had so long to connect, the stream that is recorded isn't asked for frames. */
const START_MS = 10_000;
const LASTED_MS = 60_000;

/**
 * Frames from the camera's second, smaller stream, while the first is only recorded: decoding it costs a fraction. It
 * connects by itself again and again; while it is away `gives` is false, and whoever wants frames takes them from the
 * first. It never touches the recording.
 */
export class Substream implements AsyncDisposable {
  readonly #options: SubstreamOptions;
  readonly #show: (frame: Frame) => void;
  readonly #stop = new AbortController();
  #sinceMs: number;
  readonly #ended: Promise<void>;
  #demand: SamplingDemand;
  #session: Session | undefined;
  #lastError: string | undefined;

  constructor(demand: SamplingDemand, show: (frame: Frame) => void, options: SubstreamOptions) {
    this.#demand = demand;
    this.#show = show;
    this.#options = options;
    this.#sinceMs = options.clock.monotonicMs();
    this.#ended = this.#run(this.#stop.signal);
  }

  get url(): string {
    return this.#options.url;
  }

  /** Whether frames come from it, or are about to. */
  get gives(): boolean {
    return this.#session !== undefined || this.#isYoung();
  }

  /** How frames are taken; undefined while none come. */
  get plan(): SamplingPlan | undefined {
    return this.#session?.recipe.plan;
  }

  status(): NonNullable<CameraStatus['substream']> {
    const state = this.#session ? 'used' : 'away';
    return { state, ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }) };
  }

  setDemand(demand: SamplingDemand): void {
    this.#demand = demand;
    this.look();
  }

  /** To be called now and then: how often keyframes come shows with time. Frames pause for a moment when it begins anew. */
  look(): void {
    const session = this.#session;
    if (!session) return;
    const { source, plan } = session.recipe;
    const interval = session.keyframeIntervalS ?? source.facts.keyframeIntervalS;
    if (samePlan(planFor(this.#demand, interval, source.reordered), plan)) return;
    this.#session = undefined;
    this.#sinceMs = this.#options.clock.monotonicMs();
    void session[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #isYoung(): boolean {
    return this.#lastError === undefined && this.#options.clock.monotonicMs() - this.#sinceMs < START_MS;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let delays = retryDelays(RETRY);
    let interval: number | undefined;
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs();
      try {
        const end = await this.#once(interval, signal);
        interval = end.interval;
        if (end.wasReplanned) continue;
        throw end.reason;
      } catch (error) {
        if (signal.aborted) return;
        this.#lastError = messageOf(error);
        if (clock.monotonicMs() - startedMs > LASTED_MS) delays = retryDelays(RETRY);
        const delayMs = delays.next().value;
        log.warn(
          { error: this.#lastError, retryInMs: delayMs },
          'substream lost: frames come from the stream that is recorded',
        );
        await clock.sleep(delayMs, signal).catch(() => undefined);
      }
    }
  }

  /** One session, until it ends. */
  async #once(
    knownInterval: number | undefined,
    signal: AbortSignal,
  ): Promise<{ reason: Fault; interval: number | undefined; wasReplanned: boolean }> {
    const { stream, url, mediaDir, allowFile, clock, log } = this.#options;
    const source = await examine(url, { transport: stream.transport, allowFile, signal }, false);
    const interval = knownInterval ?? source.facts.keyframeIntervalS;
    const plan = planFor(this.#demand, interval, source.reordered);
    const recipe = { source, plan, segmentSeconds: 0, withAudio: false, records: false };
    const sinks = {
      frame: (frame: Frame) => this.#show(frame),
      pcm: () => undefined,
      segment: () => undefined,
      note: () => undefined,
      soundEnded: () => undefined,
    };
    const session = await Session.start(stream, recipe, sinks, { mediaDir, clock, log });
    const stop = () => void session[Symbol.asyncDispose]();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await session.ready;
      this.#session = session;
      this.#lastError = undefined;
      const reason = await session.ended;
      return { reason, interval: session.keyframeIntervalS ?? interval, wasReplanned: this.#session !== session };
    } finally {
      signal.removeEventListener('abort', stop);
      if (this.#session === session) this.#session = undefined;
    }
  }
}
