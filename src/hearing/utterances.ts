import { FRAME_MS, type SoundFrame } from './frames.ts';

/** A frame at least this likely to be speech begins an utterance, one at least so likely goes on with it. */
const BEGINS = 0.5;
const GOES_ON = 0.35;
/** So many of so many frames must be speech: a knock is none. */
const FIRST_FRAMES = 5;
const FIRST_OF = 8;
/**
 * Kept before and after, where the detector doesn't hear a consonant yet or any more: 200 ms, of which a detector itself
 * takes some at the end.
 */
const PADDING_FRAMES = Math.round(200 / FRAME_MS);
const PADDING_AFTER_FRAMES = PADDING_FRAMES - 1;
/** A detector that judges late is taken at its word so many frames earlier, as long as it was loud there. */
const MOST_LATE = 14;
const HUSHED = 3;
/** Pauses shorter than this are part of an utterance. */
const PAUSE_FRAMES = Math.round(600 / FRAME_MS);
/** Where who never pauses is cut: at the best place in the last part of what fits. */
const CUT_FROM = 0.6;

/**
 * What becomes of the sound: an utterance begins; more of the one that began last; the one that began at `startMs` ends,
 * earlier than what was handed on already.
 */
export type Cut =
  | { kind: 'begin'; startMs: number; frames: readonly SoundFrame[] }
  | { kind: 'more'; frames: readonly SoundFrame[] }
  | { kind: 'end'; startMs: number; endMs: number };

interface Heard {
  frame: SoundFrame;
  voice: number;
  loud: boolean | undefined;
}

const isSpeech = ({ voice, loud }: Heard, least: number) => voice >= least && loud !== false;

/**
 * Cuts frames, each with how likely it is speech, into utterances: padded, joined over short pauses, none longer than
 * `longestMs`. What is spoken is handed on at once, so that nothing is lost if we are killed. Times are those of the
 * first frame and counted on from there: a clock that creeps doesn't stretch an utterance.
 */
export class UtteranceCutter {
  readonly #longestFrames: number;
  /** While nobody speaks: what may turn out to be the beginning. */
  #before: Heard[] = [];
  #startMs: number | undefined;
  /** Frames since the utterance began, and up to the last one of speech. */
  #frames = 0;
  #spoken = 0;
  /** From where it may be cut. */
  #late: Heard[] = [];
  /** The end of the pause that ended it may be the padding of the next. */
  #pause: Heard[] = [];

  constructor(longestMs: number) {
    this.#longestFrames = Math.max(2 * PAUSE_FRAMES, Math.floor(longestMs / FRAME_MS));
  }

  get isOpen(): boolean {
    return this.#startMs !== undefined;
  }

  /** Where a detector judges late, `loud` tells where what it judged began and ended. */
  push(frame: SoundFrame, voice: number, loud?: boolean): Cut[] {
    const heard = { frame, voice, loud };
    return this.#startMs === undefined ? this.#await(heard) : this.#follow(heard);
  }

  /** Nothing follows: what is open ends here. */
  flush(): Cut[] {
    this.#before = [];
    return this.#startMs === undefined ? [] : [this.#end(this.#spokenEnd)];
  }

  #await(heard: Heard): Cut[] {
    this.#before.push(heard);
    if (this.#before.length > PADDING_FRAMES + FIRST_OF + MOST_LATE) this.#before.shift();
    const speech = this.#before.slice(-FIRST_OF).filter((one) => isSpeech(one, BEGINS));
    return speech.length < FIRST_FRAMES ? [] : this.#begin();
  }

  /** With the padding before the first frame that was speech. */
  #begin(): Cut[] {
    const recent = this.#before.length - FIRST_OF;
    const judged = this.#before.findIndex((one, i) => i >= recent && isSpeech(one, BEGINS));
    const first = loudFrom(this.#before, judged);
    const frames = this.#before.slice(Math.max(0, first - PADDING_FRAMES));
    this.#before = [];
    return this.#open(frames);
  }

  #open(heard: readonly Heard[]): Cut[] {
    const [first] = heard;
    if (!first) return [];
    this.#startMs = Math.round(first.frame.atMs);
    this.#frames = heard.length;
    this.#spoken = 1 + heard.findLastIndex((one) => isSpeech(one, GOES_ON));
    return [{ kind: 'begin', startMs: this.#startMs, frames: heard.map(({ frame }) => frame) }];
  }

  #follow(heard: Heard): Cut[] {
    this.#frames += 1;
    if (isSpeech(heard, GOES_ON)) this.#spoken = this.#frames;
    const isPast = this.#frames > this.#spokenEnd;
    this.#pause = isPast ? [...this.#pause, heard].slice(-PADDING_FRAMES - MOST_LATE) : [];
    if (this.#frames > this.#longestFrames * CUT_FROM) this.#late.push(heard);
    const more: Cut = { kind: 'more', frames: [heard.frame] };
    if (this.#frames - this.#spoken >= PAUSE_FRAMES) {
      this.#before = this.#pause;
      return [more, this.#end(this.#spokenEnd)];
    }
    return this.#frames < this.#longestFrames ? [more] : [more, ...this.#split()];
  }

  /** With the padding, frames since it began. */
  get #spokenEnd(): number {
    return this.#spoken + PADDING_AFTER_FRAMES;
  }

  /** Ends it at the longest way into the least likely speech, and begins the next with what came after. */
  #split(): Cut[] {
    const at = quietest(this.#late);
    const [rest, first] = [this.#late.slice(at), this.#frames - this.#late.length];
    const next = this.#startMs === undefined ? undefined : this.#startMs + (first + at) * FRAME_MS;
    const end = this.#end(first + at);
    const moved = rest.map((heard, n) => {
      return { ...heard, frame: { ...heard.frame, atMs: (next ?? heard.frame.atMs) + n * FRAME_MS } };
    });
    // The next is begun before this one is ended: nothing is ever in neither.
    return [...this.#open(moved), end];
  }

  #end(frames: number): Cut {
    const startMs = this.#startMs ?? 0;
    this.#startMs = undefined;
    this.#late = [];
    return { kind: 'end', startMs, endMs: startMs + Math.min(frames, this.#frames) * FRAME_MS };
  }
}

/** Where the noise began in which speech was found, hardly hushed in between; nowhere else if nobody tells what is loud. */
function loudFrom(heard: readonly Heard[], judged: number): number {
  let first = judged;
  for (let n = judged - 1; n >= judged - MOST_LATE && first - n <= HUSHED + 1; n--) if (heard[n]?.loud) first = n;
  return first;
}

/** Where three frames together are least likely speech; of equals the last. */
function quietest(heard: readonly Heard[]): number {
  let [best, at] = [Number.POSITIVE_INFINITY, heard.length - 1];
  for (let i = 1; i < heard.length - 1; i++) {
    const sum = heard.slice(i - 1, i + 2).reduce((total, { voice }) => total + voice, 0);
    if (sum <= best) [best, at] = [sum, i];
  }
  return at;
}
