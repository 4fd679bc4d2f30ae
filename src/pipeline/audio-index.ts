import type { SceneIndex, TranscriptExtraction, Word } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { type Clock, type Log, messageOf, Wake } from '#runtime';
import { type SpeechSegment, speechSegments } from '#sampling';
import type { Store } from '#store';

/** Speech is written down some seconds after it was spoken: a stretch of time is complete this long after its end. */
const LATE_MS = 15_000;
const LONGEST_WAIT_MS = 60_000;
const BATCH = 500;

export interface AudioIndexerDeps {
  store: Store;
  clock: Clock;
  log: Log;
}

type AudioIndex = SceneIndex & { extraction: TranscriptExtraction };

/**
 * Makes the scenes of audio indexes from what was said. It needs no cursor: an index goes on behind its last scene, so
 * that a crash neither repeats nor loses a word. Words from before an index was started are never its own.
 */
export class AudioIndexer implements AsyncDisposable {
  readonly #deps: AudioIndexerDeps;
  readonly #wake: Wake;
  readonly #stop = new AbortController();
  #seq: number;
  /** Streams with words that wait for their stretch of time to end. */
  #waiting = new Set<string>();
  #ended: Promise<void> = Promise.resolve();

  private constructor(deps: AudioIndexerDeps) {
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
    this.#seq = deps.store.journal.head();
  }

  static async start(deps: AudioIndexerDeps, signal: AbortSignal): Promise<AudioIndexer> {
    const indexer = new AudioIndexer(deps);
    signal.addEventListener('abort', () => indexer.#stop.abort(), { once: true });
    for (const { id } of deps.store.streams.list().results) indexer.#waiting.add(id);
    indexer.#ended = indexer.#run(indexer.#stop.signal);
    return indexer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, log } = this.#deps;
    using _wakes = store.journal.onAppend(this.#wake.ring);
    while (!signal.aborted) {
      let waitMs = LONGEST_WAIT_MS;
      try {
        waitMs = this.runOnce();
      } catch (error) {
        log.error({ error: messageOf(error) }, 'what was said could not be indexed; trying again');
      }
      await this.#wake.wait(waitMs, signal);
    }
  }

  /** Indexes what is complete by now; returns how long nothing more can be, unless someone speaks. */
  runOnce(): number {
    const { store, clock } = this.#deps;
    const streams = this.#spokenOn();
    let waitMs = LONGEST_WAIT_MS;
    for (const streamId of streams) {
      for (const index of store.indexes.listRunning(streamId)) {
        if (!isAudio(index)) continue;
        const dueMs = this.#index(index);
        if (dueMs === undefined) continue;
        this.#waiting.add(streamId);
        waitMs = Math.min(waitMs, Math.max(0, dueMs - clock.nowMs()) + 1);
      }
    }
    return waitMs;
  }

  /** The streams on which something was said since the last look, and those that waited. */
  #spokenOn(): Set<string> {
    const { journal } = this.#deps.store;
    const streams = this.#waiting;
    this.#waiting = new Set();
    for (;;) {
      const entries = journal.after(this.#seq, BATCH, ['transcript']);
      for (const { seq, streamId } of entries) {
        this.#seq = seq;
        streams.add(streamId);
      }
      if (entries.length < BATCH) return streams;
    }
  }

  /** Stores the segments that are complete; returns when the one that isn't will be, where time alone decides. */
  #index(index: AudioIndex): number | undefined {
    const { clock } = this.#deps;
    const { extraction } = index;
    const words = this.#wordsFor(index);
    const byTime = extraction.segmenter === 'time';
    const segments = speechSegments(words, extraction, byTime);
    const isComplete = ({ endMs }: SpeechSegment) => !byTime || endMs + LATE_MS <= clock.nowMs();
    for (const segment of segments.filter(isComplete)) this.#store(segment, index);
    const open = segments.find((segment) => !isComplete(segment));
    return open && open.endMs + LATE_MS;
  }

  /** What was said since the index was started and behind its last scene. */
  #wordsFor({ id, streamId, resumedMs, extraction }: AudioIndex): Word[] {
    const { scenes, transcripts } = this.#deps.store;
    const behindMs = scenes.latest(id)?.endMs ?? 0;
    // A word may begin before the one before it has ended; a stretch of time owns the words that begin in it.
    const isNext = (word: Word) => (extraction.segmenter === 'time' ? word.startMs >= behindMs : word.endMs > behindMs);
    return transcripts
      .inRange(streamId, Math.max(resumedMs, behindMs), Number.MAX_SAFE_INTEGER)
      .flatMap(({ words }) => words)
      .filter((word) => word.startMs >= resumedMs && isNext(word));
  }

  #store({ startMs, endMs, text }: SpeechSegment, { id, streamId }: AudioIndex): void {
    const scene = { streamId, indexId: id, startMs, endMs, text };
    this.#deps.store.scenes.add(scene, embedText(text), TEXT_EMBEDDING.model);
  }
}

function isAudio(index: SceneIndex): index is AudioIndex {
  return index.extraction.type === 'transcript';
}
