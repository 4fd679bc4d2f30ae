/** The search box and its results, which stand above the cameras until they are closed. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { placeQuery } from '../fleet/places.ts';
import { plural } from '../format.ts';
import type { HitJson, SceneJson } from '../wire.ts';
import { sceneButton } from './moment.ts';

const LIMIT = 24;

export class Search {
  readonly #api: Api;
  readonly #watch: (scene: SceneJson) => void;
  readonly #input = byId('search-input', HTMLInputElement);
  readonly #place = byId('search-camera', HTMLSelectElement);
  readonly #section = byId('results', HTMLElement);
  readonly #title = byId('results-title', HTMLElement);
  readonly #hint = byId('results-hint', HTMLElement);
  readonly #list = byId('results-list', HTMLOListElement);
  #attempt = new AbortController();

  constructor(api: Api, watch: (scene: SceneJson) => void, signal: AbortSignal) {
    this.#api = api;
    this.#watch = watch;
    const again = (event: Event): void => {
      event.preventDefault();
      void this.#search();
    };
    byId('search-form', HTMLFormElement).addEventListener('submit', again, { signal });
    this.#place.addEventListener('change', again, { signal });
    byId('results-close', HTMLButtonElement).addEventListener('click', () => this.close(), { signal });
    document.addEventListener('keydown', (event) => this.#shortcut(event), { signal });
  }

  close(): void {
    this.#attempt.abort();
    setHidden(this.#section, true);
    this.#input.value = '';
    this.#input.focus();
  }

  #shortcut(event: KeyboardEvent): void {
    const target = event.target;
    const typing = target instanceof HTMLElement && target.matches('input, textarea, select');
    if (event.key === '/' && !typing && !document.querySelector('dialog[open]')) {
      event.preventDefault();
      this.#input.focus();
    } else if (event.key === 'Escape' && target === this.#input && !this.#section.hidden) {
      this.close();
    }
  }

  async #search(): Promise<void> {
    const q = this.#input.value.trim();
    if (q === '') return;
    this.#attempt.abort();
    this.#attempt = new AbortController();
    setHidden(this.#section, false);
    setText(this.#title, `Searching “${q}”…`);
    setText(this.#hint, '');
    try {
      const query = { q, limit: LIMIT, ...placeQuery(this.#place.value) };
      const { results } = await this.#api.get<{ results: HitJson[] }>('/v1/search', query, this.#attempt.signal);
      this.#show(q, results);
    } catch (error) {
      if (isAbort(error)) return;
      setText(this.#title, 'The search failed');
      this.#list.replaceChildren();
      setText(this.#hint, reasonOf(error));
    }
  }

  #show(q: string, hits: HitJson[]): void {
    setText(this.#title, hits.length === 0 ? `Nothing found for “${q}”` : `${plural(hits.length, 'scene')} for “${q}”`);
    setText(
      this.#hint,
      hits.length === 0
        ? 'Try a thing and a place or a colour, such as “person at the door”, “red car”, “dog”, “lights off” or “motion at night”. Only what the cameras saw since they were added can be found.'
        : '',
    );
    const rows = hits.map((hit) => {
      const button = sceneButton(hit, this.#api.now(), hit.score);
      button.addEventListener('click', () => this.#watch(hit));
      return el('li', {}, button);
    });
    this.#list.replaceChildren(...rows);
    this.#section.scrollIntoView({ block: 'nearest' });
  }
}
