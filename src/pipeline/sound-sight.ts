import { AUDIBLE_DB, type SoundFacts, type Window } from '#domain';
import type { Heard } from '#hearing';
import { describeSound, type Observation } from '#inference';

/** Who speaks makes pauses: it is silent again after this long. */
const SILENT_AFTER_MS = 30_000;

/**
 * Adds to what one index sees what is heard meanwhile. A sound that begins or ends makes a new scene, also where nothing
 * moves; so does one that has no name when it breaks the silence. Sounds of before the index looked are not told.
 */
export class SoundSight {
  readonly #heard: Pick<Heard, 'between' | 'n'> | undefined;
  /** Up to where sounds were told. */
  #n: number;
  #substance = '';
  /** The scene that goes on began with a window that wasn't silent. */
  #isLoud = false;
  #loudMs = Number.NEGATIVE_INFINITY;

  constructor(heard: Pick<Heard, 'between' | 'n'> | undefined) {
    this.#heard = heard;
    this.#n = heard?.n ?? 0;
  }

  add(observation: Observation, { startMs, endMs }: Pick<Window, 'startMs' | 'endMs'>): Observation {
    const then = this.#heard?.between(startMs, endMs, this.#n);
    this.#n = then?.n ?? this.#n;
    const sound = then?.facts;
    const substance = substanceOf(sound);
    const loud = sound !== undefined && sound.levelDb >= AUDIBLE_DB;
    if (loud) this.#loudMs = endMs;
    const changed = observation.changed || substance !== this.#substance || this.#breaks(loud, endMs);
    this.#substance = substance;
    if (changed) this.#isLoud = loud;
    return sound ? { ...withSound(observation, sound), changed } : { ...observation, changed };
  }

  /** Whether the silence of the scene that goes on is broken, or it has been silent for long in a loud one. */
  #breaks(loud: boolean, endMs: number): boolean {
    return loud ? !this.#isLoud : this.#isLoud && endMs - this.#loudMs >= SILENT_AFTER_MS;
  }
}

function withSound(observation: Observation, sound: SoundFacts): Observation {
  const heard = describeSound(sound);
  const text = heard ? `${observation.text}; ${heard}` : observation.text;
  return { ...observation, text, facts: { ...observation.facts, sound } };
}

/** Two windows with the same are one scene: what is heard. */
function substanceOf(sound: SoundFacts | undefined): string {
  if (!sound) return '';
  return [sound.trouble ?? '', ...sound.sounds.map(({ label }) => label).sort()].join('\n').trim();
}
