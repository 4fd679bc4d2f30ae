/** The grid of camera cards, kept in step with the status. */
import type { Api } from '../api.ts';
import { byId, setHidden, setText } from '../dom.ts';
import type { CameraJson } from '../wire.ts';
import { CameraCard, type CardActions } from './camera-card.ts';

export class Cameras {
  readonly #cards = new Map<string, CameraCard>();
  readonly #grid = byId('camera-grid', HTMLElement);
  readonly #api: Api;
  readonly #actions: CardActions;
  #isLive = false;

  constructor(api: Api, actions: CardActions) {
    this.#api = api;
    this.#actions = actions;
  }

  show(cameras: readonly CameraJson[]): void {
    const ids = new Set(cameras.map((camera) => camera.stream_id));
    for (const [id, card] of this.#cards) if (!ids.has(id)) this.#drop(id, card);
    for (const camera of cameras) {
      const card = this.#cards.get(camera.stream_id);
      if (card) card.update(camera);
      else this.#add(camera);
    }
    const recording = cameras.filter((camera) => camera.phase === 'recording').length;
    setText(
      byId('cameras-count', HTMLElement),
      cameras.length > 0 ? `${recording} of ${cameras.length} recording` : '',
    );
    setHidden(byId('no-cameras', HTMLElement), cameras.length > 0);
  }

  sawSomething(streamId: string): void {
    this.#cards.get(streamId)?.sawSomething();
  }

  /** Whether the pictures move. */
  setLive(isLive: boolean): void {
    this.#isLive = isLive;
    for (const card of this.#cards.values()) card.setLive(isLive);
  }

  end(): void {
    for (const [id, card] of this.#cards) this.#drop(id, card);
  }

  #add(camera: CameraJson): void {
    const card = new CameraCard(camera, this.#api, this.#actions);
    this.#cards.set(camera.stream_id, card);
    this.#grid.append(card.element);
    card.setLive(this.#isLive);
  }

  #drop(id: string, card: CameraCard): void {
    card.end();
    this.#cards.delete(id);
  }
}
