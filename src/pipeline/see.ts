import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Extraction, Frame, Scene, SceneIndex, Window, Zone } from '#domain';
import { embedText, type Observation, type Observer, TEXT_EMBEDDING, thumbnail } from '#inference';
import { Fault, type Log, messageOf } from '#runtime';
import { shotWindows, timeWindows } from '#sampling';
import type { Store } from '#store';
import type { SoundSight } from './sound-sight.ts';

/** A scene that goes on unchanged grows up to this long, then a new one begins: a hit must be a stretch one can watch. */
const LONGEST_QUIET_MS = 3_600_000;
const LONGEST_BUSY_MS = 60_000;

/** Where the windows come from and where their scenes go. */
export interface Outlook {
  store: Store;
  thumbsDir: string;
  log: Log;
  /** As they are now. */
  zones(): Zone[];
  windowDropped(): void;
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
  for await (const cut of windowsOf(frames, index.streamId, index.extraction)) {
    if (signal.aborted) return;
    try {
      const window = { ...cut, zones: outlook.zones() };
      const priority = outlook.store.alerts.enabledByIndex(index.id).length > 0 ? 'alert' : 'index';
      const observation = await sight.observer.observe(window, priority, signal);
      if (observation === 'dropped') outlook.windowDropped();
      else await tell(sight.sounds.add(observation, window), window, index, sight, outlook, signal);
    } catch (error) {
      if (signal.aborted) return;
      outlook.windowDropped();
      outlook.log.error({ index: index.id, error: messageOf(error) }, 'window not stored');
    }
  }
}

function windowsOf(frames: AsyncIterable<Frame>, streamId: string, extraction: Extraction): AsyncIterable<Window> {
  if (extraction.type === 'time') return timeWindows(frames, { streamId, ...extraction, zones: [] });
  if (extraction.type === 'transcript') throw new Fault('internal', 'an audio index has no windows of frames');
  const { threshold, frameCount, longestSeconds } = extraction;
  return shotWindows(frames, { streamId, threshold, frameCount, longestMs: longestSeconds * 1000, zones: [] });
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
    if (isWanted()) sight.sceneId = scenes.add(...sceneOf(observation, window, index, thumbPath)).id;
  } finally {
    if (sight.sceneId === undefined && thumbPath) await rm(join(outlook.thumbsDir, thumbPath), { force: true });
  }
}

function sceneOf(
  { facts, text }: Observation,
  { streamId, startMs, endMs }: Window,
  { id: indexId }: SceneIndex,
  thumbPath: string | undefined,
): Parameters<Store['scenes']['add']> {
  const scene = { streamId, indexId, startMs, endMs, text, facts, ...(thumbPath ? { thumbPath } : {}) };
  return [scene, embedText(text), TEXT_EMBEDDING.model];
}

/** Also when the window is a second one of a time that the scene covers already: the camera was away in between. */
function continues(before: Scene, window: Window): boolean {
  const lengthMs = window.endMs - window.startMs;
  const sameDay = Math.floor(before.startMs / 86_400_000) === Math.floor(window.startMs / 86_400_000);
  const busy = before.facts === undefined || before.facts.objects.length > 0 || before.facts.motion.regions.length > 0;
  const adjoins = window.startMs - before.endMs <= lengthMs && window.startMs >= before.startMs;
  return adjoins && sameDay && window.endMs - before.startMs <= (busy ? LONGEST_BUSY_MS : LONGEST_QUIET_MS);
}

/**
 * The file is complete under its name before a row may name it. A picture that can't be written is done without: what it
 * shows is worth more.
 */
async function storeThumbnail(
  { facts, best }: Observation,
  { streamId, startMs }: Window,
  index: SceneIndex,
  { thumbsDir, log }: Outlook,
): Promise<string | undefined> {
  if (!best) return undefined;
  const day = new Date(startMs).toISOString().slice(0, 10);
  const path = join(streamId, day, `${best.atMs}-${index.id}.jpg`);
  const file = join(thumbsDir, path);
  const boxes = facts.objects.map((object) => object.box);
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.part`, await thumbnail(best, boxes));
    await rename(`${file}.part`, file);
    return path;
  } catch (error) {
    await rm(`${file}.part`, { force: true }).catch(() => undefined);
    log.warn({ index: index.id, error: messageOf(error) }, 'thumbnail not stored');
    return undefined;
  }
}
