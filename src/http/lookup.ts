import type { Alert, Asset, AssetIndex, Collection, EventDefinition, Firing, SceneIndex, Stream } from '#domain';
import { Fault } from '#runtime';
import type { HttpDeps } from './deps.ts';

/** What an id in a path or body stands for. Each throws `not_found` naming the kind of id. */
type Stores = Pick<HttpDeps, 'store'>;

export function collectionBy({ store }: Stores, id: string): Collection {
  return store.collections.get(id) ?? unknown('collection_id', 'collection', id, 'GET /collection');
}

export function streamBy({ store }: Stores, id: string): Stream {
  return store.streams.get(id) ?? unknown('rtstream_id', 'stream', id, 'GET /rtstream');
}

/** To be changed. Throws `conflict` for a camera of another box: it is changed there. */
export function ownStreamBy(deps: Stores, id: string): Stream {
  const stream = streamBy(deps, id);
  if (stream.boxId !== undefined) throw elsewhere('camera', stream.boxId);
  return stream;
}

/** The box as streams name it: empty for this one. */
export function boxBy({ store }: Stores, id: string): string {
  if (id === store.boxId) return '';
  return store.boxes.nameOf(id) === undefined ? unknown('box', 'box', id, 'GET /v1/boxes') : id;
}

/** As `ownStreamBy`. */
export function ownIndexBy(deps: Stores, streamId: string, id: string): SceneIndex {
  const index = indexBy(deps, streamId, id);
  ownStreamBy(deps, streamId);
  return index;
}

/** The index, when it belongs to the stream. */
export function indexBy(deps: Stores, streamId: string, id: string): SceneIndex {
  const stream = streamBy(deps, streamId);
  const index = deps.store.indexes.get(id);
  if (index?.streamId === stream.id) return index;
  return unknown('scene_index_id', 'scene index of this stream', id, `GET /rtstream/${stream.id}/index/scene`);
}

/** The alert, when it belongs to the index. */
export function alertBy(deps: Stores, index: SceneIndex, id: string): Alert {
  const alert = deps.store.alerts.get(id);
  if (alert?.indexId === index.id) return alert;
  return unknown('alert_id', 'alert on this index', id, `GET /rtstream/${index.streamId}/index/${index.id}/alert`);
}

/** As `ownStreamBy`; an alert that was armed here on another box's index is this box's own. */
export function ownAlertBy(deps: Stores, index: SceneIndex, id: string): Alert {
  const alert = alertBy(deps, index, id);
  if (alert.boxId !== undefined) throw elsewhere('alert', alert.boxId);
  return alert;
}

export function eventBy({ store }: Stores, id: string): EventDefinition {
  return store.events.get(id) ?? unknown('event_id', 'event', id, 'GET /rtstream/event');
}

/** One time that an alert fired. */
export function firingBy({ store }: Stores, id: string): Firing {
  return store.firings.get(id) ?? unknown('id', 'alert that fired', id, 'GET /v1/alerts');
}

/** A video, or an audio: what plays. */
export function playableBy({ store }: Stores, id: string): Asset {
  const asset = store.assets.get(id);
  return asset && asset.kind !== 'image' ? asset : unknown('video_id', 'video', id, 'GET /video');
}

/** The index over scenes, when it belongs to the video. */
export function videoIndexBy(deps: Stores, video: Asset, id: string): AssetIndex {
  const index = deps.store.assetIndexes.get(id);
  if (index?.assetId === video.id) return index;
  return unknown('scene_index_id', 'scene index of this video', id, `GET /video/${video.id}/index/scene`);
}

function elsewhere(kind: string, boxId: string): Fault {
  return new Fault('conflict', `this ${kind} belongs to the box ${boxId}, which sends it here: change it there`);
}

function unknown(field: string, kind: string, id: string, list: string): never {
  throw new Fault('not_found', `${field}: there is no ${kind} "${id.slice(0, 80)}"; ${list} lists them`);
}
