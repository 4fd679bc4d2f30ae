import { ffmpeg } from './ffmpeg.ts';
import { playlistStart } from './watching.ts';

const RATE = 16_000;
const STEP = RATE / 100;
/** Of full scale; what espeak-ng says is far above, AAC's noise far below. */
const AUDIBLE = 0.01;

/** When the first sound in a playlist begins and the last one ends, Unix ms. Throws when there is none. */
export async function voiceEdges(url: string): Promise<{ startMs: number; endMs: number }> {
  const raw = await ffmpeg('-i', url, '-map', '0:a', '-ac', '1', '-ar', String(RATE), '-f', 's16le', '-');
  const samples = new Int16Array(raw.buffer, raw.byteOffset, raw.length >> 1);
  const loud: number[] = [];
  for (let at = 0; at + STEP <= samples.length; at += STEP) {
    const peak = samples.subarray(at, at + STEP).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    if (peak / 32_768 > AUDIBLE) loud.push(at);
  }
  const [first, last] = [loud[0], loud.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing is to be heard');
  const startMs = (await playlistStart(url)) * 1000;
  return { startMs: startMs + (first * 1000) / RATE, endMs: startMs + ((last + STEP) * 1000) / RATE };
}
