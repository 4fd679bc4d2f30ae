import type { SoundFacts, Window } from '#domain';
import type { Heard } from '#hearing';
import { describeSound, type Observation } from '#inference';

/**
 * Adds to what one index sees what is heard meanwhile. A sound that begins or ends makes a new scene, also where nothing
 * moves. Sounds of before the index looked are not told.
 */
export class SoundSight {
  readonly #heard: Pick<Heard, 'between' | 'n'> | undefined;
  /** Up to where sounds were told. */
  #n: number;
  #substance = '';

  constructor(heard: Pick<Heard, 'between' | 'n'> | undefined) {
    this.#heard = heard;
    this.#n = heard?.n ?? 0;
  }

  add(observation: Observation, { startMs, endMs }: Pick<Window, 'startMs' | 'endMs'>): Observation {
    const then = this.#heard?.between(startMs, endMs, this.#n);
    this.#n = then?.n ?? this.#n;
    const sound = then?.facts;
    const substance = substanceOf(sound);
    const changed = observation.changed || substance !== this.#substance;
    this.#substance = substance;
    return sound ? { ...withSound(observation, sound), changed } : { ...observation, changed };
  }
}

function withSound(observation: Observation, sound: SoundFacts): Observation {
  const heard = describeSound(sound);
  const text = heard ? `${observation.text}; ${heard}` : observation.text;
  return { ...observation, text, facts: { ...observation.facts, sound } };
}

/** Two windows with the same are one scene: what is heard, not how loud. */
function substanceOf(sound: SoundFacts | undefined): string {
  if (!sound) return '';
  return [sound.trouble ?? '', ...sound.sounds.map(({ label }) => label).sort()].join('\n').trim();
}
