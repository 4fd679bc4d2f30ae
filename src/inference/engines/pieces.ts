import type { WhisperTokenizer } from '@huggingface/transformers';

/** A word, or some words, with where they are said, seconds. */
export interface Piece {
  text: string;
  start: number;
  end: number;
  /** Several words, of which only the whole has times. */
  segment: boolean;
}

interface Scale {
  /** How long the sound is. */
  seconds: number;
  /** Seconds from one time token to the next. */
  precision: number;
}

/** What is left unsaid after a break is taken up again when it is longer than this, seconds. */
const WORTH_ANOTHER_LOOK = 1;

/**
 * Words, or segments where the model gave no times of tokens, from what it wrote; and where it broke off: it began a
 * further segment without ending it, or left one out.
 */
export function readPieces(
  tokenizer: WhisperTokenizer,
  written: readonly number[],
  times: readonly number[] | undefined,
  { seconds, precision }: Scale,
): { pieces: Piece[]; brokeOffAt: number | undefined } {
  const { kept, brokeOffAt } = whole(written, tokenizer.timestamp_begin, { seconds, precision });
  const output = {
    tokens: kept.map(BigInt),
    stride: [seconds, 0, 0],
    ...(times ? { token_timestamps: times.slice(0, kept.length) } : {}),
  };
  const [, found] = tokenizer._decode_asr([output], {
    time_precision: precision,
    return_timestamps: times ? 'word' : true,
    force_full_sequences: false,
  });
  const chunks = typeof found === 'object' ? (found.chunks ?? []) : [];
  const pieces = chunks.map(({ text, timestamp: [start, end] }) => ({
    text,
    start: start ?? 0,
    end: end ?? seconds,
    segment: !times,
  }));
  return { pieces, brokeOffAt };
}

/** Two times in a row end one segment and begin another; what follows the last pair without an end is not finished. */
function whole(
  written: readonly number[],
  firstTime: number,
  { seconds, precision }: Scale,
): { kept: readonly number[]; brokeOffAt: number | undefined } {
  const isTime = (token: number | undefined) => token !== undefined && token >= firstTime;
  const last = written.findLastIndex((token, i) => isTime(token) && isTime(written[i - 1]));
  const end = written.findLastIndex(isTime);
  if (last < 1 || end > last) return { kept: written, brokeOffAt: undefined };
  const at = ((written[last - 1] ?? 0) - firstTime) * precision;
  if (at < precision || seconds - at < WORTH_ANOTHER_LOOK) return { kept: written, brokeOffAt: undefined };
  return { kept: written.slice(0, last), brokeOffAt: at };
}
