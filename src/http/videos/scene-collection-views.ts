import { z } from 'zod';
import type { SceneCollection } from '#domain';
import type { HttpDeps } from '../deps.ts';

const frame = z.object({
  frame_id: z.string(),
  url: z.string().describe('The picture, without a key'),
  frame_time: z.number().describe('Seconds from the start of the video'),
  description: z.string(),
});
const scene = z.object({
  scene_id: z.string(),
  start: z.number().describe('Seconds from the start of the video'),
  end: z.number(),
  description: z.string(),
  metadata: z.object({}),
  frames: z.array(frame),
});
export const sceneCollectionAnswer = z.object({
  scene_collection: z.object({
    scene_collection_id: z.string(),
    config: z.record(z.string(), z.unknown()),
    scenes: z.array(scene),
  }),
});

/** What the box cut a video into, with links to the pictures for whom asks. */
export function sceneCollectionView(
  collection: SceneCollection,
  { links }: Pick<HttpDeps, 'links'>,
  base: string,
): z.input<typeof sceneCollectionAnswer> {
  const { id, assetId } = collection;
  const scenes = collection.scenes.map(({ startMs, endMs, description = '', frames }, n) => ({
    scene_id: `${id}-${n}`,
    start: startMs / 1000,
    end: endMs / 1000,
    description,
    metadata: {},
    frames: frames.map(({ atMs, description: told = '' }, at) => ({
      frame_id: `${id}-${n}-${at}`,
      url: base + links.picturePath(assetId, atMs),
      frame_time: atMs / 1000,
      description: told,
    })),
  }));
  return { scene_collection: { scene_collection_id: id, config: configView(collection), scenes } };
}

export function configView({ extraction, extractionConfig }: SceneCollection): Record<string, unknown> {
  return { ...extractionConfig, extraction_type: extraction.type };
}
