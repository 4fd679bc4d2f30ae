/** The boxes that send to this one: whether each is there, what its cameras do, how far behind it is. Hidden without any. */
import { type Api, isAbort } from './api.ts';
import { byId, el, setHidden, setText } from './dom.ts';
import { age, bytes, plural, span } from './format.ts';
import type { BoxJson } from './wire.ts';

const REFRESH_EVERY_MS = 30_000;
/** What is less is on its way. */
const BEHIND_S = 60;

export class Boxes {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #list = byId('boxes-list', HTMLElement);
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    this.tick();
  }

  /** Asks anew once in a while, when somebody looks. What can't be asked for now stays as it was. */
  tick(): void {
    if (document.hidden || performance.now() - this.#askedMs < REFRESH_EVERY_MS) return;
    this.#askedMs = performance.now();
    this.#api
      .get<{ boxes: BoxJson[] }>('/v1/boxes', {}, this.#signal)
      .then(({ boxes }) => this.#show(boxes))
      .catch((error: unknown) => {
        if (!isAbort(error)) setText(byId('boxes-count', HTMLElement), 'not known now');
      });
  }

  #show(boxes: readonly BoxJson[]): void {
    setHidden(byId('boxes', HTMLElement), boxes.length === 0);
    const online = boxes.filter((box) => box.online).length;
    setText(byId('boxes-count', HTMLElement), `${online} of ${boxes.length} online`);
    this.#list.replaceChildren(...boxes.map((box) => this.#row(box)));
  }

  #row(box: BoxJson): HTMLElement {
    const { tone, state, facts, problems } = boxWords(box, this.#api.now());
    return el(
      'li',
      { 'data-tone': tone },
      el('span', { class: 'arming-words' }, el('strong', {}, box.name), el('span', { class: 'arming-state' }, state)),
      el('span', { class: 'arming-words' }, facts),
      ...problems.map((problem) => el('span', { class: 'arming-words' }, problem)),
    );
  }
}

export interface BoxWords {
  tone: 'armed' | 'quiet';
  state: string;
  facts: string;
  problems: string[];
}

/** How a box is, for a person. */
export function boxWords(box: BoxJson, nowMs: number): BoxWords {
  const { cameras, waiting, online } = box;
  const recording = cameras.filter(({ phase }) => phase === 'recording').length;
  const left = waiting.reduce((sum, { bytes: one }) => sum + one, 0);
  const behind = box.lag_s > BEHIND_S ? `${span(box.lag_s)} behind (${bytes(left)} to come)` : '';
  const facts = [`${recording} of ${plural(cameras.length, 'camera')} recording`, behind, `version ${box.version}`];
  const ailing = cameras.filter(({ phase }) => phase === 'stalled' || phase === 'waiting');
  const clock =
    Math.abs(box.clock_ahead_s) > BEHIND_S ? [`its clock is off by ${span(Math.abs(box.clock_ahead_s))}`] : [];
  const words = ailing.map(({ name, last_error: error }) => `${name}: ${error ?? 'sends nothing'}`);
  return {
    tone: online && ailing.length === 0 ? 'armed' : 'quiet',
    state: online ? 'online' : `away for ${age(box.last_seen * 1000, nowMs)}`,
    facts: facts.filter(Boolean).join(' · '),
    problems: [...words, ...box.notes.filter((note) => !note.startsWith('camera ')), ...clock],
  };
}
