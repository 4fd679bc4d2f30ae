import { Hono } from 'hono';
import { z } from 'zod';
import { newId, type SceneIndex } from '#domain';
import { Fault } from '#runtime';
import { origin } from './address.ts';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { ok } from './envelope.ts';
import { check, nullsAreMissing, number, opaque, prompt, readBody, readQuery, text, time, whole } from './input.ts';
import { indexBy, streamBy } from './lookup.ts';
import { indexView, recordView } from './views.ts';

const EXAMPLE_PROMPT = 'Describe who and what is in the yard';
const DEFAULT_PROMPT = 'Describe the scene';
const DEFAULT_SECONDS = 10;
const DEFAULT_FRAMES = 5;
const MOST_FRAMES_PER_SECOND = 5;

const creation = z.object({
  extraction_type: z
    .enum(
      ['time', 'time_based', 'shot', 'shot_based', 'transcript'],
      'must be "time" (windows of seconds), "shot" or "transcript"',
    )
    .default('time'),
  extraction_config: opaque.optional(),
  prompt: prompt(EXAMPLE_PROMPT).default(DEFAULT_PROMPT),
  model_name: text(100, 'basic').default('basic'),
  model_config: opaque.default({}),
  name: text(200, 'Yard').optional(),
  ws_connection_id: text(200, 'conn-1').optional(),
});

const sampling = nullsAreMissing(
  z
    .object({
      time: number(1, 3600, 'must be the length of a window: 1 to 3600 seconds').default(DEFAULT_SECONDS),
      frame_count: whole(1, 60).default(DEFAULT_FRAMES),
    })
    .refine((given) => given.frame_count <= given.time * MOST_FRAMES_PER_SECOND, {
      path: ['frame_count'],
      message: `must not be more than ${MOST_FRAMES_PER_SECOND} frames per second of "time"`,
    }),
);

const promptChange = z.object({ prompt: prompt(EXAMPLE_PROMPT) });
const statusChange = z.object({ action: z.enum(['start', 'stop'], 'must be "start" or "stop"') });
const records = z.object({
  page: whole(1, 1_000_000).default(1),
  page_size: whole(1, 1000).default(100),
  start: time.optional(),
  end: time.optional(),
});

export function indexRoutes(deps: HttpDeps): Routes {
  const { indexes, scenes } = deps.store;
  const routes = new Hono<HttpEnv>();
  const indexOf = (c: { req: { param(name: 'id' | 'index'): string } }) =>
    indexBy(deps, c.req.param('id'), c.req.param('index'));

  routes.post('/rtstream/:id/index/scene', async (c) => {
    const stream = streamBy(deps, c.req.param('id'));
    const body = await readBody(c, creation);
    const index = newIndex(stream.id, body, deps);
    indexes.create(index);
    deps.supervisor.reconcile();
    return ok(c, indexView(index), { message: shotNote(body.extraction_type, index) });
  });

  routes.get('/rtstream/:id/index/scene', (c) => {
    const { id } = streamBy(deps, c.req.param('id'));
    return ok(c, { scene_indexes: indexes.listByStream(id).map(indexView) });
  });

  routes.get('/rtstream/:id/index/scene/:index', (c) => {
    const index = indexOf(c);
    const { page, page_size: pageSize, start, end } = readQuery(c, records);
    const found = scenes.page(index.id, {
      page,
      pageSize,
      ...(start === undefined ? {} : { startMs: start }),
      ...(end === undefined ? {} : { endMs: end }),
    });
    const base = origin(c, deps.config);
    return ok(c, {
      scene_index_records: found.scenes.map((scene) => recordView(scene, deps, base)),
      next_page: found.nextPage,
    });
  });

  routes.patch('/rtstream/:id/index/scene/:index', async (c) => {
    const index = indexOf(c);
    const changed = indexes.update(index.id, await readBody(c, promptChange));
    deps.supervisor.reconcile();
    // The Node SDK takes the new prompt over when it finds `success` within `data`.
    return ok(c, { ...indexView(changed), success: true });
  });

  routes.patch('/rtstream/:id/index/scene/:index/status', async (c) => {
    const index = indexOf(c);
    const { action } = await readBody(c, statusChange);
    const changed = indexes.update(index.id, { status: action === 'start' ? 'running' : 'stopped' });
    deps.supervisor.reconcile();
    return ok(c, indexView(changed));
  });

  routes.get('/rtstream/:id/index/:index', (c) => ok(c, indexView(indexOf(c))));

  return routes;
}

function newIndex(streamId: string, body: z.output<typeof creation>, deps: HttpDeps): SceneIndex {
  if (body.extraction_type === 'transcript') {
    throw new Fault(
      'refused',
      'extraction_type: audio indexes need speech recognition, which is not installed on this appliance; use "time"',
    );
  }
  const { time: seconds, frame_count: frameCount } = samplingOf(body.extraction_config);
  const nowMs = deps.clock.nowMs();
  return {
    id: newId('index'),
    streamId,
    name: body.name ?? 'Scene index',
    prompt: body.prompt,
    extraction: { type: 'time', seconds, frameCount },
    extractionConfig: { ...body.extraction_config, time: seconds, frame_count: frameCount },
    modelName: body.model_name,
    modelConfig: body.model_config,
    ...(body.ws_connection_id ? { wsConnectionId: body.ws_connection_id } : {}),
    status: 'running',
    createdMs: nowMs,
  };
}

function samplingOf(config: Record<string, unknown> = {}): z.output<typeof sampling> {
  return check(z.object({ extraction_config: sampling }), { extraction_config: config }).extraction_config;
}

function shotNote(asked: string, { extraction }: SceneIndex): string {
  return asked.startsWith('shot')
    ? `windows by shot are not installed on this appliance: the index looks every ${extraction.seconds} s instead`
    : '';
}
