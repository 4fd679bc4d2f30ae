/** The boxes that send to this one: how each is, and its cameras; restarted and forgotten here. Hidden without any. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { showToast } from '../finding/views.ts';
import { age, bytes, plural, span } from '../format.ts';
import { sureButton } from '../sure-button.ts';
import type { BoxJson } from '../wire.ts';

const REFRESH_EVERY_MS = 30_000;
/** What is less is on its way. */
const BEHIND_S = 60;

export class Boxes {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #list = byId('boxes-list', HTMLElement);
  readonly #problem = byId('boxes-problem', HTMLElement);
  readonly #rows = new Map<string, { words: string; element: HTMLElement }>();
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    this.tick();
  }

  /** Asks anew once in a while, when somebody looks. What can't be asked for now stays as it was. */
  tick(): void {
    if (document.hidden || performance.now() - this.#askedMs < REFRESH_EVERY_MS) return;
    this.#load().catch((error: unknown) => {
      if (!isAbort(error)) setText(byId('boxes-count', HTMLElement), 'not known now');
    });
  }

  async #load(): Promise<void> {
    this.#askedMs = performance.now();
    this.#show((await this.#api.get<{ boxes: BoxJson[] }>('/v1/boxes', {}, this.#signal)).boxes);
  }

  #show(boxes: readonly BoxJson[]): void {
    setHidden(byId('boxes', HTMLElement), boxes.length === 0);
    const online = boxes.filter((box) => box.online).length;
    setText(byId('boxes-count', HTMLElement), `${online} of ${boxes.length} online`);
    const rows = boxes.map((box) => this.#row(box));
    const { children } = this.#list;
    const isSame = rows.length === children.length && rows.every((row, i) => row === children[i]);
    if (!isSame) this.#list.replaceChildren(...rows);
  }

  /** The same as before while it says the same, so that the keyboard's place is not lost. */
  #row(box: BoxJson): HTMLElement {
    const words = boxWords(box, this.#api.now());
    const said = JSON.stringify([box.name, box.online, words]);
    const known = this.#rows.get(box.id);
    if (known?.words === said) return known.element;
    const element = this.#newRow(box, words);
    this.#rows.set(box.id, { words: said, element });
    return element;
  }

  #newRow({ id, name, online }: BoxJson, { tone, state, facts, problems }: BoxWords): HTMLElement {
    const path = `/v1/boxes/${encodeURIComponent(id)}`;
    const act = online
      ? sureButton('Restart', name, () => void this.#ask('POST', `${path}/api/v1/control/restart`, `${name} restarts.`))
      : sureButton('Forget', name, () => void this.#ask('DELETE', path, `${name} is forgotten.`));
    return el(
      'li',
      { 'data-tone': tone },
      el('span', { class: 'arming-words' }, el('strong', {}, name), el('span', { class: 'arming-state' }, state)),
      el('span', { class: 'arming-words' }, facts),
      el('span', { class: 'arming-actions' }, act),
      ...problems.map((problem) => el('span', { class: 'row-words' }, problem)),
    );
  }

  async #ask(method: 'POST' | 'DELETE', path: string, done: string): Promise<void> {
    setHidden(this.#problem, true);
    try {
      await this.#api.send(method, path, undefined, this.#signal);
      showToast(done);
      await this.#load();
    } catch (error) {
      if (isAbort(error)) return;
      setText(this.#problem, reasonOf(error));
      setHidden(this.#problem, false);
    }
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
