/** Small parts of the page that are not data: which view a phone shows, how many alerts nobody has seen, the toast. */
import { byId, setHidden, setText } from '../dom.ts';
import { clock } from '../format.ts';
import type { LiveState } from '../live.ts';

export type View = 'cameras' | 'live';
export interface Views {
  readonly current: View;
  onChange(listener: () => void): void;
}

/** On a narrow screen one view at a time is shown; on a wide one this changes nothing. */
export function viewSwitch(signal: AbortSignal): Views {
  const buttons: Record<View, HTMLButtonElement> = {
    cameras: byId('view-cameras', HTMLButtonElement),
    live: byId('view-live', HTMLButtonElement),
  };
  const listeners: (() => void)[] = [];
  let current: View = 'cameras';
  const show = (view: View): void => {
    current = view;
    document.body.dataset.view = view;
    buttons.cameras.setAttribute('aria-pressed', String(view === 'cameras'));
    buttons.live.setAttribute('aria-pressed', String(view === 'live'));
    for (const listener of listeners) listener();
  };
  buttons.cameras.addEventListener('click', () => show('cameras'), { signal });
  buttons.live.addEventListener('click', () => show('live'), { signal });
  byId('search-form', HTMLFormElement).addEventListener('submit', () => show('cameras'), { signal });
  show('cameras');
  return {
    get current() {
      return current;
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

/** Counts alerts that came while nobody could see them, in the tab's title and on the phone's view switch. */
export class Unseen {
  readonly #views: Views;
  readonly #wide = matchMedia('(min-width: 1080px)');
  readonly #title = document.title;
  #count = 0;

  constructor(views: Views, signal: AbortSignal) {
    this.#views = views;
    views.onChange(() => this.#look());
    document.addEventListener('visibilitychange', () => this.#look(), { signal });
    signal.addEventListener('abort', () => {
      this.#count = 0;
      this.#show();
    });
  }

  add(): void {
    this.#count += 1;
    this.#look();
  }

  #look(): void {
    if (!document.hidden && (this.#wide.matches || this.#views.current === 'live')) this.#count = 0;
    this.#show();
  }

  #show(): void {
    const badge = byId('unseen', HTMLElement);
    setText(badge, String(this.#count));
    setHidden(badge, this.#count === 0);
    document.title = this.#count > 0 ? `(${this.#count}) ${this.#title}` : this.#title;
  }
}

/** Says above everything that the box is away, and since when; what is shown stays, and is old. */
export class Away {
  readonly #words = byId('away', HTMLElement);

  constructor() {
    setHidden(this.#words, true);
  }

  show(state: LiveState): void {
    if (state === 'live') setHidden(this.#words, true);
    if (state !== 'broken' || !this.#words.hidden) return;
    const since = clock(Date.now(), Date.now());
    setText(this.#words, `The box does not answer since ${since}. What is shown is from then; it is tried again.`);
    setHidden(this.#words, false);
  }
}

let toastTimer: ReturnType<typeof setTimeout> | undefined;

export function showToast(text: string): void {
  const toast = byId('toast', HTMLElement);
  setText(toast, text);
  toast.classList.add('is-shown');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.classList.remove('is-shown'), 5000);
}
