import { type Sound, type SoundFacts, tellingLabels } from '#domain';
import type { SoundChange } from '#hearing';
import { describeSound, embedText, TEXT_EMBEDDING } from '#inference';
import { type Log, messageOf } from '#runtime';
import type { Store } from '#store';

/** A sound that goes on makes its scene grow this often: rules ask how long it lasts. */
const GROW_EVERY_MS = 3000;

interface Told {
  labels: readonly string[];
  sceneIds: readonly number[];
  endMs: number;
}

/**
 * Stores a scene in every running audio index of a stream as soon as a sound begins, and lets it grow while the sound goes
 * on. What can't be stored is logged: hearing goes on.
 */
export class SoundScenes {
  readonly #streamId: string;
  readonly #store: Pick<Store, 'indexes' | 'scenes'>;
  readonly #log: Log;
  #told: Told[] = [];

  constructor(streamId: string, { store, log }: { store: Pick<Store, 'indexes' | 'scenes'>; log: Log }) {
    this.#streamId = streamId;
    this.#store = store;
    this.#log = log;
  }

  /** `facts` are those of the stretch in which it changed; `now` is what is heard still. */
  follow({ began, ended }: SoundChange, now: readonly Sound[], facts: SoundFacts): void {
    try {
      const telling = tellingSounds(began, now);
      if (telling.length > 0) this.#tell(telling, { ...facts, sounds: telling });
      this.#grow(now, ended);
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'a sound was heard but not stored');
    }
  }

  /** The sound broke off. */
  end(ended: readonly Sound[]): void {
    this.follow({ began: [], ended: [...ended] }, [], { sounds: [], levelDb: 0 });
  }

  #tell(began: readonly Sound[], sound: SoundFacts): void {
    const startMs = Math.min(...began.map((one) => one.startMs));
    const endMs = Math.max(...began.map((one) => one.endMs));
    const text = describeSound(sound);
    const sceneIds = this.#store.indexes
      .listRunning(this.#streamId)
      .filter(({ extraction }) => extraction.type === 'transcript')
      .map(({ id: indexId }) => {
        const scene = { streamId: this.#streamId, indexId, startMs, endMs, text, sound };
        return this.#store.scenes.add(scene, embedText(text), TEXT_EMBEDDING.model).id;
      });
    if (sceneIds.length > 0) this.#told.push({ labels: began.map(({ label }) => label), sceneIds, endMs });
  }

  /** A scene grows as long as any of its sounds is heard, and at last to where the last of them ended. */
  #grow(now: readonly Sound[], ended: readonly Sound[]): void {
    const goOn: Told[] = [];
    for (const told of this.#told) {
      const sounds = now.filter(({ label }) => told.labels.includes(label));
      const over = ended.filter(({ label }) => told.labels.includes(label));
      const endMs = Math.max(told.endMs, ...sounds.map((one) => one.endMs), ...over.map((one) => one.endMs));
      const isOver = sounds.length === 0;
      const isDue = isOver ? endMs > told.endMs : endMs - told.endMs >= GROW_EVERY_MS;
      if (isDue) for (const id of told.sceneIds) this.#store.scenes.grow(id, endMs);
      if (!isOver) goOn.push(isDue ? { ...told, endMs } : told);
    }
    this.#told = goOn;
  }
}

/** Not "an animal" beside "a dog". */
function tellingSounds(began: readonly Sound[], now: readonly Sound[]): Sound[] {
  const labels = (sounds: readonly Sound[]) => sounds.map(({ label }) => label);
  const telling = new Set(tellingLabels(labels(began), labels(now)));
  return began.filter(({ label }) => telling.has(label));
}
