/** Model packs: which are here, how fast they answer, what is wrong with them; others are fetched, one at a time. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { bytes } from '../format.ts';
import type { PackJson, StatusJson } from '../wire.ts';

const PATH = '/v1/control/models';
const FETCHING_EVERY_MS = 1000;

/** Asks only while the dialog is open. Rows are kept, so that the keyboard's place is not lost. */
export class Models {
  readonly #api: Api;
  readonly #dialog: HTMLDialogElement;
  readonly #signal: AbortSignal;
  readonly #here = byId('models-here', HTMLElement);
  readonly #away = byId('models-away', HTMLElement);
  readonly #problem = byId('models-problem', HTMLElement);
  readonly #rows = new Map<string, Row>();
  #packs: PackJson[] = [];
  #use: StatusJson['inference'];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api, dialog: HTMLDialogElement, signal: AbortSignal) {
    this.#api = api;
    this.#dialog = dialog;
    this.#signal = signal;
    for (const list of [this.#here, this.#away]) list.replaceChildren();
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  open(): void {
    void this.#ask(() => this.#api.get(PATH, {}, this.#signal));
  }

  /** Which of them are in use, on what, and how fast. */
  showUse(inference: StatusJson['inference']): void {
    this.#use = inference;
    if (this.#dialog.open) this.#draw();
  }

  async #ask(work: () => Promise<{ models: PackJson[] }>): Promise<void> {
    clearTimeout(this.#timer);
    try {
      this.#packs = (await work()).models;
      setHidden(this.#problem, true);
      this.#draw();
    } catch (error) {
      if (isAbort(error)) return;
      setText(this.#problem, reasonOf(error));
      setHidden(this.#problem, false);
      this.#draw();
    }
    if (this.#isFetching() && this.#dialog.open) this.#timer = setTimeout(() => this.open(), FETCHING_EVERY_MS);
  }

  #draw(): void {
    const away = this.#packs.filter(({ here }) => !here);
    this.#drawIn(
      this.#here,
      this.#packs.filter(({ here }) => here),
    );
    this.#drawIn(this.#away, away);
    setHidden(byId('models-more', HTMLElement), away.length === 0);
  }

  #drawIn(list: HTMLElement, packs: readonly PackJson[]): void {
    packs.forEach((pack, at) => {
      const row = this.#rows.get(pack.name) ?? new Row(pack.name, () => this.#pull(pack.name));
      this.#rows.set(pack.name, row);
      row.show(pack, this.#use, this.#isFetching());
      if (list.children[at] !== row.element) list.insertBefore(row.element, list.children[at] ?? null);
    });
    while (list.children.length > packs.length) list.lastElementChild?.remove();
  }

  #pull(name: string): void {
    const { here: update } = this.#packs.find((one) => one.name === name) ?? {};
    void this.#ask(() => this.#api.post(`${PATH}/${encodeURIComponent(name)}/pull`, { update }, this.#signal));
  }

  #isFetching(): boolean {
    return this.#packs.some(({ pull }) => pull?.state === 'fetching');
  }
}

class Row {
  readonly element: HTMLElement;
  readonly #name: string;
  readonly #state = el('span', { class: 'arming-state' });
  readonly #facts = el('span', {});
  readonly #problem = el('span', { class: 'row-words', hidden: true });
  readonly #fetch = el('button', { type: 'button' });
  readonly #bar: HTMLProgressElement;
  readonly #percentage = el('span', {});
  readonly #pull: HTMLElement;

  constructor(name: string, pull: () => void) {
    this.#name = name;
    this.#bar = el('progress', { max: 100, value: 0, 'aria-label': `Fetching ${name}` });
    this.#pull = el('span', { class: 'pack-pull', hidden: true }, this.#bar, this.#percentage);
    this.#fetch.addEventListener('click', pull);
    const words = el('span', { class: 'arming-words' }, el('strong', {}, name), this.#state, this.#facts);
    this.element = el('li', {}, words, el('span', { class: 'arming-actions' }, this.#fetch), this.#problem, this.#pull);
  }

  show(pack: PackJson, use: StatusJson['inference'], isFetching: boolean): void {
    const { tone, state, facts, problem } = packWords(pack, use);
    this.element.dataset.tone = tone;
    setText(this.#state, state);
    setText(this.#facts, facts);
    setText(this.#problem, problem);
    setHidden(this.#problem, problem === '');
    const verb = pack.here ? 'Fetch anew' : 'Fetch';
    setText(this.#fetch, verb);
    this.#fetch.setAttribute('aria-label', `${verb} ${this.#name}`);
    setHidden(this.#fetch, isFetching || (pack.here && pack.problem === undefined));
    const { state: pulling, percentage = 0 } = pack.pull ?? {};
    setHidden(this.#pull, pulling !== 'fetching');
    this.#bar.value = percentage;
    setText(this.#percentage, `${percentage} %`);
  }
}

/** How a pack does, for a person. */
export function packWords(pack: PackJson, use: StatusJson['inference']) {
  const { task, licence, here, problem, pull, adds } = pack;
  const isUsed = use?.packs?.[task] === pack.name;
  const ms = isUsed ? use?.answer_ms?.[task] : undefined;
  const on = isUsed ? use?.providers?.[task] : undefined;
  const facts = [
    task.replaceAll('-', ' '),
    on && `runs on ${on.toUpperCase()}`,
    ms !== undefined && `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms a picture`,
    pack.bytes !== undefined && bytes(pack.bytes),
    licence,
  ];
  const failed = pull?.state === 'failed' ? `Could not be fetched: ${pull.error ?? 'nobody knows why'}` : '';
  return {
    tone: problem !== undefined ? ('quiet' as const) : here ? ('armed' as const) : ('away' as const),
    state: problem !== undefined ? 'can not be used' : isUsed ? 'in use' : here ? 'here' : 'not here',
    facts: facts.filter(Boolean).join(' · '),
    problem: problem ?? (failed || (here ? '' : (adds ?? ''))),
  };
}
