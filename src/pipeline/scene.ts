import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Scene, SceneIndex, Window } from '#domain';
import { embedText, type Observation, TEXT_EMBEDDING, thumbnail } from '#inference';
import { faultPoint, type Log, messageOf } from '#runtime';
import type { Store } from '#store';

/** A scene that goes on unchanged grows up to this long, then a new one begins: a hit must be a stretch one can watch. */
const LONGEST_QUIET_MS = 3_600_000;
const LONGEST_BUSY_MS = 60_000;

/** What the store is to keep of it. */
export function sceneOf(
  { facts, text, picture }: Observation,
  { streamId, startMs, endMs }: Window,
  { id: indexId }: SceneIndex,
  thumbPath: string | undefined,
): Parameters<Store['scenes']['addPast']> {
  const scene = { streamId, indexId, startMs, endMs, text, facts, ...(thumbPath ? { thumbPath } : {}) };
  return [scene, embedText(text), TEXT_EMBEDDING.model, picture];
}

/** Also when the window is a second one of a time that the scene covers already: the camera was away in between. */
export function continues(before: Pick<Scene, 'startMs' | 'endMs' | 'facts'>, window: Window): boolean {
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
export async function storeThumbnail(
  { facts, best }: Observation,
  { streamId, startMs }: Window,
  index: SceneIndex,
  { thumbsDir, log }: { thumbsDir: string; log: Log },
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
    faultPoint('scene.pictured');
    return path;
  } catch (error) {
    await rm(`${file}.part`, { force: true }).catch(() => undefined);
    log.warn({ index: index.id, error: messageOf(error) }, 'thumbnail not stored');
    return undefined;
  }
}
