import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Extraction, Frame, Scene, SceneIndex, Window } from '#domain';
import { embedText, type Observation, type Observer, TEXT_EMBEDDING, thumbnail } from '#inference';
import { Fault, isAbort, messageOf } from '#runtime';
import { shotWindows, timeWindows } from '#sampling';
import type { Life } from './life.ts';

/** A scene that goes on unchanged grows up to this long, then a new one begins: a hit must be a stretch one can watch. */
const LONGEST_QUIET_MS = 3_600_000;
const LONGEST_BUSY_MS = 60_000;

/** Describes one index's windows until the frames end. A window that can't be described is counted, never waited for. */
export async function see(
  frames: AsyncIterable<Frame>,
  index: SceneIndex,
  observer: Observer,
  life: Life,
  signal: AbortSignal,
): Promise<void> {
  const { deps } = life;
  for await (const cut of windowsOf(frames, index.streamId, index.extraction)) {
    if (signal.aborted) return;
    const window = { ...cut, zones: life.stream.zones };
    const priority = deps.store.alerts.enabledByIndex(index.id).length > 0 ? 'alert' : 'index';
    try {
      const observation = await observer.observe(window, priority, signal);
      if (observation === 'dropped') life.windowDropped();
      else await store(observation, window, index, life);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      life.windowDropped();
      life.log.error({ index: index.id, error: messageOf(error) }, 'window not stored');
    }
  }
}

function windowsOf(frames: AsyncIterable<Frame>, streamId: string, extraction: Extraction): AsyncIterable<Window> {
  if (extraction.type === 'time') return timeWindows(frames, { streamId, ...extraction, zones: [] });
  if (extraction.type === 'transcript') throw new Fault('internal', 'an audio index has no windows of frames');
  const { threshold, frameCount, longestSeconds } = extraction;
  return shotWindows(frames, { streamId, threshold, frameCount, longestMs: longestSeconds * 1000, zones: [] });
}

async function store(observation: Observation, window: Window, index: SceneIndex, life: Life): Promise<void> {
  const { scenes } = life.deps.store;
  const last = scenes.latest(index.id);
  if (!observation.changed && last && continues(last, window)) {
    scenes.grow(last.id, window.endMs);
    return;
  }
  const thumbPath = observation.best && (await storeThumbnail(observation.best, observation, window, index, life));
  const { facts, text } = observation;
  const { streamId, startMs, endMs } = window;
  scenes.add(
    { streamId, indexId: index.id, startMs, endMs, text, facts, ...(thumbPath ? { thumbPath } : {}) },
    embedText(text),
    TEXT_EMBEDDING.model,
  );
}

function continues(last: Scene, window: Window): boolean {
  const lengthMs = window.endMs - window.startMs;
  const sameDay = Math.floor(last.startMs / 86_400_000) === Math.floor(window.startMs / 86_400_000);
  const busy = last.facts === undefined || last.facts.objects.length > 0 || last.facts.motion.regions.length > 0;
  const adjoins = window.startMs - last.endMs <= lengthMs && window.endMs > last.endMs;
  return adjoins && sameDay && window.endMs - last.startMs <= (busy ? LONGEST_BUSY_MS : LONGEST_QUIET_MS);
}

/** The file is complete under its name before a row may name it. */
async function storeThumbnail(
  frame: Frame,
  { facts }: Observation,
  window: Window,
  index: SceneIndex,
  life: Life,
): Promise<string> {
  const day = new Date(window.startMs).toISOString().slice(0, 10);
  const path = join(window.streamId, day, `${window.startMs}-${index.id}.jpg`);
  const file = join(life.deps.thumbsDir, path);
  const jpeg = await thumbnail(
    frame,
    facts.objects.map((object) => object.box),
  );
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, jpeg);
  await rename(`${file}.part`, file);
  return path;
}
