import { z } from 'zod';
import type { Asset } from '#domain';
import { beginRender, type Composition, frameRateOf, LARGEST_SIDE, SMALLEST_SIDE } from '#editor';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { callbackAddress, flag, inSnakeCase, nullsAreMissing, number, whole } from '../input.ts';
import { playableBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { playView } from './asset-views.ts';
import { linkedAsset } from './downloads.ts';
import { canvasOf, demandLength, demandPicture, layerOf } from './one-video.ts';

/** As x264 counts: 0 loses nothing, 51 nearly all. */
const QUALITY = { best: 0, usual: 23, worst: 51 };

const videoKeys = nullsAreMissing(
  z.object({
    resolution: whole(SMALLEST_SIDE, LARGEST_SIDE).optional().describe('Lines; as it is when left out'),
    quality: whole(QUALITY.best, QUALITY.worst).default(QUALITY.usual).describe('0 (best) to 51'),
    framerate: number(1, 60).optional(),
    aspect_ratio: z
      .string('must be a ratio such as "16:9"')
      .regex(/^[1-9]\d{0,2}:[1-9]\d{0,2}$/, 'must be a ratio such as "16:9"')
      .optional(),
    resize_mode: z
      .enum(['crop', 'fit', 'pad'], 'must be "crop", "fit" or "pad"')
      .default('crop')
      .describe('Where the shape differs: cut, smaller, or with bars'),
  }),
);
/** VideoDB's Node SDK sends its own spelling of the keys. */
const videoConfig = z.preprocess(inSnakeCase, videoKeys);
const request = z.object({
  source: z.string('must be the id of a video, or a link of this box that plays one').meta({ examples: ['m-0123'] }),
  callback_url: callbackAddress,
  mode: z
    .enum(['economy', 'lightning'], 'must be "economy" or "lightning"')
    .default('economy')
    .describe('No difference here'),
  video_config: videoConfig.default(videoConfig.parse({})),
  audio_config: nullsAreMissing(z.object({ mute: flag.default(false) })).default({ mute: false }),
});
const details = z.object({
  job_id: z.string(),
  status: z.enum(['processing', 'done', 'failed']),
  progress: z.number().describe('Percent'),
  video_id: z.string().optional(),
  stream_url: z.string().optional(),
  player_url: z.string().optional(),
  error: z.string().optional(),
});

/** Videos in other sizes and qualities. */
export function transcodeRoutes(deps: HttpDeps): Api {
  const api = new Api('Videos');

  api.post(
    '/transcode',
    {
      summary: 'Makes a video of another size or quality of a video',
      body: request,
      answer: z.object({ job_id: z.string() }),
    },
    async (_c, { body }) => {
      const video = playableBy(deps, linkedAsset(body.source, deps) ?? body.source);
      demandPicture(video);
      demandLength(video.lengthMs);
      const composition = await transcoded(video, body, deps);
      const keep = { collectionId: video.collectionId, name: `${video.name} (${composition.height} lines)` };
      const begun = await beginRender(deps, composition, { keep, callbackUrl: body.callback_url || undefined });
      return { job_id: 'job' in begun ? begun.job.id : begun.asset.id };
    },
  );

  api.get('/transcode/:id', { summary: 'How that stands', answer: details }, (c, { params: { id } }) => {
    const made = deps.store.assets.get(id);
    const job = deps.store.jobs.get(id);
    if (!made && job?.kind !== 'render')
      throw new Fault('not_found', `job_id: there is no such job "${id.slice(0, 80)}"`);
    const asset = made ?? deps.store.assets.get(job?.result?.assetId ?? '');
    return {
      job_id: id,
      status: made ? 'done' : (job?.status ?? 'failed'),
      progress: made ? 100 : (job?.percentage ?? 0),
      ...(asset ? { video_id: asset.id, ...playView(asset, deps, origin(c, deps.config)) } : {}),
      ...(job?.error === undefined ? {} : { error: job.error }),
    };
  });

  return api;
}

async function transcoded(
  video: Asset,
  { video_config: wanted, audio_config: { mute } }: z.output<typeof request>,
  deps: HttpDeps,
): Promise<Composition> {
  const { lengthMs: durationMs } = video;
  const { width, height } = canvasOf(sizeOf(video, wanted));
  const fit = wanted.resize_mode === 'pad' ? 'contain' : 'crop';
  const content = { kind: 'video', assetId: video.id, fromMs: 0, volume: mute ? 0 : 1 } as const;
  const fps = wanted.framerate ?? (await frameRateOf([video], deps));
  const layers = [layerOf(content, durationMs, { fit })];
  return { width, height, fps, background: '#000000', durationMs, layers, quality: wanted.quality };
}

/** `fit` keeps the picture's own shape, within what was asked for. */
function sizeOf(video: Asset, { resolution, aspect_ratio: shape, resize_mode: mode }: z.output<typeof videoConfig>) {
  const own = video.width / video.height;
  const [across = 1, down = 1] = shape?.split(':').map(Number) ?? [own];
  const height = resolution ?? video.height;
  const width = (height * across) / down;
  if (mode !== 'fit') return { width, height };
  return own > width / height ? { width, height: width / own } : { width: height * own, height };
}
