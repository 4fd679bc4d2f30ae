import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** How bright the picture is at a time of the playlist, 0–255. */
async function brightness(page: Page, atS: number): Promise<number> {
  return page.evaluate(async (at) => {
    const video = document.querySelector('video');
    if (!video) throw new Error('no video');
    video.pause();
    video.currentTime = at;
    const shown = () => !video.seeking && video.readyState >= 2 && Math.abs(video.currentTime - at) < 0.05;
    // Twice, as the first picture drawn after a seek may be the one before.
    for (let stable = 0; stable < 3; stable = shown() ? stable + 1 : 0) await new Promise(requestAnimationFrame);
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d');
    context?.drawImage(video, 0, 0, 1, 1);
    return context?.getImageData(0, 0, 1, 1).data[0] ?? -1;
  }, atS);
}

/** The picture is white when the words begin, and black before and after. */
export async function expectFlashAt(page: Page, { from }: { from: number }): Promise<void> {
  const seen = [];
  for (const offset of [-0.35, 0.15, 0.75, 1.35]) seen.push((await brightness(page, from + offset)) > 127);
  expect(seen).toEqual([false, true, true, false]);
}
