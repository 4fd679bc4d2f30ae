import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'];

/** The sizes of picture that a person sees who has the page play its video to the end, in their order. */
export async function sizesShown(playerUrl: string): Promise<string[]> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  try {
    const page = await browser.newPage();
    await page.goto(playerUrl);
    return await page.locator('video').evaluate(async (video) => {
      if (!(video instanceof HTMLVideoElement)) throw new Error('no video');
      const sizes: string[] = [];
      const look = () => sizes.push(`${video.videoWidth},${video.videoHeight}`);
      video.addEventListener('resize', look);
      video.muted = true;
      video.playbackRate = 4;
      await video.play();
      look();
      await new Promise((resolve, reject) => {
        video.addEventListener('ended', resolve, { once: true });
        video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true });
      });
      return sizes.filter((size, i) => size !== sizes[i - 1]);
    });
  } finally {
    await browser.close();
  }
}
