import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { verdictView } from '#delivery';
import { type Evidence, type Firing, partsOf } from '#domain';
import { outlined } from '#inference';
import { Fault, faultOfReading } from '#runtime';
import { demandKeyOrLink } from '../auth.ts';
import type { HttpDeps } from '../deps.ts';
import { firingAnswer, firingView, sceneAnswer, sceneView, snake, verdictAnswer } from '../indexes/scene-views.ts';
import { firingBy } from '../lookup.ts';
import { Api } from '../route.ts';

/** Scenes of one firing that are shown, the last ones. */
const MOST_SCENES = 20;
const A_DAY = 'private, max-age=86400, immutable';

const evidenceAnswer = z
  .object({
    rule: z.record(z.string(), z.unknown()).describe('As it was when it fired, with its version'),
    models: z
      .array(z.object({ name: z.string(), version: z.string().optional(), sha256: z.string().optional() }))
      .describe(
        'Who had a part in it; "sha256" is of the file of a pack, or of the list of its files and their hashes',
      ),
    score: z.number().describe('How sure it was, 0–1'),
    threshold: z.number().describe('How sure it had to be; 0: no threshold was set'),
    text: z.string().describe('The scene as it was told then, or what was said'),
    window: z
      .object({ start: z.number(), end: z.number() })
      .optional()
      .describe('The piece of the scene at which it fired, in Unix seconds'),
    objects: z
      .array(
        z.object({
          label: z.string(),
          score: z.number(),
          box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
        }),
      )
      .describe('What the rule counted, the surest first; left, top, right and bottom as fractions of the picture'),
    check: z
      .object({
        decided_by: z.enum(['model', 'likeness']),
        likeness: z.number().optional().describe('How sure words and pictures were, 0–1'),
        verdict: verdictAnswer.optional(),
      })
      .optional()
      .describe('Of a prompt about which a model that follows instructions is asked first: who decided'),
    scenes: z.array(sceneAnswer).describe('What the index tells of the time for which it fired, newest first'),
  })
  .meta({ id: 'Evidence' });

/** One firing with all that is kept of why it fired. */
export function evidenceRoutes(deps: HttpDeps): Api {
  const api = new Api('Events and alerts');

  api.get(
    '/v1/alerts/:id',
    {
      summary: 'One alert that fired, with the evidence: rule, models, what was counted, score and threshold',
      answer: firingAnswer.extend({ evidence: evidenceAnswer }),
    },
    (_c, { params }) => {
      const firing = firingBy(deps, params.id);
      return { ...firingView(firing, deps), evidence: evidenceView(firing, deps) };
    },
  );

  return api;
}

/** The picture that goes with it: with an API key, or with the signature that is part of its link. */
export function evidencePictureRoutes(deps: HttpDeps): Api {
  const { links } = deps;
  const api = new Api('Pictures', { open: true });
  // One after the other: they are drawn for whoever looks, and nobody else is to wait for that.
  let drawing: Promise<unknown> = Promise.resolve();

  api.get(
    '/v1/alerts/:id/picture.jpg',
    {
      summary: 'The picture of an alert that fired, with what it fired for; with a key, or the "t" of its link',
      query: z.object({ t: z.string().optional() }),
      answer: z.never(),
      mediaType: 'image/jpeg',
    },
    async (c, { params, query }) => {
      demandKeyOrLink(c, deps, query.t, (t) => links.verifyEvidence(params.id, t));
      const firing = firingBy(deps, params.id);
      const before = drawing;
      const drawn = before.then(() => drawnOf(firing, deps));
      drawing = drawn.catch(() => undefined); // Told to whoever asked for it; the next one is drawn all the same.
      const jpeg = await drawn;
      return c.body(new Uint8Array(jpeg), 200, { 'Content-Type': 'image/jpeg', 'Cache-Control': A_DAY });
    },
  );

  return api;
}

function evidenceView(firing: Firing, deps: HttpDeps): z.input<typeof evidenceAnswer> {
  const { rule, sceneText, window, objects = [], threshold = 0, check } = firing.evidence;
  return {
    rule: snake(rule),
    models: modelsOf(firing.evidence),
    score: firing.confidence,
    threshold,
    text: sceneText,
    ...(window ? { window: { start: window.startMs / 1000, end: window.endMs / 1000 } } : {}),
    objects: objects.map(({ label, score, box: { x1, y1, x2, y2 } }) => ({ label, score, box: [x1, y1, x2, y2] })),
    ...(check ? { check: checkView(check) } : {}),
    scenes: scenesOf(firing, deps),
  };
}

function checkView({ decidedBy, likeness, verdict }: Evidence['check'] & {}): z.input<typeof evidenceAnswer>['check'] {
  return {
    decided_by: decidedBy,
    ...(likeness === undefined ? {} : { likeness }),
    ...(verdict ? { verdict: verdictView(verdict) } : {}),
  };
}

/** Names alone where nothing else was kept. */
function modelsOf({ packs, models = [] }: Evidence): z.input<typeof evidenceAnswer>['models'] {
  return packs.map((name) => models.find((model) => model.name === name) ?? { name });
}

function scenesOf({ indexId, startMs, endMs }: Firing, deps: HttpDeps): z.input<typeof sceneAnswer>[] {
  const { scenes } = deps.store.scenes.page(indexId, { startMs, endMs, page: 1, pageSize: MOST_SCENES });
  return scenes.map((scene) => sceneView(scene, deps));
}

const UNREAD = "the picture of this alert can't be read: it is gone or damaged";

/** Throws `not_found` where there is none that can be read, `unavailable` when the disk fails. */
async function drawnOf(firing: Firing, { store, thumbsDir }: HttpDeps): Promise<Buffer> {
  const path = firing.sceneId === undefined ? undefined : store.scenes.get(firing.sceneId)?.thumbPath;
  if (path === undefined)
    throw new Fault('not_found', 'there is no picture of this alert: it was heard, or that is gone');
  const { rule, objects = [] } = firing.evidence;
  const named = new Set(partsOf(rule).map(({ zone }) => zone));
  const zones = store.streams.get(firing.streamId)?.zones.filter(({ name }) => named.has(name)) ?? [];
  const boxes = objects.map(({ box }) => box);
  const jpeg = await readFile(join(thumbsDir, path)).catch((error: unknown) => {
    throw faultOfReading(error, UNREAD);
  });
  try {
    return await outlined(
      jpeg,
      boxes,
      zones.map(({ polygon }) => polygon),
    );
  } catch (error) {
    throw new Fault('not_found', UNREAD, { cause: error });
  }
}
