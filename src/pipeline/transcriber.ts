import type { Spool, SpoolStatus, Utterance } from '#hearing';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { type Clock, isFault, type Log, messageOf, retryDelay, Wake } from '#runtime';
import type { Store } from '#store';
import { Interim, type OnInterim } from './interim.ts';
import { OwnFault, type RecognisedSpeech, Recognising, type SpeechRecogniser } from './recogniser.ts';

const RETRY = { firstMs: 1000, capMs: 30_000, jitter: 0 };
/** An utterance that fails so often, while others don't, is given up. */
const MOST_TRIES = 3;
const LONGEST_WAIT_MS = 60_000;

export interface TranscriberDeps {
  store: Pick<Store, 'transcripts'>;
  spool: Spool;
  listening: SpeechRecogniser;
  clock: Clock;
  log: Log;
  /** What is being said, as far as it is known; never stored. */
  onInterim?: OnInterim;
}

export interface TranscriberStatus extends Omit<SpoolStatus, 'bytes'> {
  spoolBytes: number;
  /** Utterances whose words were stored, since the start. */
  transcribed: number;
  /** Why it doesn't get on; absent when it does. */
  lastError?: string;
}

interface Recognised {
  utterance: Utterance;
  speech: RecognisedSpeech;
}

/**
 * Writes down what waits in the spool, one utterance at a time for the whole box: at least once, and stored exactly once,
 * whatever crashes in between. A recogniser that is away or fails costs time only; a single utterance that it fails on
 * again and again, while it gets on with others, becomes a gap.
 */
export class Transcriber implements AsyncDisposable {
  readonly #deps: TranscriberDeps;
  readonly #wake: Wake;
  readonly #stop = new AbortController();
  /** How often each utterance has failed although the recogniser was well. */
  readonly #tries = new Map<Utterance, number>();
  readonly #recogniser: Recognising;
  /** Recognised, but the database didn't take it. */
  #unstored: Recognised | undefined;
  #failures = 0;
  #lastError: string | undefined;
  #transcribed = 0;
  readonly #interim: Interim;
  #ended: Promise<void> = Promise.resolve();

  private constructor(deps: TranscriberDeps) {
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
    this.#recogniser = new Recognising(deps.listening);
    this.#interim = new Interim({ ...deps, recognise: (samples, signal) => this.#recogniser.once(samples, signal) });
  }

  static async start(deps: TranscriberDeps, signal: AbortSignal): Promise<Transcriber> {
    const transcriber = new Transcriber(deps);
    signal.addEventListener('abort', () => transcriber.#stop.abort(), { once: true });
    if (signal.aborted) transcriber.#stop.abort();
    transcriber.#ended = transcriber.#run(transcriber.#stop.signal);
    return transcriber;
  }

  status(): TranscriberStatus {
    const { bytes, ...status } = this.#deps.spool.status();
    const failing = this.#lastError === undefined ? {} : { lastError: this.#lastError };
    return { ...status, spoolBytes: bytes, transcribed: this.#transcribed, ...failing };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    using _wakes = this.#deps.spool.onChange(this.#wake.ring);
    while (!signal.aborted) {
      try {
        const waitMs = await this.runOnce(signal);
        if (waitMs > 0) await this.#wake.wait(waitMs, signal);
      } catch (error) {
        if (signal.aborted) break;
        // Not the wake: a new utterance is no reason to knock again at once on what has just failed.
        await this.#deps.clock.sleep(this.#failed(error), signal).catch(() => undefined);
      }
    }
  }

  /** Writes down one utterance; returns how long to wait for the next. Throws when it failed; the utterance waits. */
  async runOnce(signal: AbortSignal): Promise<number> {
    const { spool } = this.#deps;
    await spool.retryGaps();
    if (this.#unstored) {
      await this.#store(this.#unstored);
      return 0;
    }
    if (!this.#recogniser.isAvailable) return RETRY.capMs;
    const next = this.#next();
    if (!next) {
      this.#failures = 0;
      this.#lastError = undefined;
      return (await this.#interim.tell(signal)) ?? LONGEST_WAIT_MS;
    }
    try {
      await this.#transcribe(next, signal);
    } catch (error) {
      spool.putBack(next);
      throw error;
    }
    return 0;
  }

  /** Those that have failed come last. */
  #next(): Utterance | undefined {
    const { spool } = this.#deps;
    return spool.take((utterance) => !this.#tries.has(utterance)) ?? spool.take();
  }

  async #transcribe(utterance: Utterance, signal: AbortSignal): Promise<void> {
    if (this.#isStored(utterance)) {
      await this.#finish(utterance); // We were killed before its sound could go.
      return;
    }
    const samples = await this.#read(utterance);
    if (!samples) return;
    await this.#recogniser.revive(signal);
    try {
      const speech = await this.#recogniser.whole(samples, signal);
      this.#unstored = { utterance, speech };
    } catch (error) {
      if (!signal.aborted) await this.#blame(utterance, error);
      throw error;
    }
    await this.#store(this.#unstored);
  }

  /** The file is gone or can't be read: it is noted as a gap. */
  async #read(utterance: Utterance): Promise<Int16Array | undefined> {
    try {
      return await this.#deps.spool.read(utterance);
    } catch (error) {
      await this.#deps.spool.drop(utterance, `what was said could not be read again: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** A recogniser that is well failed on this: three times, and the speech is given up. */
  async #blame(utterance: Utterance, error: unknown): Promise<void> {
    if (!(error instanceof OwnFault)) return;
    const tries = (this.#tries.get(utterance) ?? 0) + 1;
    this.#tries.set(utterance, tries);
    if (tries < MOST_TRIES) return;
    this.#tries.delete(utterance);
    await this.#deps.spool.drop(utterance, `what was said could not be recognised: ${error.message}`);
  }

  #isStored({ streamId, startMs }: Utterance): boolean {
    const stored = this.#deps.store.transcripts.inRange(streamId, startMs, startMs + 1);
    return stored.some((transcript) => transcript.startMs === startMs);
  }

  /** Its words are on disk before its sound may go. */
  async #store({ utterance, speech }: Recognised): Promise<void> {
    const { text, words, language, confidence } = speech;
    const { streamId, startMs, endMs } = utterance;
    const within = (ms: number) => Math.min(Math.max(startMs + Math.round(ms), startMs), endMs);
    const draft = {
      ...{ streamId, startMs, endMs, text: text.trim(), confidence },
      words: words.map((word) => ({ text: word.text, startMs: within(word.startMs), endMs: within(word.endMs) })),
      ...(language === undefined ? {} : { language }),
    };
    try {
      if (draft.text) this.#deps.store.transcripts.add(draft, embedText(draft.text), TEXT_EMBEDDING.model);
    } catch (error) {
      if (!isFault(error, 'not_found')) throw error; // The stream is gone, and with it all that was said.
    }
    this.#unstored = undefined;
    this.#failures = 0;
    this.#lastError = undefined;
    await this.#finish(utterance);
  }

  async #finish(utterance: Utterance): Promise<void> {
    this.#tries.delete(utterance);
    this.#transcribed += 1;
    try {
      await this.#deps.spool.done(utterance);
    } catch (error) {
      this.#deps.log.warn({ error: messageOf(error) }, 'the sound of a transcript remains; the next start removes it');
    }
  }

  #failed(error: unknown): number {
    const delayMs = retryDelay(RETRY, this.#failures);
    this.#failures += 1;
    this.#lastError = messageOf(error);
    const { waiting } = this.#deps.spool.status();
    const about = { error: this.#lastError, waiting, retryInMs: delayMs };
    this.#deps.log.warn(about, 'what was said could not be written down; will retry');
    return delayMs;
  }
}
