import { setMaxListeners } from 'node:events';
import { type Meant, partsOf, type Rule } from '#domain';
import type { Eyes } from '#inference';
import { type Clock, type Log, messageOf, retryDelays, Wake } from '#runtime';
import type { Store } from '#store';
import type { Happening } from './attend.ts';
import { contrastsOf } from './contrasts.ts';
import { similarityOf } from './similarity.ts';

/** What a picture is compared with, and which model does. */
export interface Similar {
  similar: Record<string, number>;
  comparedBy: string;
}

type Picture = NonNullable<ReturnType<Store['scenes']['pictureOf']>>;

export interface MeaningsDeps {
  store: Pick<Store, 'prompts' | 'events' | 'scenes'>;
  eyes: Pick<Eyes, 'ask' | 'has' | 'status'>;
  clock: Clock;
  log: Log;
}

/** Sentences that are kept at hand, and those that wait for the model: one more is read when a picture is to be compared with it. */
const MOST = 200;
const LONGEST_WAIT_MS = 60_000;
const RETRY = { firstMs: 1000, capMs: 60_000 };

/**
 * What sentences of prompts mean to the model that compares pictures with texts. Each is read once for a model, in the
 * background, and kept in the store; when the model changes it is read anew. Until a sentence is known, and where no
 * model is, pictures tell nothing of it.
 */
export class Meanings implements AsyncDisposable {
  readonly #deps: MeaningsDeps;
  readonly #stop = new AbortController();
  readonly #wake: Wake;
  readonly #known = new Map<string, Meant>();
  readonly #unread = new Set<string>();
  #seen: { id: number; picture: Picture | undefined } | undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor(deps: MeaningsDeps) {
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
    setMaxListeners(0, this.#stop.signal);
  }

  /** Begins with the sentences of all events; ends when disposed of or when `signal` aborts. */
  static start(deps: MeaningsDeps, signal: AbortSignal): Meanings {
    const meanings = new Meanings(deps);
    signal.addEventListener('abort', () => meanings.#stop.abort(), { once: true });
    meanings.#ended = meanings.#run(meanings.#stop.signal);
    return meanings;
  }

  /** The model that compares pictures with texts now; undefined where there is none. */
  get model(): string | undefined {
    const { eyes } = this.#deps;
    return eyes.has('image-text') ? eyes.status().packs['image-text'] : undefined;
  }

  /** Has the rule's sentences, if it has any, read before they are needed. Returns at once. */
  learn(rule: Pick<Rule, 'subject' | 'relation'>): void {
    const { model } = this;
    if (model !== undefined) for (const sentence of sentencesOf(rule)) this.#meantBy(sentence, model);
  }

  /** What the scene's picture makes of the rule's sentences; undefined when nothing tells, or not yet. */
  similar(rule: Rule, scene: { id: number; startMs: number }): Similar | undefined {
    const sentences = sentencesOf(rule);
    const picture = sentences.length > 0 ? this.#pictureOf(scene) : undefined;
    if (!picture) return undefined;
    const similar: Record<string, number> = {};
    for (const sentence of sentences) {
      const meant = this.#meantBy(sentence, picture.model);
      const sure = meant && similarityOf(meant, picture);
      if (sure !== undefined) similar[sentence] = sure;
    }
    return Object.keys(similar).length > 0 ? { similar, comparedBy: picture.model } : undefined;
  }

  /** As `learn`, and waits for it; gives up when `signal` aborts, or when the model has no time. Never throws. */
  async prepare(rule: Rule, signal: AbortSignal): Promise<void> {
    const { model } = this;
    if (model === undefined) return;
    for (const sentence of sentencesOf(rule)) {
      // Without it nothing is compared.
      if (!this.#lookUp(sentence, model)) await this.#read(sentence, model, signal).catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** All alerts of an index look at one scene after the other. */
  #pictureOf(scene: { id: number; startMs: number }): Picture | undefined {
    if (this.#seen?.id !== scene.id) this.#seen = { id: scene.id, picture: this.#deps.store.scenes.pictureOf(scene) };
    return this.#seen.picture;
  }

  /** What is not known is read soon, as long as the model is the one that is here. */
  #meantBy(sentence: string, model: string): Meant | undefined {
    const known = this.#lookUp(sentence, model);
    if (!known && model === this.model && this.#unread.size < MOST && !this.#unread.has(sentence)) {
      this.#unread.add(sentence);
      this.#wake.ring();
    }
    return known;
  }

  #lookUp(sentence: string, model: string): Meant | undefined {
    const key = keyOf(sentence, model);
    const known = this.#known.get(key) ?? this.#stored(sentence, model);
    if (known) this.#keep(key, known);
    return known;
  }

  /** Those used last at the end. */
  #keep(key: string, meant: Meant): void {
    this.#known.delete(key);
    this.#known.set(key, meant);
    for (const old of this.#known.keys()) if (this.#known.size > MOST) this.#known.delete(old);
  }

  /** What it is compared with may have been others when it was stored. */
  #stored(sentence: string, model: string): Meant | undefined {
    const stored = this.#deps.store.prompts.get(sentence, model);
    const texts = JSON.stringify([sentence, ...contrastsOf(sentence)]);
    return stored && JSON.stringify(stored.texts) === texts ? stored : undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let delays = retryDelays(RETRY);
    let model: string | undefined;
    while (!signal.aborted) {
      if (model !== this.model) this.#learnAll();
      model = this.model;
      const left = await this.#readAll(signal);
      if (left === 0) delays = retryDelays(RETRY);
      await this.#wake.wait(left === 0 ? LONGEST_WAIT_MS : delays.next().value, signal);
    }
  }

  #learnAll(): void {
    for (const { rule } of this.#deps.store.events.list()) this.learn(rule);
  }

  /** Returns how many sentences the model had no time for. Never rejects. */
  async #readAll(signal: AbortSignal): Promise<number> {
    for (const sentence of [...this.#unread]) {
      const { model } = this;
      try {
        if (model === undefined || (await this.#read(sentence, model, signal))) this.#unread.delete(sentence);
      } catch (error) {
        if (signal.aborted) return 0;
        this.#deps.log.error({ error: messageOf(error) }, 'a prompt could not be read; trying again');
      }
    }
    return this.#unread.size;
  }

  /** Undefined when the model has no time. */
  async #read(sentence: string, model: string, signal: AbortSignal): Promise<Meant | undefined> {
    const { store, eyes } = this.#deps;
    const texts = [sentence, ...contrastsOf(sentence)];
    const about = { streamId: 'prompts', priority: 'alert' } as const;
    const answer = await eyes.ask('image-text', { picture: undefined, texts }, about, signal);
    if (typeof answer === 'string' || model !== this.model) return undefined;
    const meant = { model, scale: answer.scale, texts, vectors: answer.texts };
    store.prompts.put(sentence, meant);
    this.#keep(keyOf(sentence, model), meant);
    return meant;
  }
}

function keyOf(sentence: string, model: string): string {
  return JSON.stringify([sentence, model]);
}

/** With what its picture says of the rule; what a scene was told anew says nothing of its picture. */
export function withSimilar<T extends Happening>(
  rule: Rule,
  happening: T,
  meanings: Pick<Meanings, 'similar'> | undefined,
): T {
  const { sceneId, startMs, isRetold } = happening;
  if (sceneId === undefined || isRetold) return happening;
  return { ...happening, ...meanings?.similar(rule, { id: sceneId, startMs }) };
}

function sentencesOf(rule: Pick<Rule, 'subject' | 'relation'>): string[] {
  return partsOf(rule).flatMap(({ subject }) =>
    subject.kind === 'text' && subject.sentence !== undefined ? [subject.sentence] : [],
  );
}
