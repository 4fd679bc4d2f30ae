/** The boxes that send to this one, with their cameras. Hidden without any; asked for in one go, once in a while. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, setHidden, setText } from '../dom.ts';
import { showToast } from '../finding/views.ts';
import { plural } from '../format.ts';
import type { AlertJson, BoxJson, SceneJson } from '../wire.ts';
import { BoxGroup } from './box-group.ts';
import type { SentCameraActions } from './sent-camera.ts';
import { SentTimelines } from './sent-timelines.ts';

const REFRESH_EVERY_MS = 30_000;

export interface BoxesActions extends Pick<SentCameraActions, 'watch'> {
  /** Whenever they were asked for. */
  onBoxes(boxes: readonly BoxJson[]): void;
}

export class Boxes {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #actions: BoxesActions;
  readonly #timelines: SentTimelines;
  readonly #groups = new Map<string, BoxGroup>();
  readonly #list = byId('boxes-list', HTMLElement);
  readonly #problem = byId('boxes-problem', HTMLElement);
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(api: Api, actions: BoxesActions, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    this.#actions = actions;
    this.#timelines = new SentTimelines(api, signal);
    this.#list.replaceChildren();
    this.tick();
  }

  /** Asks anew once in a while, when somebody looks. What can't be asked for now stays as it was. */
  tick(): void {
    this.#timelines.tick();
    if (document.hidden || performance.now() - this.#askedMs < REFRESH_EVERY_MS) return;
    this.#load().catch((error: unknown) => {
      if (!isAbort(error)) setText(byId('boxes-count', HTMLElement), 'not known now');
    });
  }

  /** What came of one of their cameras just now. */
  saw({ stream_id: id, box, end, thumbnail_url: url }: SceneJson | AlertJson): void {
    const camera = box && this.#groups.get(box.id)?.camera(id);
    if (!camera) return;
    if (url) camera.showPicture(url, end);
    this.#timelines.isStale(camera);
  }

  async #load(): Promise<void> {
    this.#askedMs = performance.now();
    this.#show((await this.#api.get<{ boxes: BoxJson[] }>('/v1/boxes', {}, this.#signal)).boxes);
  }

  #show(boxes: readonly BoxJson[]): void {
    setHidden(byId('boxes', HTMLElement), boxes.length === 0);
    const online = boxes.filter((box) => box.online).length;
    setText(byId('boxes-count', HTMLElement), `${online} of ${boxes.length} online`);
    const cameras = boxes.reduce((sum, box) => sum + box.cameras.length, 0);
    const elsewhere = byId('wall-elsewhere', HTMLElement);
    setText(elsewhere, `${plural(cameras, 'camera')} of other boxes: live on their own pages only`);
    setHidden(elsewhere, cameras === 0);
    for (const [id, group] of this.#groups) if (!boxes.some((box) => box.id === id)) this.#drop(id, group);
    boxes.forEach((box, at) => {
      const group = this.#groups.get(box.id) ?? this.#add(box);
      group.update(box);
      if (this.#list.children[at] !== group.element)
        this.#list.insertBefore(group.element, this.#list.children[at] ?? null);
    });
    this.#actions.onBoxes(boxes);
  }

  #add(box: BoxJson): BoxGroup {
    const now = () => this.#api.now();
    const ask = (method: 'POST' | 'DELETE', path: string, done: string) => void this.#ask(method, path, done);
    const group = new BoxGroup(box, { now, ask, watch: this.#actions.watch, timelines: this.#timelines });
    this.#groups.set(box.id, group);
    return group;
  }

  #drop(id: string, group: BoxGroup): void {
    group.end();
    this.#groups.delete(id);
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
