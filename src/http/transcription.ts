import { z } from 'zod';
import type { Stream, Transcript, Word } from '#domain';
import type { HttpDeps } from './deps.ts';
import { NO_SPEECH } from './indexes.ts';
import { connectionId, text, time, whole } from './input.ts';
import { streamBy } from './lookup.ts';
import { Api, Reply } from './route.ts';

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
    }),
  ),
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
      const stream = streamBy(deps, params.id);
      const updated = streams.update(stream.id, { transcription: changed(stream, body, deps.clock.nowMs()) });
      deps.supervisor.reconcile();
      const mute = updated.transcription.wanted && !deps.speech.available;
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
      const found = transcripts.page(id, {
        page,
        pageSize,
        ...(start === undefined ? {} : { startMs: start }),
        ...(end === undefined ? {} : { endMs: end }),
        ...(since === undefined ? {} : { sinceMs: since }),
      });
      return {
        transcription_records: found.records.map(recordView),
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

function recordView({ startMs, endMs, text, words }: Transcript) {
  return { start: startMs / 1000, end: endMs / 1000, text, is_final: true, word_timestamps: words.map(wordView) };
}

/** Clients read the word as `text` or as `word`. */
export function wordView({ startMs, endMs, text }: Word): z.input<typeof wordAnswer> {
  return { start: startMs / 1000, end: endMs / 1000, text, word: text };
}
