import { NO_EVENTS, type Sound } from '#domain';

/** A class of sound that a model heard in one stretch. */
export interface SoundClass {
  label: string;
  score: number;
}

/** What changed with one stretch. */
export interface SoundChange {
  began: Sound[];
  ended: Sound[];
}

const BEGINS = 0.5;
/** Less certain, but heard in two stretches one after the other. */
const BEGINS_TWICE = 0.3;
const GOES_ON = 0.2;
const ENDS_AFTER_MS = 2000;

/**
 * Follows which sounds are heard: each begins when a model is certain, or fairly certain twice, and ends when it has not
 * been heard for two seconds. A sound's score is the largest while it was heard.
 */
export class SoundTracker {
  readonly #heard = new Map<string, Sound>();
  /** Heard in the last stretch, not certain enough to begin. */
  #maybe = new Map<string, Sound>();

  /** What is heard now. */
  get now(): Sound[] {
    return [...this.#heard.values()];
  }

  /** What a model heard in one stretch; nothing when it was silent. Stretches come in order. */
  hear(classes: readonly SoundClass[], startMs: number, endMs: number): SoundChange {
    const before = this.#maybe;
    this.#maybe = new Map();
    const began: Sound[] = [];
    for (const { label, score } of classes) {
      if (NO_EVENTS.has(label)) continue;
      const known = this.#heard.get(label);
      if (known && score >= GOES_ON) {
        this.#heard.set(label, { ...known, score: Math.max(known.score, score), endMs });
      } else if (!known && score >= BEGINS_TWICE) {
        const sound = { label, score, startMs, endMs };
        const earlier = before.get(label);
        if (score < BEGINS && !earlier) this.#maybe.set(label, sound);
        else
          began.push({ ...sound, score: Math.max(score, earlier?.score ?? 0), startMs: earlier?.startMs ?? startMs });
      }
    }
    for (const sound of began) this.#heard.set(sound.label, sound);
    return { began: began.sort((a, b) => b.score - a.score), ended: this.#endedBy(endMs) };
  }

  /** The sound broke off: nothing is heard any more. */
  stop(): Sound[] {
    const ended = this.now;
    this.#heard.clear();
    this.#maybe.clear();
    return ended;
  }

  #endedBy(nowMs: number): Sound[] {
    const ended = this.now.filter((sound) => nowMs - sound.endMs >= ENDS_AFTER_MS);
    for (const { label } of ended) this.#heard.delete(label);
    return ended;
  }
}
