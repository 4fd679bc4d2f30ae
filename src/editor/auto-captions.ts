import type { Asset, Word } from '#domain';
import { Fault, isFault } from '#runtime';
import { checkedAss } from './caption-source.ts';
import type { CaptionsContent, CaptionWord } from './composition.ts';
import type { CaptionRequest, TimelineClip } from './timeline.ts';

/** A clip of the timeline with the asset that it shows. */
export interface Placed {
  /** What it is called in a message. */
  at: string;
  clip: TimelineClip;
  asset: Asset | undefined;
}

/**
 * What is said while the captions are shown, in the clips that are heard then: by the transcripts of their assets. Throws
 * `invalid` when nothing is heard, or nobody has written down what is.
 */
export function captionsOf(
  captions: Placed,
  { src, ...style }: CaptionRequest,
  all: readonly Placed[],
  wordsOf: (assetId: string) => readonly Word[] | undefined,
): CaptionsContent {
  const path = `${captions.at}.clip.asset.src`;
  if (src !== 'auto') return { ...style, ass: sent(src, path) };
  const heard = all.filter((each) => isHeard(each) && overlap(each.clip, captions.clip));
  if (heard.length === 0) {
    throw new Fault('invalid', `${path}: "auto" shows what is said in a video or audio: none is heard then`);
  }
  const told = heard.flatMap(({ clip, asset }) => {
    const words = asset && wordsOf(asset.id);
    return words ? [{ clip, words }] : [];
  });
  if (told.length === 0) {
    const ids = [...new Set(heard.flatMap(({ asset }) => asset?.id ?? []))].slice(0, 5).join(', ');
    throw new Fault(
      'invalid',
      `${path}: nobody has written down what is said in ${ids}: call index_spoken_words() first (POST /video/{id}/index)`,
    );
  }
  const words = told.flatMap(({ clip, words: spoken }) => shownWords(spoken, clip, captions.clip));
  return { ...style, words: words.sort((a, b) => a.startMs - b.startMs) };
}

function sent(src: string, path: string): string {
  try {
    return checkedAss(src);
  } catch (error) {
    throw isFault(error)
      ? new Fault(error.kind, `${path}: ${error.message.replace(/^src: /, '')}`, { cause: error })
      : error;
  }
}

function isHeard({ clip: { asset } }: Placed): boolean {
  return (asset.kind === 'video' || asset.kind === 'audio') && asset.volume > 0;
}

function overlap(a: TimelineClip, b: TimelineClip): boolean {
  return a.startMs < b.startMs + b.durationMs && b.startMs < a.startMs + a.durationMs;
}

/** Those of the clip's words that are said while the captions last, in the captions' time. */
function shownWords(words: readonly Word[], clip: TimelineClip, captions: TimelineClip): CaptionWord[] {
  const shift = clip.startMs - ('fromMs' in clip.asset ? clip.asset.fromMs : 0);
  const first = Math.max(clip.startMs, captions.startMs);
  const last = Math.min(clip.startMs + clip.durationMs, captions.startMs + captions.durationMs);
  const shown: CaptionWord[] = [];
  for (let n = firstEndingAfter(words, first - shift); n < words.length; n++) {
    const word = words[n];
    if (!word || word.startMs + shift >= last) break;
    const [startMs, endMs] = [Math.max(word.startMs + shift, first), Math.min(word.endMs + shift, last)];
    shown.push({ text: word.text, startMs: startMs - captions.startMs, endMs: endMs - captions.startMs });
  }
  return shown;
}

/** Words are in order. */
function firstEndingAfter(words: readonly Word[], ms: number): number {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle]?.endMs ?? 0) > ms) high = middle;
    else low = middle + 1;
  }
  return low;
}
