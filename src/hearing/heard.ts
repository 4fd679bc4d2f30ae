import type { Sound, SoundFacts } from '#domain';
import type { Level } from './level.ts';

const KEPT_MS = 600_000;

interface Second extends Level {
  startMs: number;
  endMs: number;
  /** The model pack that listened for sounds, if one did. */
  pack: string | undefined;
}

interface Known {
  sound: Sound;
  /** How many sounds were known when this one became known, itself included. */
  n: number;
}

/** What was heard in a stretch; `n` is to be handed to the next question. */
export interface HeardThen {
  facts: SoundFacts | undefined;
  n: number;
}

/** What one stream sounded like in the last ten minutes. */
export class Heard {
  #seconds: Second[] = [];
  #sounds: Known[] = [];
  #count = 0;

  /** How many sounds became known so far: where a first question begins. */
  get n(): number {
    return this.#count;
  }

  /** Up to when anything was measured; -Infinity: nothing. */
  get untilMs(): number {
    return this.#seconds.at(-1)?.endMs ?? Number.NEGATIVE_INFINITY;
  }

  /** A stretch that was measured. */
  level(startMs: number, endMs: number, level: Level, pack?: string): void {
    this.#seconds.push({ startMs, endMs, pack, ...level });
    this.#seconds = this.#seconds.filter((second) => within(second, endMs));
    this.#sounds = this.#sounds.filter(({ sound }) => within(sound, endMs));
  }

  /** A sound that began, or goes on. */
  sound(sound: Sound): void {
    const known = this.#sounds.find(
      (other) => other.sound.label === sound.label && other.sound.startMs === sound.startMs,
    );
    if (known) known.sound = sound;
    else {
      this.#count += 1;
      this.#sounds.push({ sound, n: this.#count });
    }
  }

  /**
   * What was heard between two times; `facts` is undefined when nothing was listened to. A short sound is known only some
   * time after it was heard: with the `n` of the question before, those that became known since are told, too.
   */
  between(startMs: number, endMs: number, sinceN: number): HeardThen {
    const seconds = this.#seconds.filter((second) => second.endMs > startMs && second.startMs < endMs);
    if (seconds.length === 0) return { facts: undefined, n: sinceN };
    const sounds = this.#sounds
      .filter(({ sound, n }) => sound.startMs < endMs && (sound.endMs > startMs || n > sinceN))
      .map(({ sound }) => sound)
      .sort((a, b) => b.score - a.score);
    const told = this.#sounds.filter(({ sound }) => sound.startMs < endMs).map(({ n }) => n);
    return { facts: { sounds, ...overall(seconds) }, n: Math.max(sinceN, ...told) };
  }
}

function within({ endMs }: { endMs: number }, nowMs: number): boolean {
  return Math.abs(nowMs - endMs) <= KEPT_MS;
}

/** The mean of powers, not of decibels. Dead when all of it was, clipped when any was, listened to when all was. */
function overall(seconds: readonly Second[]): Omit<SoundFacts, 'sounds'> {
  const power = seconds.reduce((sum, { levelDb }) => sum + 10 ** (levelDb / 10), 0) / seconds.length;
  const levelDb = Math.round(100 * Math.log10(power)) / 10;
  const pack = seconds.every((second) => second.pack === seconds[0]?.pack) ? seconds[0]?.pack : undefined;
  const dead = seconds.every(({ trouble }) => trouble === 'dead');
  const trouble = dead ? 'dead' : seconds.some((second) => second.trouble === 'clipped') ? 'clipped' : undefined;
  return { levelDb, ...(trouble ? { trouble } : {}), ...(pack === undefined ? {} : { pack }) };
}
