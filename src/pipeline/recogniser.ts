import { PCM_RATE, type Word } from '#domain';
import { isFault, messageOf } from '#runtime';

/** What was recognised; words in milliseconds from the first sample. */
export interface RecognisedSpeech {
  text: string;
  words: Word[];
  language?: string;
  confidence: number;
}

/** Whoever writes down speech. Throws `unavailable` when it can't now; anything else is this speech's own fault. */
export interface SpeechRecogniser {
  readonly speechAvailable: boolean;
  /** The longest stretch that it takes at once. */
  readonly longestMs: number;
  recognise(samples: Int16Array, options: { language?: string }, signal: AbortSignal): Promise<RecognisedSpeech>;
}

/** The recogniser said that it can't do this speech, or failed on it a moment after it had done something else. */
export class OwnFault extends Error {}

/** Asks a recogniser, and knows whether it is well: so that its absence is not held against what is said. */
export class Recognising {
  readonly #recogniser: SpeechRecogniser;
  /** It has just done something. */
  #isWell = false;
  #hasFailed = false;

  constructor(recogniser: SpeechRecogniser) {
    this.#recogniser = recogniser;
  }

  get isAvailable(): boolean {
    return this.#recogniser.speechAvailable;
  }

  /** After a failure it must first show that it is there. */
  async revive(signal: AbortSignal): Promise<void> {
    if (this.#hasFailed && !this.#isWell) await this.once(faintNoise(), signal);
  }

  /** Speech of any length: an utterance of before may be longer than a model takes that came since. */
  async whole(samples: Int16Array, signal: AbortSignal): Promise<RecognisedSpeech> {
    const longest = (this.#recogniser.longestMs * PCM_RATE) / 1000;
    const length = Math.ceil(samples.length / Math.max(1, Math.ceil(samples.length / longest)));
    const pieces: RecognisedSpeech[] = [];
    for (let at = 0; at < samples.length; at += length) {
      const piece = await this.once(samples.subarray(at, at + length), signal);
      pieces.push(later(piece, (at * 1000) / PCM_RATE));
    }
    return joinedSpeech(pieces);
  }

  async once(samples: Int16Array, signal: AbortSignal): Promise<RecognisedSpeech> {
    const wasWell = this.#isWell;
    this.#isWell = false;
    try {
      const speech = await this.#recogniser.recognise(samples, {}, signal);
      this.#isWell = true;
      this.#hasFailed = false;
      return speech;
    } catch (error) {
      this.#hasFailed = true;
      const isOwn = wasWell || (isFault(error) && error.kind !== 'unavailable');
      throw isOwn ? new OwnFault(messageOf(error), { cause: error }) : error;
    }
  }
}

function later(speech: RecognisedSpeech, byMs: number): RecognisedSpeech {
  const moved = ({ text, startMs, endMs }: Word) => ({ text, startMs: startMs + byMs, endMs: endMs + byMs });
  return { ...speech, words: speech.words.map(moved) };
}

function joinedSpeech(pieces: readonly RecognisedSpeech[]): RecognisedSpeech {
  const [first] = pieces;
  return {
    ...first,
    text: pieces.map(({ text }) => text.trim()).join(' '),
    words: pieces.flatMap(({ words }) => words),
    confidence: pieces.reduce((sum, { confidence }) => sum + confidence, 0) / Math.max(1, pieces.length),
  };
}

/** Half a second that no one spoke in: whoever fails on this is away. Not silence, which costs no model run. */
function faintNoise(): Int16Array {
  return Int16Array.from({ length: PCM_RATE / 2 }, (_, n) => ((n * 7919) % 401) - 200);
}
