/** The live feed: newest first, alerts standing out, growing scenes updated in their place. */
import { byId, el, setHidden, setText } from '../dom.ts';
import { placeQuery } from '../fleet/places.ts';
import type { LiveState } from '../live.ts';
import type { AlertJson, SceneJson } from '../wire.ts';
import { alertItem, type FeedItem, FeedModel, sceneItem } from './feed-model.ts';
import { alertButton, sceneButton } from './moment.ts';

const STATE_WORDS: Record<LiveState, string> = {
  connecting: 'Connecting…',
  live: 'Live',
  broken: 'Connection lost, trying again…',
  refused: 'The key is no longer accepted',
};

const MOST = 120;

export interface FeedActions {
  watchScene(scene: SceneJson): void;
  watchAlert(alert: AlertJson): void;
  /** What stands below an alert, as long as it is shown. */
  below(alert: AlertJson): HTMLElement;
  /** What happened there before is wanted. */
  loadPast(where: { box?: string; stream?: string }): void;
  isAt(place: string, moment: SceneJson | AlertJson): boolean;
}

export class Feed {
  #model = new FeedModel(MOST);
  readonly #rows = new Map<string, HTMLLIElement>();
  readonly #current = new Map<string, FeedItem>();
  readonly #list = byId('feed-list', HTMLOListElement);
  readonly #empty = byId('feed-empty', HTMLElement);
  readonly #state = byId('feed-state', HTMLElement);
  readonly #spoken = byId('spoken', HTMLElement);
  readonly #actions: FeedActions;
  readonly #now: () => number;
  #place = '';

  constructor(actions: FeedActions, now: () => number, signal: AbortSignal) {
    this.#actions = actions;
    this.#now = now;
    this.#clear();
    const place = byId('feed-place', HTMLSelectElement);
    this.#place = place.value;
    const move = (): void => {
      this.#place = place.value;
      this.#clear();
      actions.loadPast(placeQuery(place.value));
    };
    place.addEventListener('change', move, { signal });
    const filters = [byId('feed-all', HTMLButtonElement), byId('feed-alerts', HTMLButtonElement)];
    for (const button of filters) {
      button.addEventListener(
        'click',
        () => {
          for (const other of filters) other.setAttribute('aria-pressed', String(other === button));
          this.#list.classList.toggle('only-alerts', button.id === 'feed-alerts');
          this.#showEmpty();
        },
        { signal },
      );
    }
  }

  showState(state: LiveState): void {
    setText(this.#state, STATE_WORDS[state]);
    this.#state.dataset.state = state;
  }

  addScene(scene: SceneJson): void {
    if (!this.#actions.isAt(this.#place, scene)) return;
    this.#put(sceneItem(scene));
  }

  /** `live`: it happened just now and is spoken to screen readers. */
  addAlert(alert: AlertJson, live: boolean): void {
    if (!this.#actions.isAt(this.#place, alert)) return;
    const fresh = this.#put(alertItem(alert));
    if (!fresh || !live) return;
    setText(this.#spoken, `Alert ${alert.label} on ${alert.stream_name}: ${alert.explanation}`);
    this.#rows.get(`alert-${alert.id}`)?.classList.add('is-new');
  }

  #clear(): void {
    this.#model = new FeedModel(MOST);
    this.#rows.clear();
    this.#current.clear();
    this.#list.replaceChildren();
    this.#showEmpty();
  }

  #put(item: FeedItem): boolean {
    const { index, fresh, fallen } = this.#model.put(item);
    const row = this.#rows.get(item.key) ?? this.#newRow(item.key);
    this.#current.set(item.key, item);
    this.#draw(row, item);
    if (this.#list.children[index] !== row) {
      row.remove();
      this.#list.insertBefore(row, this.#list.children[index] ?? null);
    }
    for (const { key } of fallen) {
      this.#rows.get(key)?.remove();
      this.#rows.delete(key);
      this.#current.delete(key);
    }
    this.#showEmpty();
    return fresh;
  }

  #newRow(key: string): HTMLLIElement {
    const row = el('li', { 'data-key': key });
    row.addEventListener('click', ({ target }) => {
      if (target instanceof Element && !target.closest('.moment')) return;
      const item = this.#current.get(key);
      if (item?.kind === 'alert') this.#actions.watchAlert(item.alert);
      else if (item) this.#actions.watchScene(item.scene);
    });
    this.#rows.set(key, row);
    return row;
  }

  /** A row that grows keeps its button (focus) and its picture (no flicker); only its words are new. */
  #draw(row: HTMLLIElement, item: FeedItem): void {
    const now = this.#now();
    const button = item.kind === 'alert' ? alertButton(item.alert, now) : sceneButton(item.scene, now);
    row.className = item.kind === 'alert' ? 'is-alert' : '';
    const old = row.querySelector('.moment');
    if (!old) {
      row.append(button, ...(item.kind === 'alert' ? [this.#actions.below(item.alert)] : []));
      return;
    }
    for (const part of ['.moment-words', ...(old.querySelector('img') ? [] : ['.moment-thumb'])]) {
      const fresh = button.querySelector(part);
      if (fresh) old.querySelector(part)?.replaceWith(fresh);
    }
  }

  #showEmpty(): void {
    const onlyAlerts = this.#list.classList.contains('only-alerts');
    const any = this.#model.items.some((item) => !onlyAlerts || item.kind === 'alert');
    setHidden(this.#empty, any);
    setText(
      this.#empty,
      onlyAlerts
        ? 'No alert has fired. “New alert” tells the box what to look out for.'
        : 'Nothing seen or heard so far. Scenes appear here as the cameras tell them.',
    );
  }
}
