import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Scene, SceneIndex, Window, Zone } from '#domain';
import type { Observation, Observer } from '#inference';
import { type Log, messageOf } from '#runtime';
import type { Store } from '#store';
import { type Closer, denser, isNear } from './closer.ts';
import { continues, sceneOf, storeThumbnail } from './scene.ts';
import type { SoundSight } from './sound-sight.ts';
import { type LiveSource, liveWindows } from './windows.ts';

/** Where the windows come from and where their scenes go. */
export interface Outlook extends LiveSource {
  store: Store;
  thumbsDir: string;
  log: Log;
  /** As they are now. */
  zones(): Zone[];
  windowDropped(): void;
  /** More frames of a window; absent where nothing is recorded. */
  closer?: Pick<Closer, 'look'>;
  /** Whoever tells a scene anew, slowly; absent where nobody follows instructions. Never throws. */
  tellers?: { offer: (scene: Scene, frames: readonly Frame[], index: SceneIndex) => void };
}

/** What one index remembers from window to window. */
export interface Sight {
  readonly observer: Observer;
  /** The scene of what was observed last; undefined when that could not be stored. */
  sceneId: number | undefined;
  readonly sounds: SoundSight;
}

/**
 * Describes one index's windows until the frames end. A window that can't be described or stored is counted, never
 * waited for. Nothing is stored once `signal` has aborted or the index is no longer running.
 */
export async function see(
  frames: AsyncIterable<Frame>,
  index: SceneIndex,
  sight: Sight,
  outlook: Outlook,
  signal: AbortSignal,
): Promise<void> {
  for await (const cut of liveWindows(frames, index.streamId, index.extraction, outlook)) {
    if (signal.aborted) return;
    try {
      const window = { ...cut, zones: outlook.zones() };
      const observation = await observe(window, index, sight.observer, outlook, signal);
      if (observation === 'dropped') outlook.windowDropped();
      else await tell(sight.sounds.add(observation, window), window, index, sight, outlook, signal);
    } catch (error) {
      if (signal.aborted) return;
      outlook.windowDropped();
      outlook.log.error({ index: index.id, error: messageOf(error) }, 'window not stored');
    }
  }
}

/** When an alert hangs on what may or may not be there, more frames of the window decide. */
async function observe(
  window: Window,
  { id }: SceneIndex,
  observer: Observer,
  { store, closer }: Outlook,
  signal: AbortSignal,
): Promise<Observation | 'dropped'> {
  const armed = store.alerts.enabledByIndex(id);
  const priority = armed.length > 0 ? 'alert' : 'index';
  const observation = await observer.observe(window, priority, signal);
  if (!closer || observation === 'dropped' || observer.wavering.length === 0) return observation;
  const rules = armed.flatMap(({ eventId }) => store.events.get(eventId)?.rule ?? []);
  if (!isNear(rules, observer.wavering)) return observation;
  const more = await closer.look(window, signal);
  if (more.length === 0) return observation;
  const decided = await observer.reconsider(denser(window, more), priority, signal);
  return decided === 'dropped' ? observation : decided;
}

/** The scene before grows, or a new one is stored; neither when nobody wants it any more. */
async function tell(
  observation: Observation,
  window: Window,
  index: SceneIndex,
  sight: Sight,
  outlook: Outlook,
  signal: AbortSignal,
): Promise<void> {
  const { scenes, indexes } = outlook.store;
  const isWanted = () => !signal.aborted && indexes.get(index.id)?.status === 'running';
  const before = sight.sceneId === undefined ? undefined : scenes.get(sight.sceneId);
  sight.sceneId = undefined;
  if (!isWanted()) return;
  if (before && !observation.changed && continues(before, window)) {
    if (window.endMs > before.endMs) scenes.grow(before.id, window.endMs);
    sight.sceneId = before.id;
    return;
  }
  const thumbPath = await storeThumbnail(observation, window, index, outlook);
  try {
    if (!isWanted()) return;
    const scene = scenes.add(...sceneOf(observation, window, index, thumbPath));
    sight.sceneId = scene.id;
    outlook.tellers?.offer(scene, window.frames, indexes.get(index.id) ?? index);
  } finally {
    if (sight.sceneId === undefined && thumbPath) await rm(join(outlook.thumbsDir, thumbPath), { force: true });
  }
}
