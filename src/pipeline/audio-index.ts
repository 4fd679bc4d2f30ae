import type { SceneIndex, Transcript, TranscriptExtraction, Word } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { type Clock, type Log, messageOf, Wake } from '#runtime';
import { LONGEST_SILENCE_MS, type SpeechSegment, speechSegments } from '#sampling';
import type { Store } from '#store';
import { Summaries, type Summary } from './summaries/summaries.ts';

/**
 * Speech is written down some seconds after it was spoken: what may go on is over when it could have gone on until this
 * long ago, and nothing has been written down since.
 */
const LATE_MS = 15_000;
const LONGEST_WAIT_MS = 60_000;
const RETRY_MS = 5000;
/** What waits for words that may never come (nothing was understood) is looked at this often. */
const HELD_MS = 2000;
const BATCH = 500;
/** Whoever is this far behind asks for no summaries until the words are told. */
const BEHIND_MS = 300_000;
/** So far before the last scene's end one looks for words: their times, put in order, move by less. */
const MARGIN_MS = 10_000;

export interface AudioIndexerDeps {
  store: Store;
  clock: Clock;
  log: Log;
  /** Since when something was said on the stream that isn't written down yet, if there is such. */
  unwrittenFromMs?: (streamId: string) => number | undefined;
  /** What prompts are followed with; without it by extracts alone. */
  summaries?: Summaries;
}

type AudioIndex = SceneIndex & { extraction: TranscriptExtraction };

/**
 * Makes the scenes of audio indexes from what was said. It needs no cursor: an index goes on behind its last scene, so
 * that a crash neither repeats nor loses a word. Words from before an index was started are never its own. An index that
 * can't be written is tried again, and holds up no other. An index that waits for its summaries waits alone.
 */
export class AudioIndexer implements AsyncDisposable {
  readonly #deps: AudioIndexerDeps;
  readonly #wake: Wake;
  readonly #stop = new AbortController();
  readonly #summaries: Summaries;
  /** Indexes whose summaries are being written. */
  readonly #writing = new Map<string, Promise<void>>();
  #seq: number;
  /** Streams to look at, and when: 0 as soon as possible. */
  readonly #due = new Map<string, number>();
  /** When something was last written down of a stream. */
  readonly #heardMs = new Map<string, number>();
  #ended: Promise<void> = Promise.resolve();

  private constructor(deps: AudioIndexerDeps) {
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
    this.#summaries = deps.summaries ?? new Summaries();
    this.#seq = deps.store.journal.head();
  }

  static async start(deps: AudioIndexerDeps, signal: AbortSignal): Promise<AudioIndexer> {
    const indexer = new AudioIndexer(deps);
    signal.addEventListener('abort', () => indexer.#stop.abort(), { once: true });
    for (const { id } of deps.store.streams.list({ own: true }).results) indexer.#due.set(id, 0);
    indexer.#ended = indexer.#run(indexer.#stop.signal);
    return indexer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    await Promise.all(this.#writing.values());
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, log } = this.#deps;
    using _wakes = store.journal.onAppend(this.#wake.ring);
    while (!signal.aborted) {
      let waitMs = RETRY_MS;
      try {
        waitMs = this.runOnce();
      } catch (error) {
        log.error({ error: messageOf(error) }, 'what was said could not be read; trying again');
      }
      await this.#wake.wait(waitMs, signal);
    }
  }

  /** Indexes what is complete by now; returns how long nothing more can be, unless someone speaks. */
  runOnce(): number {
    const { clock } = this.#deps;
    this.#listen();
    for (const [streamId, dueMs] of [...this.#due]) {
      if (dueMs > clock.nowMs()) continue;
      this.#due.delete(streamId);
      const nextMs = this.#indexStream(streamId);
      if (nextMs !== undefined) this.#due.set(streamId, nextMs);
    }
    const nextMs = Math.min(...this.#due.values());
    return Math.max(0, Math.min(LONGEST_WAIT_MS, nextMs - clock.nowMs()));
  }

  /** Takes note of the streams on which something was said since the last look. */
  #listen(): void {
    const { store, clock } = this.#deps;
    const headSeq = store.journal.head();
    for (;;) {
      const entries = store.journal.after(this.#seq, BATCH, ['transcript']);
      for (const { seq, streamId } of entries) {
        this.#seq = seq;
        this.#due.set(streamId, 0);
        this.#heardMs.set(streamId, clock.nowMs());
      }
      if (entries.length < BATCH) break;
    }
    this.#seq = Math.max(this.#seq, headSeq);
  }

  /** Returns when the stream has to be looked at again although nothing more is said. */
  #indexStream(streamId: string): number | undefined {
    const { store, clock, log } = this.#deps;
    if (store.streams.get(streamId)?.boxId !== undefined) return undefined; // Its own box does it, and sends the scenes.
    const dues = store.indexes
      .listRunning(streamId)
      .filter(isAudio)
      .flatMap((index) => {
        try {
          return this.#index(index) ?? [];
        } catch (error) {
          log.error({ index: index.id, error: messageOf(error) }, 'what was said could not be indexed; trying again');
          return clock.nowMs() + RETRY_MS;
        }
      });
    return dues.length > 0 ? Math.min(...dues) : undefined;
  }

  /** Stores the segments that are complete; returns when more will be, if one isn't. */
  #index(index: AudioIndex): number | undefined {
    if (this.#writing.has(index.id)) return undefined; // It comes back when it is written.
    const { complete, nextMs } = this.#complete(index);
    if (complete.length > 0 && this.#summaries.asks(index.prompt)) {
      this.#writing.set(index.id, this.#write(complete, index));
      return undefined;
    }
    for (const segment of complete) this.#store(segment, index, this.#summaries.extract(segment, index.prompt));
    return nextMs;
  }

  /** Segments to which no word will be added, and when to look again for those to which one may. */
  #complete(index: AudioIndex): { complete: SpeechSegment[]; nextMs: number | undefined } {
    const { extraction, streamId } = index;
    const nowMs = this.#deps.clock.nowMs();
    // What is still to be written down may belong to whatever ends behind its beginning.
    const safeMs = this.#deps.unwrittenFromMs?.(streamId) ?? Number.POSITIVE_INFINITY;
    const words = this.#wordsFor(index);
    const all = speechSegments(words, extraction, true);
    const full = speechSegments(words, extraction, false);
    const open = all.length > full.length ? all.at(-1) : undefined;
    const mayGoOnUntilMs = open && open.endMs + (extraction.segmenter === 'time' ? 0 : LONGEST_SILENCE_MS);
    const overMs = mayGoOnUntilMs && Math.max(mayGoOnUntilMs, this.#heardMs.get(streamId) ?? 0) + LATE_MS;
    const isOver = overMs === undefined || (overMs <= nowMs && (mayGoOnUntilMs ?? 0) <= safeMs);
    const complete = (isOver ? all : full).filter(({ endMs }) => endMs <= safeMs);
    if (complete.length === all.length) return { complete, nextMs: undefined };
    return {
      complete,
      nextMs: overMs !== undefined && overMs > nowMs && safeMs === Number.POSITIVE_INFINITY ? overMs : nowMs + HELD_MS,
    };
  }

  /** Stores the segments one after the other, each with its summary; then the stream is due again. Never rejects. */
  async #write(segments: readonly SpeechSegment[], { id, streamId, prompt }: AudioIndex): Promise<void> {
    const { store, clock, log } = this.#deps;
    const { signal } = this.#stop;
    let nextMs = 0;
    try {
      for (const segment of segments) {
        const isLate = clock.nowMs() - segment.endMs > BEHIND_MS;
        const summary = await (isLate
          ? this.#summaries.extract(segment, prompt)
          : this.#summaries.write(segment, prompt, signal));
        const index = store.indexes.get(id);
        // It was stopped, deleted or asked something else meanwhile: what is left is looked at anew.
        if (index?.status !== 'running' || index.prompt !== prompt || !isAudio(index)) break;
        this.#store(segment, index, summary);
      }
    } catch (error) {
      if (signal.aborted) return;
      log.error({ index: id, error: messageOf(error) }, 'what was said could not be indexed; trying again');
      nextMs = clock.nowMs() + RETRY_MS;
    }
    this.#writing.delete(id);
    this.#due.set(streamId, Math.min(nextMs, this.#due.get(streamId) ?? nextMs));
    this.#wake.ring();
  }

  /** What was said since the index was started and behind its last scene. */
  #wordsFor({ id, streamId, resumedMs, extraction }: AudioIndex): Word[] {
    const { scenes, transcripts } = this.#deps.store;
    const behindMs = scenes.latestSpoken(id)?.endMs ?? 0;
    // A stretch of time owns the words that begin in it; other scenes end with their last word.
    const isNext = (word: Word) => (extraction.segmenter === 'time' ? word.startMs >= behindMs : word.endMs > behindMs);
    const said = transcripts.inRange(streamId, Math.max(resumedMs, behindMs) - MARGIN_MS, Number.MAX_SAFE_INTEGER);
    return inOrder(said.flatMap(wordsWithin)).filter((word) => word.startMs >= resumedMs && isNext(word));
  }

  #store(segment: SpeechSegment, { id, streamId }: AudioIndex, summary: Summary | undefined): void {
    const { startMs, endMs, text: words } = segment;
    const text = summary?.text ?? words;
    const said = summary && { said: { text: words, summary: summary.by } };
    const scene = { streamId, indexId: id, startMs, endMs, text, ...said };
    this.#deps.store.scenes.add(scene, embedText(summary ? `${text}\n${words}` : text), TEXT_EMBEDDING.model);
  }
}

function isAudio(index: SceneIndex): index is AudioIndex {
  return index.extraction.type === 'transcript';
}

/** A word's time may be a recogniser's mistake, its transcript's is that of the sound. */
function wordsWithin({ words, startMs, endMs }: Transcript): Word[] {
  const within = (ms: number) => Math.min(Math.max(ms, startMs), endMs);
  return words.map((word) => ({ ...word, startMs: within(word.startMs), endMs: within(word.endMs) }));
}

/**
 * The same words, each ending after the one before. Recognisers give words that last no time, or end together; with ends
 * that grow, the end of a scene tells exactly which words were in it.
 */
function inOrder(words: readonly Word[]): Word[] {
  let lastMs = 0;
  return words.map((word) => {
    lastMs = Math.max(word.endMs, word.startMs + 1, lastMs + 1);
    return { ...word, endMs: lastMs };
  });
}
