import { z } from 'zod';
import { spokenWords } from '#assets';
import { captionsOf, captionsWithin, spokenIn, subRip, webVtt } from '#playback';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { time } from '../input.ts';
import { playableBy, streamBy } from '../lookup.ts';
import { Api } from '../route.ts';

const DAY_MS = 86_400_000;
const FORMATS = {
  vtt: { name: 'WebVTT', mediaType: 'text/vtt' },
  srt: { name: 'SubRip', mediaType: 'application/x-subrip' },
} as const;

const query = z.object({
  start: time.optional().describe('Times in the file count from here; without it, from the first word'),
  end: time.optional().describe('Now, when left out; a day after the start at most'),
});

/** What was said, as files of captions that players and editors read. */
export function transcriptFileRoutes(deps: HttpDeps): Api {
  const api = new Api('Transcription');
  for (const format of ['vtt', 'srt'] as const) {
    const { name, mediaType } = FORMATS[format];
    const headers = { 'Content-Type': `${mediaType}; charset=utf-8`, 'Cache-Control': 'no-cache' };
    const file = { answer: z.never(), mediaType };

    api.get(
      `/v1/streams/:id/transcript.${format}`,
      { ...file, summary: `What was said on a stream, as a ${name} file`, query },
      (c, { params, query }) => {
        const { id } = streamBy(deps, params.id);
        const { startMs, endMs } = rangeOf(query, deps.clock.nowMs());
        const said = deps.store.transcripts.inRange(id, startMs, endMs);
        const captions = said.flatMap((transcript) => captionsOf(spokenIn(transcript)));
        const fromMs = query.start ?? captions[0]?.startMs ?? startMs;
        const shown = captionsWithin(captions, { fromMs, toMs: endMs, atMs: 0 });
        const note = `starts at ${new Date(fromMs).toISOString()}`;
        return c.body(format === 'vtt' ? webVtt(shown, { note }) : subRip(shown), 200, headers);
      },
    );

    api.get(
      `/v1/videos/:id/transcript.${format}`,
      { ...file, summary: `What is said in a video or an audio, as a ${name} file` },
      (c, { params }) => {
        const captions = captionsOf(spokenWords(deps.store, playableBy(deps, params.id)));
        return c.body(format === 'vtt' ? webVtt(captions) : subRip(captions), 200, headers);
      },
    );
  }
  return api;
}

function rangeOf({ start, end }: z.output<typeof query>, nowMs: number): { startMs: number; endMs: number } {
  const endMs = end ?? Math.max(nowMs, start ?? 0);
  const startMs = start ?? endMs - DAY_MS;
  if (endMs < startMs) throw new Fault('invalid', 'end: must not be before start (both are Unix seconds)');
  if (end !== undefined && endMs - startMs > DAY_MS) {
    throw new Fault('invalid', 'end: the range is longer than 24 hours; ask for it in pieces of a day or less');
  }
  return { startMs, endMs: Math.min(endMs, startMs + DAY_MS) };
}
