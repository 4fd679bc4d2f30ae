import { setMaxListeners } from 'node:events';
import type { Frame, Scene, SceneFacts, SceneIndex, Told } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { planFor, readAnswer, type Shape } from '#prompts';
import { isFault, type Log, messageOf } from '#runtime';
import type { Store } from '#store';
import { chosen, type Teller, type TellerStatus } from './teller.ts';
import { Turns, type Wish } from './turns.ts';

export interface TellersDeps {
  /** In the order in which they are asked. */
  tellers: readonly Teller[];
  store: Pick<Store, 'scenes'>;
  log: Log;
}

export interface TellersStatus {
  tellers: TellerStatus[];
  /** Wishes that wait for their turn. */
  waiting: number;
  /** Scenes and alerts told, since the start. */
  told: number;
  /** Those that nobody had time for. */
  dropped: number;
  /** Scenes of `pro` indexes that came while all were busy. */
  passed: number;
}

/** More pictures of one scene are not kept for its turn. */
const MOST_PICTURES = 4;
const WHATEVER = 'Describe what is happening.';

/**
 * All on this box that look at pictures and follow instructions. Slow and often absent: nothing waits for them but who
 * asked, and what they say comes to what is stored already.
 */
export class Tellers implements AsyncDisposable {
  readonly #deps: TellersDeps;
  readonly #turns: Turns;
  readonly #stop = new AbortController();
  readonly #telling = new Set<Promise<void>>();
  #told = 0;
  #passed = 0;

  constructor(deps: TellersDeps) {
    this.#deps = deps;
    this.#turns = new Turns(deps.tellers);
    setMaxListeners(0, this.#stop.signal); // All that waits listens.
  }

  /** There is one, if perhaps not now. */
  get present(): boolean {
    return this.#deps.tellers.some((teller) => teller.status() !== undefined);
  }

  /** One that does what it is told is here, if perhaps not now. */
  get hasFollower(): boolean {
    return this.follower !== undefined;
  }

  /** Its model; of several, the one that is asked first. */
  get follower(): string | undefined {
    return this.#deps.tellers.flatMap((teller) => (teller.follows ? (teller.status()?.model ?? []) : []))[0];
  }

  /** One that does what it is told could be asked now, though perhaps not begin at once. */
  get follows(): boolean {
    return this.#turns.can({ strict: true });
  }

  status(): TellersStatus {
    return {
      tellers: this.#deps.tellers.flatMap((teller) => teller.status() ?? []),
      waiting: this.#turns.waiting,
      told: this.#told,
      dropped: this.#turns.dropped,
      passed: this.#passed,
    };
  }

  /** Undefined when nobody can or has time. Rejects with the signal's reason only. */
  async tell(wish: Wish, signal: AbortSignal): Promise<Told | undefined> {
    const frames = chosen(wish.frames, MOST_PICTURES);
    const told = frames.length > 0 ? await this.#turns.take({ ...wish, frames }, signal) : undefined;
    if (told) this.#told += 1;
    return told;
  }

  /**
   * Has a stored scene told anew by its index's prompt, when there is time: for an `ultra` index as soon as somebody has,
   * for a `pro` index if somebody has now. Returns at once and never throws; of an index's scenes the newest waits.
   */
  offer(scene: Scene, frames: readonly Frame[], index: SceneIndex): void {
    if ((index.modelName !== 'ultra' && index.modelName !== 'pro') || this.#stop.signal.aborted) return;
    const { instruction, json } = planFor(index.prompt);
    const strict = json !== undefined;
    if (!this.#turns.can({ strict })) return;
    if (index.modelName === 'pro' && !this.#turns.isIdle({ strict })) {
      this.#passed += 1;
      return;
    }
    const about = { streamId: scene.streamId, about: index.id, strict, priority: 'index' } as const;
    const wish = { frames, instruction: instruction || WHATEVER, ...about };
    const telling = this.#retell(scene.id, wish, json).finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }

  /** What is being told is given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#telling);
  }

  /** Never rejects. */
  async #retell(id: number, wish: Wish, json: Shape | undefined): Promise<void> {
    const { store, log } = this.#deps;
    const signal = this.#stop.signal;
    try {
      const told = await this.tell(wish, signal);
      const facts = told && store.scenes.get(id)?.facts;
      if (!facts) return;
      const answer = json ? { answer: readAnswer(told.text, json, told.by) } : {};
      const measured: SceneFacts = { ...facts, ...answer, told };
      store.scenes.retell(id, { text: told.text, facts: measured }, embedText(told.text), TEXT_EMBEDDING.model);
    } catch (error) {
      if (signal.aborted || isFault(error, 'not_found')) return;
      log.error({ scene: id, error: messageOf(error) }, 'what a scene was told anew could not be stored');
    }
  }
}
