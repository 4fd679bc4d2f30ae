import { backgroundOf, captionsOnCanvas, pictureChain } from './graph-picture.ts';
import { mixOf, soundChain } from './graph-sound.ts';
import { framesOf, spanOf } from './graph-time.ts';
import type { Window } from './graph-windows.ts';
import type { Source } from './inputs.ts';

/** One filter graph for all of a composition, and what it reads. */
export interface Graph {
  /** Options and files of ffmpeg's inputs. */
  inputs: string[][];
  filters: string;
  hasSound: boolean;
}

/** Layers are laid on each other from the lowest to the topmost; what one doesn't cover shows the one below. */
export function graphOf(composition: Window, sources: readonly (Source | undefined)[]): Graph {
  const inputs: string[][] = [];
  const chains = [`${backgroundOf(composition)}[canvas0]`];
  const sounds: string[] = [];
  let drawn = 0;
  for (const [n, layer] of composition.layers.entries()) {
    const source = sources[n];
    if (!source) continue;
    const span = spanOf(layer, composition);
    const captions = captionsOnCanvas(layer, source, composition, span);
    if (captions) {
      chains.push(`[canvas${drawn}]${captions}[canvas${drawn + 1}]`);
      drawn += 1;
      continue;
    }
    const [seen, heard] = [inputs.length, inputs.length + 1];
    const picture = pictureChain(layer, source, composition, `[${seen}:v:0]`, span);
    if (picture && source.kind !== 'ass') inputs.push(inputOf(source, '-an'));
    const sound = soundChain(layer, source, `[${picture ? heard : seen}:a:0]`, composition.durationMs);
    if (sound && source.kind !== 'ass') inputs.push(inputOf(source, '-vn'));
    if (picture) {
      chains.push(`${picture.chain}[layer${n}]`);
      const overlay = `overlay=x=${picture.x}:y=${picture.y}:eof_action=pass:format=yuv420`;
      chains.push(`[canvas${drawn}][layer${n}]${overlay}[canvas${drawn + 1}]`);
      drawn += 1;
    }
    if (sound) {
      chains.push(`${sound}[sound${n}]`);
      sounds.push(`[sound${n}]`);
    }
  }
  chains.push(`[canvas${drawn}]format=yuv420p[video]`);
  const lengthS = framesOf(composition.durationMs, composition.fps) / composition.fps;
  const hasSound = composition.hasSound ?? sounds.length > 0;
  if (hasSound) chains.push(`${mixOf(sounds, lengthS)}[audio]`);
  return { inputs, filters: chains.join(';'), hasSound };
}

/** A picture that is larger than uploads may be is not decoded. */
const MOST_PIXELS = 8192 * 8192;

/** Pictures and sound are read each by itself: read together, those of later clips would fill the memory while they wait. */
function inputOf(source: Exclude<Source, { kind: 'ass' }>, without: '-an' | '-vn'): string[] {
  const options = ['-threads', '1', '-protocol_whitelist', 'file', '-max_pixels', String(MOST_PIXELS)];
  if (source.kind === 'image') return [...options, '-i', source.file];
  return [...options, without, '-reinit_filter', '0', '-f', 'concat', '-i', source.file];
}
