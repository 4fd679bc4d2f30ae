import { z } from 'zod';
import type { Stream, Transcript, TranscriptGap, Word } from '#domain';
import type { HttpDeps } from '../deps.ts';
import { NO_SPEECH } from '../indexes/indexes.ts';
import { connectionId, text, time, whole } from '../input.ts';
import { ownStreamBy, streamBy } from '../lookup.ts';
import { Api, Reply } from '../route.ts';

const change = z.object({
  action: z.enum(['start', 'stop'], 'must be "start" or "stop"'),
  engine: text(100, 'default').optional().describe("Any name means the box's own"),
  mode: z.enum(['graceful', 'force'], 'must be "graceful" or "force"').optional(),
  ws_connection_id: connectionId.optional(),
});

const query = z.object({
  page: whole(1, 1_000_000).default(1),
  page_size: whole(1, 1000).default(100),
  start: time.optional(),
  end: time.optional(),
  since: time.optional().describe('What ended after it (Unix seconds), for polling'),
});

const statusAnswer = z.object({
  status: z.enum(['running', 'stopped']),
  engine: z.string(),
  updated_at: z.string(),
  start_time: z.number().optional().describe('Unix seconds'),
  end_time: z.number().optional(),
});

export const wordAnswer = z.object({ start: z.number(), end: z.number(), text: z.string(), word: z.string() });

const records = z.object({
  transcription_records: z.array(
    z.object({
      start: z.number(),
      end: z.number(),
      text: z.string(),
      is_final: z.boolean(),
      word_timestamps: z.array(wordAnswer),
      language: z.string().optional().describe('ISO 639-1, where the model told it'),
      confidence: z.number().optional().describe('0 to 1'),
    }),
  ),
  gaps: z
    .array(z.object({ start: z.number(), end: z.number(), reason: z.string() }))
    .describe('Where someone may have spoken and nothing was written down; within the range, or among these records'),
  next_page: z.boolean(),
  total_count: z.number(),
  page: z.number(),
  page_size: z.number(),
});

/** What is said on a stream: written down from `start` to `stop`, and kept. */
export function transcriptionRoutes(deps: HttpDeps): Api {
  const { streams, transcripts } = deps.store;
  const api = new Api('Transcription');

  api.post(
    '/rtstream/:id/transcription',
    { summary: 'Starts or stops writing down what is said; any number of times', body: change, answer: statusAnswer },
    (_c, { params, body }) => {
      const stream = ownStreamBy(deps, params.id);
      const updated = streams.update(stream.id, { transcription: changed(stream, body, deps.clock.nowMs()) });
      deps.supervisor.reconcile();
      const mute = updated.transcription.wanted && !deps.listening.speechAvailable;
      return new Reply(statusView(updated), mute ? NO_SPEECH : '');
    },
  );

  api.get(
    '/rtstream/:id/transcription/status',
    { summary: 'Whether what is said is written down', answer: statusAnswer },
    (_c, { params }) => statusView(streamBy(deps, params.id)),
  );

  api.get(
    '/rtstream/:id/transcription',
    {
      summary: 'What was said, oldest first; "since" gives what ended after it, for polling',
      query,
      answer: records,
    },
    (_c, { params, query: { page, page_size: pageSize, start, end, since } }) => {
      const { id } = streamBy(deps, params.id);
      const range = {
        ...(start === undefined ? {} : { startMs: start }),
        ...(end === undefined ? {} : { endMs: end }),
        ...(since === undefined ? {} : { sinceMs: since }),
      };
      const found = transcripts.page(id, { ...range, page, pageSize });
      const last = (page - 1) * pageSize;
      const before = last > 0 ? transcripts.page(id, { ...range, page: last, pageSize: 1 }).records[0] : undefined;
      const gaps = gapsOf(found.records, { ...found, before }, { start, end, since }, (from, to) =>
        transcripts.gaps(id, from, to),
      );
      return {
        transcription_records: found.records.map(recordView),
        gaps: page > 1 && found.records.length === 0 ? [] : gaps,
        next_page: found.nextPage,
        total_count: found.total,
        page,
        page_size: pageSize,
      };
    },
  );

  return api;
}

/** Starting what runs only tells it who listens. */
function changed(
  { transcription }: Stream,
  { action, engine, ws_connection_id: wsConnectionId }: z.output<typeof change>,
  nowMs: number,
): Stream['transcription'] {
  const wanted = action === 'start';
  return {
    ...transcription,
    wanted,
    ...(engine === undefined ? {} : { engine }),
    ...(wanted && wsConnectionId !== undefined ? { wsConnectionId } : {}),
    changedMs: wanted === transcription.wanted ? transcription.changedMs : nowMs,
  };
}

function statusView({ transcription: { wanted, engine, changedMs } }: Stream): z.input<typeof statusAnswer> {
  return {
    status: wanted ? 'running' : 'stopped',
    engine,
    updated_at: new Date(changedMs).toISOString(),
    ...(wanted ? { start_time: changedMs / 1000 } : { end_time: changedMs / 1000 }),
  };
}

function recordView({ startMs, endMs, text, words, language, confidence }: Transcript) {
  return {
    start: startMs / 1000,
    end: endMs / 1000,
    text,
    is_final: true,
    word_timestamps: words.map(wordView),
    ...(language === undefined ? {} : { language }),
    ...(confidence === undefined ? {} : { confidence }),
  };
}

/** Each belongs to one page: the first that has a record behind its beginning, or is the last. */
function gapsOf(
  records: readonly Transcript[],
  { before, nextPage }: { before: Transcript | undefined; nextPage: boolean },
  {
    start = 0,
    end = Number.MAX_SAFE_INTEGER,
    since = 0,
  }: { [bound in 'start' | 'end' | 'since']?: number | undefined },
  gaps: (fromMs: number, toMs: number) => TranscriptGap[],
) {
  const fromMs = before?.endMs ?? Math.max(start, since);
  const found = gaps(fromMs, (nextPage && records.at(-1)?.endMs) || end);
  return found
    .filter((gap) => !before || gap.startMs >= fromMs)
    .map(({ startMs, endMs, reason }) => ({ start: startMs / 1000, end: endMs / 1000, reason }));
}

/** Clients read the word as `text` or as `word`. */
export function wordView({ startMs, endMs, text }: Word): z.input<typeof wordAnswer> {
  return { start: startMs / 1000, end: endMs / 1000, text, word: text };
}
