import type { PcmChunk, Stream } from '#domain';
import { Framer, Heard, NoiseGate, type SoundClass, type Spool } from '#hearing';
import { type Clock, type Log, messageOf } from '#runtime';
import type { Store } from '#store';
import { SoundScenes } from './sound-scenes.ts';
import { SoundWatch } from './sound-watch.ts';
import { type GatedFrame, SpeechCatcher } from './speech-catcher.ts';

/** A failure is told once in so long: sound comes many times a second. */
const COMPLAIN_EVERY_MS = 60_000;

/** The models that hearing asks; each answers undefined without a pack, or while it is away. */
export interface Ears {
  /** How likely each 512 samples are speech. */
  voice(streamId: string, samples: Int16Array, signal: AbortSignal): Promise<Float32Array | undefined>;
  /** Classes of sound, best first. */
  sounds(samples: Int16Array, signal: AbortSignal): Promise<SoundClass[] | undefined>;
  /** Whether anyone will ever write down what is said. */
  readonly speechAvailable: boolean;
  /** The longest stretch of speech that is written down at once. */
  readonly longestMs: number;
  status(): { sounds: { state: string; pack?: string } };
}

export interface HearDeps {
  listening: Ears;
  spool: Spool;
  store: Pick<Store, 'indexes' | 'scenes'>;
  clock: Clock;
  log: Log;
  /** How long a model may take before it is done without. */
  patienceMs?: number;
}

/**
 * One stream's ear; it outlives reconnects. Sound becomes levels, sounds and speech. What goes wrong costs hearing only:
 * it is logged, and the next chunk is listened to.
 */
export class Ear {
  readonly heard: Heard;
  readonly #deps: HearDeps;
  readonly #framer = new Framer();
  readonly #gate = new NoiseGate();
  readonly #speech: SpeechCatcher;
  readonly #sounds: SoundWatch;
  #complainedMs = Number.NEGATIVE_INFINITY;

  /** `stream` tells what it is now; `heard`, what an ear before this one has heard. */
  constructor(stream: () => Stream, deps: HearDeps, heard: Heard = new Heard()) {
    this.heard = heard;
    this.#deps = deps;
    this.#speech = new SpeechCatcher({ ...deps, stream });
    this.#sounds = new SoundWatch({ ...deps, heard, scenes: new SoundScenes(stream().id, deps) });
  }

  async take(chunk: PcmChunk, signal: AbortSignal): Promise<void> {
    const { jump, frames } = this.#framer.push(chunk);
    if (jump) {
      this.#sounds.end();
      await this.#speech.jump(jump.fromMs, jump.toMs);
    }
    const gated: GatedFrame[] = [];
    for (const frame of frames) {
      const open = this.#gate.pass(this.#sounds.measure(frame));
      const heard = { frame, open, loud: this.#gate.isLoud };
      gated.push(heard);
      await this.#sounds.hear(heard, signal);
    }
    await this.#speech.hear(gated, signal);
  }

  /** The sound ended: what was being said is complete. */
  async end(): Promise<void> {
    this.#framer.reset();
    this.#sounds.end();
    await this.#speech.end();
  }

  /** Something failed; hearing goes on with the next chunk. */
  complain(error: unknown): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#complainedMs < COMPLAIN_EVERY_MS) return;
    this.#complainedMs = nowMs;
    this.#deps.log.error({ error: messageOf(error) }, 'sound could not be listened to; the recording goes on');
  }
}

/** Listens until the sound ends. Never rejects; when `signal` has aborted, no model is asked any more. */
export async function hear(audio: AsyncIterable<PcmChunk>, ear: Ear, signal: AbortSignal): Promise<void> {
  const guarded = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      ear.complain(error);
    }
  };
  for await (const chunk of audio) await guarded(() => ear.take(chunk, signal));
  await guarded(() => ear.end());
}
