/** The live feed as data: scenes and alerts merged by id, newest first, bounded. */
import type { AlertJson, SceneJson } from '../wire.ts';

export type FeedItem =
  | { key: string; atMs: number; kind: 'scene'; scene: SceneJson }
  | { key: string; atMs: number; kind: 'alert'; alert: AlertJson };

export function sceneItem(scene: SceneJson): FeedItem {
  return { key: `scene-${scene.id}`, atMs: scene.start * 1000, kind: 'scene', scene };
}

export function alertItem(alert: AlertJson): FeedItem {
  const stamp = Date.parse(alert.timestamp);
  return { key: `alert-${alert.id}`, atMs: Number.isNaN(stamp) ? alert.end * 1000 : stamp, kind: 'alert', alert };
}

export class FeedModel {
  #items: FeedItem[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get items(): readonly FeedItem[] {
    return this.#items;
  }

  /** Puts an item in its place, or in place of its older self. Says where it stands and what fell off the end. */
  put(item: FeedItem): { index: number; fresh: boolean; fallen: FeedItem[] } {
    const old = this.#items.findIndex((other) => other.key === item.key);
    if (old >= 0) this.#items.splice(old, 1);
    const older = this.#items.findIndex((other) => other.atMs <= item.atMs);
    const index = older < 0 ? this.#items.length : older;
    this.#items.splice(index, 0, item);
    return { index, fresh: old < 0, fallen: this.#items.splice(this.#limit) };
  }
}
