import { z } from 'zod';
import { type Extraction, newId, type SceneIndex } from '#domain';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { connectionId, flag, opaque, prompt, text, time, whole } from '../input.ts';
import { indexBy, ownIndexBy, ownStreamBy, streamBy } from '../lookup.ts';
import { Api, Reply } from '../route.ts';
import { givesNoPictures } from '../streams/sound-only.ts';
import { indexAnswer, indexView } from '../streams/views.ts';
import { backfillOf, backfillWish } from './backfill.ts';
import { EXTRACTION_CONFIG, extractionTypes, readExtraction } from './extraction.ts';
import { backfillFacts, understandingOf } from './index-facts.ts';
import { recordAnswer, recordView } from './scene-views.ts';

const EXAMPLE_PROMPT = 'Describe who and what is in the yard';
const DEFAULT_PROMPT = 'Describe the scene';

const creation = z
  .object({
    extraction_type: extractionTypes.default('time'),
    extraction_config: opaque.optional().describe(EXTRACTION_CONFIG),
    prompt: prompt(EXAMPLE_PROMPT).default(DEFAULT_PROMPT),
    model_name: text(100, 'basic').default('basic').describe('mini, basic, pro or ultra; the best that is installed'),
    model_config: opaque.default({}),
    name: text(200, 'Yard').optional(),
    ws_connection_id: connectionId.optional(),
    backfill: backfillWish.optional().describe('It is also to describe what was recorded before'),
    auto_start_transcript: flag.default(true).describe('A "transcript" index also starts the transcription'),
  })
  .meta({ examples: [{ prompt: EXAMPLE_PROMPT, extraction_config: { time: 5, frame_count: 2 } }] });

const promptChange = z.object({ prompt: prompt(EXAMPLE_PROMPT) });
const statusChange = z.object({ action: z.enum(['start', 'stop'], 'must be "start" or "stop"') });
const recordsQuery = z.object({
  page: whole(1, 1_000_000).default(1),
  page_size: whole(1, 1000).default(100),
  start: time.optional(),
  end: time.optional(),
});
const records = z.object({ scene_index_records: z.array(recordAnswer), next_page: z.boolean() });

export function indexRoutes(deps: HttpDeps): Api {
  const { indexes } = deps.store;
  const api = new Api('Indexes');
  const view = viewer(deps);

  api.post(
    '/rtstream/:id/index/scene',
    {
      summary: 'Starts an index over what a camera shows ("time", "shot") or what is said ("transcript")',
      body: creation,
      answer: indexAnswer,
    },
    (_c, { params, body }) => {
      const { id } = ownStreamBy(deps, params.id);
      const index = newIndex(id, body, deps);
      const backfill = body.backfill && backfillOf(index, body.backfill, deps);
      indexes.create(index);
      if (backfill) deps.store.backfills.put(backfill);
      if (backfill) deps.backfiller.wake();
      const spoken = index.extraction.type === 'transcript';
      if (spoken && body.auto_start_transcript) startTranscription(id, deps);
      deps.supervisor.reconcile();
      const answer = view(index);
      return new Reply(answer, spoken && !deps.listening.speechAvailable ? NO_SPEECH : answer.missing.join('; '));
    },
  );

  api.get(
    '/rtstream/:id/index/scene',
    { summary: "Lists a stream's indexes", answer: z.object({ scene_indexes: z.array(indexAnswer) }) },
    (_c, { params }) => ({ scene_indexes: indexes.listByStream(streamBy(deps, params.id).id).map(view) }),
  );

  api.get(
    '/rtstream/:id/index/scene/:index',
    { summary: "An index's scenes, newest first", query: recordsQuery, answer: records },
    (c, { params, query: { page, page_size: pageSize, start, end } }) => {
      const index = indexBy(deps, params.id, params.index);
      const range = {
        ...(start === undefined ? {} : { startMs: start }),
        ...(end === undefined ? {} : { endMs: end }),
      };
      const { scenes, nextPage } = deps.store.scenes.page(index.id, { page, pageSize, ...range });
      const base = origin(c, deps.config);
      return { scene_index_records: scenes.map((scene) => recordView(scene, deps, base)), next_page: nextPage };
    },
  );

  changeRoutes(api, deps);

  api.get('/rtstream/:id/index/:index', { summary: 'One index', answer: indexAnswer }, (_c, { params }) =>
    view(indexBy(deps, params.id, params.index)),
  );

  return api;
}

/** An index as the API writes it, with what this box can tell of it now. */
function viewer(deps: HttpDeps): (index: SceneIndex) => z.input<typeof indexAnswer> {
  return (index) => {
    const stream = deps.store.streams.get(index.streamId);
    const soundOnly = stream !== undefined && givesNoPictures(stream, deps);
    return indexView(index, { ...understandingOf(index, deps, soundOnly), ...backfillFacts(index, deps) });
  };
}

function changeRoutes(api: Api, deps: HttpDeps): void {
  const { indexes } = deps.store;
  const view = viewer(deps);

  api.patch(
    '/rtstream/:id/index/scene/:index',
    {
      summary: "Changes an index's prompt",
      body: promptChange,
      answer: indexAnswer.extend({ success: z.boolean() }),
    },
    (_c, { params, body }) => {
      const { id } = ownIndexBy(deps, params.id, params.index);
      const changed = indexes.update(id, body);
      deps.supervisor.reconcile();
      // The Node SDK takes the new prompt over when it finds `success` within `data`.
      return { ...view(changed), success: true };
    },
  );

  api.patch(
    '/rtstream/:id/index/scene/:index/status',
    { summary: 'Starts or stops an index; any number of times', body: statusChange, answer: indexAnswer },
    (_c, { params, body: { action } }) => {
      const index = ownIndexBy(deps, params.id, params.index);
      const status = action === 'start' ? 'running' : 'stopped';
      if (index.status === status) return view(index);
      const resumed = action === 'start' ? { resumedMs: deps.clock.nowMs() } : {};
      const changed = indexes.update(index.id, { status, ...resumed });
      deps.supervisor.reconcile();
      return view(changed);
    },
  );
}

export const NO_SPEECH = 'no speech model is installed on this box yet: there will be words when there is one';

function newIndex(streamId: string, body: z.output<typeof creation>, deps: HttpDeps): SceneIndex {
  const { extraction, config } = readExtraction(body.extraction_type, body.extraction_config);
  const nowMs = deps.clock.nowMs();
  return {
    id: newId('index'),
    streamId,
    name: body.name ?? DEFAULT_NAMES[extraction.type],
    prompt: body.prompt,
    extraction,
    extractionConfig: config,
    modelName: body.model_name,
    modelConfig: body.model_config,
    ...(body.ws_connection_id ? { wsConnectionId: body.ws_connection_id } : {}),
    status: 'running',
    resumedMs: nowMs,
    createdMs: nowMs,
  };
}

const DEFAULT_NAMES: Record<Extraction['type'], string> = {
  time: 'Scene index',
  shot: 'Scene index',
  transcript: 'Audio index',
};

function startTranscription(streamId: string, { store, clock }: HttpDeps): void {
  const { transcription } = store.streams.get(streamId) ?? {};
  if (!transcription || transcription.wanted) return;
  store.streams.update(streamId, { transcription: { ...transcription, wanted: true, changedMs: clock.nowMs() } });
}
