/** What is asked of an alert's picture, and how the answer is read: whether it shows what the event's prompt says. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Firing, Frame, Verdict } from '#domain';
import { decodeImage } from '#inference';
import type { Store } from '#store';
import type { Closer } from './closer.ts';

/** Of what was recorded, so much before the end is shown. */
const LOOK_BACK_MS = 4000;

/** Its scene's own picture; else what was recorded of its last seconds. */
export async function picturesOf(
  { streamId, sceneId, startMs, endMs }: Pick<Firing, 'streamId' | 'sceneId' | 'startMs' | 'endMs'>,
  { store, thumbsDir, closer }: { store: Pick<Store, 'scenes'>; thumbsDir: string; closer: Pick<Closer, 'look'> },
  signal: AbortSignal,
): Promise<Frame[]> {
  const thumbPath = sceneId === undefined ? undefined : store.scenes.get(sceneId)?.thumbPath;
  if (thumbPath !== undefined) {
    const picture = await readFile(join(thumbsDir, thumbPath)).then(
      (bytes) => decodeImage(bytes, endMs),
      () => undefined,
    );
    if (picture) return [picture];
  }
  const stretch = { streamId, startMs: Math.max(startMs, endMs - LOOK_BACK_MS), endMs };
  return closer.look({ ...stretch, frames: [], zones: [] }, signal);
}

export function questionOf(prompt: string): string {
  return `Is this what the pictures show: “${prompt}”? Answer with yes or no first, then say why in one short sentence.`;
}

/** What isn't plainly yes or no confirms nothing and denies nothing. */
export function readVerdict(text: string): Pick<Verdict, 'confirmed' | 'text'> {
  const word = /^[^\p{L}]*(?:answer[^\p{L}]*)?(yes|no)\b/iu.exec(text)?.[1]?.toLowerCase();
  return word === undefined ? { text } : { confirmed: word === 'yes', text };
}
