import { z } from 'zod';
import type { Asset } from '#domain';
import { beginFollowing, type Composition, frameRateOf, LARGEST_SIDE, SMALLEST_SIDE } from '#editor';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpDeps } from '../deps.ts';
import { callbackAddress, nullsAreMissing, number, whole } from '../input.ts';
import { playableBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { videoAnswer, videoView } from './asset-views.ts';
import { answerOf, renderJob } from './jobs.ts';
import { canvasOf, demandLength, demandPicture, layerOf } from './one-video.ts';

const SHAPES: Readonly<Record<string, string>> = { vertical: '9:16', square: '1:1', landscape: '16:9' };
const TARGET = 'must be "vertical", "square", "landscape", a ratio such as "4:5", or {"width", "height"}';
const SHORTEST_MS = 100;

const seconds = number(0, 1e9, 'must be seconds from the start of the video');
const side = whole(SMALLEST_SIDE, LARGEST_SIDE);
const request = z.object({
  start: seconds.optional(),
  end: seconds.optional(),
  target: z
    .union(
      [
        z.enum(['vertical', 'square', 'landscape']),
        z.string().regex(/^\d{1,3}:\d{1,3}$/),
        nullsAreMissing(z.object({ width: side, height: side })).meta({ required: ['width', 'height'] }),
      ],
      TARGET,
    )
    .default('vertical')
    .describe('A shape, in which nothing is enlarged, or a size')
    .meta({ examples: ['vertical'] }),
  mode: z
    .enum(['simple', 'smart', 'auto'], 'must be "simple" or "smart"')
    .default('smart')
    .describe('The middle of the picture, or what moves in it'),
  callback_url: callbackAddress,
});

/** Videos in other shapes. */
export function reframeRoutes(deps: HttpDeps): Api {
  const api = new Api('Videos');
  api.post(
    '/video/:id/reframe',
    {
      summary: 'Makes a video of another shape: its middle, or what is followed in it',
      body: request,
      answer: videoAnswer,
      job: true,
    },
    async (c, { params, body }) => {
      const video = playableBy(deps, params.id);
      demandPicture(video);
      const composition = await reframed(video, body, deps);
      const { width, height } = composition;
      const keep = { collectionId: video.collectionId, name: `${video.name} (${width}x${height})` };
      const options = { keep, callbackUrl: body.callback_url || undefined };
      if (body.mode === 'simple') return renderJob(c, deps, composition, options);
      const begun = beginFollowing(deps, composition, options);
      if ('job' in begun) return answerOf(c, deps, begun.job.id);
      return videoView(begun.asset, deps, origin(c, deps.config));
    },
  );
  return api;
}

async function reframed(
  video: Asset,
  { start = 0, end = Infinity, target }: z.output<typeof request>,
  deps: HttpDeps,
): Promise<Composition> {
  const fromMs = Math.round(start * 1000);
  const durationMs = Math.round(Math.min(end * 1000, video.lengthMs)) - fromMs;
  if (durationMs < SHORTEST_MS) {
    throw new Fault(
      'invalid',
      `end: must be later than "start", and both within the ${video.lengthMs / 1000} s of the video`,
    );
  }
  demandLength(durationMs);
  const { width, height } = canvasOf(sizeOf(video, target));
  const layer = layerOf({ kind: 'video', assetId: video.id, fromMs, volume: 1 }, durationMs, { fit: 'crop' });
  const fps = await frameRateOf([video], deps);
  return { width, height, fps, background: '#000000', durationMs, layers: [layer] };
}

/** Of a shape: the largest that the picture holds. */
function sizeOf(
  { width, height }: Asset,
  target: z.output<typeof request>['target'],
): { width: number; height: number } {
  if (typeof target === 'object') return target;
  const [across = 1, down = 1] = (SHAPES[target] ?? target).split(':').map(Number);
  if (across === 0 || down === 0) throw new Fault('invalid', `target: ${TARGET}`);
  const ratio = across / down;
  return width / height > ratio ? { width: height * ratio, height } : { width, height: width / ratio };
}
