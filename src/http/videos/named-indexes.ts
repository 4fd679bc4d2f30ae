import { z } from 'zod';
import { type AssetIndex, newId } from '#domain';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { opaque, text } from '../input.ts';
import { playableBy, videoIndexBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { GIVEN_LIMIT, givenScenes, indexGiven, readScenes } from './given-scenes.ts';

const request = z.object({
  name: text(200, 'What the guard wrote').default('Index'),
  source: z
    .object({ scenes: givenScenes.optional() }, 'must be {"scenes": [{"start", "end", "data"}]}')
    .describe('What is to be searched: stretches with what is known of them'),
  metadata: opaque.default({}),
});
const answer = z.object({
  id: z.string(),
  index_id: z.string(),
  name: z.string(),
  kind: z.enum(['scene', 'spoken_word']),
  status: z.enum(['processing', 'done', 'failed']),
});

/** The newer clients' names for indexes over videos; those of scenes that they bring are filled at once. */
export function namedIndexRoutes(deps: HttpDeps): Api {
  const { assetIndexes } = deps.store;
  const api = new Api('Video indexes');

  api.post(
    '/video/:id/indexes',
    { summary: 'Indexes scenes that somebody else described', body: request, bodyLimit: GIVEN_LIMIT, answer },
    async (_c, { params, body: { name, source, metadata } }) => {
      const asset = playableBy(deps, params.id);
      const scenes = await readScenes(source.scenes ?? [], ['source', 'scenes']);
      if (scenes.length === 0) {
        throw new Fault(
          'refused',
          'source: only "scenes" are indexed here; POST /video/{id}/index/scene finds them itself',
        );
      }
      const index: AssetIndex = {
        id: newId('index'),
        assetId: asset.id,
        kind: 'scene',
        name,
        prompt: '',
        extraction: { type: 'time' },
        extractionConfig: { scenes: scenes.length },
        metadata,
        modelName: 'basic',
        status: 'processing',
        createdMs: deps.clock.nowMs(),
      };
      await indexGiven(index, scenes, asset, deps);
      return view({ ...index, status: 'done' });
    },
  );

  api.get(
    '/video/:id/indexes',
    { summary: "All of a video's indexes, over what is seen and said", answer: z.object({ indexes: z.array(answer) }) },
    (_c, { params }) => ({ indexes: assetIndexes.listByAsset(playableBy(deps, params.id).id).map(view) }),
  );

  api.get('/video/:id/indexes/:index', { summary: 'One of them', answer }, (_c, { params }) =>
    view(videoIndexBy(deps, playableBy(deps, params.id), params.index)),
  );

  return api;
}

function view({ id, name, kind, status }: AssetIndex): z.input<typeof answer> {
  return { id, index_id: id, name, kind, status };
}
