import { z } from 'zod';
import { spokenWords } from '#assets';
import type { Asset } from '#domain';
import { speechSegments } from '#sampling';
import type { HttpDeps } from '../deps.ts';
import { NO_SPEECH } from '../indexes/indexes.ts';
import { flag, number, text } from '../input.ts';
import { playableBy } from '../lookup.ts';
import { Api, Reply } from '../route.ts';
import { wordAnswer, wordView } from '../streams/transcription.ts';

const seconds = number(0, 1e9, 'must be seconds from the start of the video').describe('Seconds from the start');

export const transcriptQuery = z.object({
  start: seconds.optional(),
  end: seconds.optional(),
  segmenter: z.enum(['word', 'sentence', 'time'], 'must be "word", "sentence" or "time"').default('word'),
  length: number(1, 3600, 'must be how many words, sentences or seconds: 1 to 3600')
    .default(1)
    .describe('How many words, sentences or seconds a piece has'),
});
export const transcriptRequest = z.object({ force: flag.default(false), language_code: text(20, 'en_us').optional() });
export const transcriptAnswer = z.object({ word_timestamps: z.array(wordAnswer), text: z.string() });

/** What is said in a video. */
export function videoTranscriptionRoutes(deps: HttpDeps): Api {
  const api = new Api('Videos');

  api.get(
    '/video/:id/transcription',
    {
      summary: 'What is said in a video: by words, sentences or seconds',
      query: transcriptQuery,
      answer: transcriptAnswer,
    },
    (_c, { params, query }) => transcriptOf(playableBy(deps, params.id), query, deps),
  );

  api.post(
    '/video/:id/transcription',
    { summary: 'Writes down what is said in a video', body: transcriptRequest, answer: transcriptAnswer },
    (_c, { params }) => transcriptOf(playableBy(deps, params.id), transcriptQuery.parse({}), deps),
  );

  return api;
}

/** Of an asset; a range takes what overlaps it. */
export function transcriptOf(
  asset: Asset,
  { start = 0, end = Number.MAX_SAFE_INTEGER, segmenter, length }: z.output<typeof transcriptQuery>,
  { store, listening }: Pick<HttpDeps, 'store' | 'listening'>,
): Reply<z.input<typeof transcriptAnswer>> {
  const words = spokenWords(store, asset).filter(({ startMs, endMs }) => startMs < end * 1000 && endMs > start * 1000);
  const segments =
    segmenter === 'word' && length === 1 ? words : speechSegments(words, { segmenter, value: length }, true);
  const transcript = { word_timestamps: segments.map(wordView), text: words.map((word) => word.text).join(' ') };
  return new Reply(transcript, words.length === 0 && !listening.speechAvailable ? NO_SPEECH : '');
}
