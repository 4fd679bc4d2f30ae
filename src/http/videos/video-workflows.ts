import { z } from 'zod';
import { spokenWords } from '#assets';
import type { Asset } from '#domain';
import { type CaptionsContent, type Composition, frameRateOf } from '#editor';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { callbackAddress, flag, inSnakeCase, nullsAreMissing, number, text, whole } from '../input.ts';
import { playableBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { videoAnswer } from './asset-views.ts';
import { renderJob } from './jobs.ts';
import { canvasOf, demandLength, demandPicture, layerOf } from './one-video.ts';

/** Sizes of subtitles are those of a picture with so many lines. */
const STYLED_LINES = 288;
/** In the order of the keys of a telephone turned upside down, as ASS counts. */
const ALIGNMENTS = [
  ...(['bottom_left', 'bottom_center', 'bottom_right'] as const),
  ...(['middle_left', 'middle_center', 'middle_right'] as const),
  ...(['top_left', 'top_center', 'top_right'] as const),
];
/** As the SDKs name them. */
const BORDERS = { none: 1, box: 3, outline: 4 } as const;

const colour = (standard: string) =>
  z
    .string('must be &HAABBGGRR, e.g. "&H00FFFFFF"')
    .regex(/^&H[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?&?$/, 'must be &HAABBGGRR, e.g. "&H00FFFFFF"')
    .default(standard);
const size = (standard: number, most = 500) => number(0, most).default(standard);

const styleKeys = nullsAreMissing(
  z.object({
    font_name: text(100, 'Arial').default('Arial'),
    font_size: number(1, 500).default(18).describe('Of a picture of 288 lines; larger ones have it larger'),
    primary_colour: colour('&H00FFFFFF'),
    secondary_colour: colour('&H000000FF'),
    outline_colour: colour('&H00000000'),
    back_colour: colour('&H00000000'),
    bold: flag.default(false),
    italic: flag.default(false),
    underline: flag.default(false),
    strike_out: flag.default(false),
    scale_x: number(0.1, 10).default(1),
    scale_y: number(0.1, 10).default(1),
    spacing: number(-50, 100).default(0),
    angle: number(-360, 360).default(0),
    border_style: z.preprocess(
      (value) => (typeof value === 'string' ? Number(value) : value),
      z.union([z.literal(1), z.literal(3), z.literal(4)], 'must be 1 (none), 3 (a box) or 4 (an outline)').default(4),
    ),
    outline: size(1, 100),
    shadow: size(0, 100),
    alignment: whole(1, 9).default(2).describe('1 at the bottom left to 9 at the top right'),
    margin_l: size(10, 5000),
    margin_r: size(10, 5000),
    margin_v: size(10, 5000),
  }),
);
/** VideoDB's Node SDK 0.2 sends its own spelling of the keys. */
const style = z.preprocess(inSnakeCase, styleKeys).meta({ examples: [{ font_size: 24, alignment: 2 }] });

const request = z.object({
  type: z.literal('add_subtitles', 'must be "add_subtitles", the one workflow there is').default('add_subtitles'),
  subtitle_style: style.default(style.parse({})),
  callback_url: callbackAddress,
});

/** What VideoDB's clients have done with a whole video. */
export function videoWorkflowRoutes(deps: HttpDeps): Api {
  const api = new Api('Videos');
  api.post(
    '/video/:id/workflow',
    {
      summary: 'Links that play the video with what is said in it written into its picture',
      body: request,
      answer: videoAnswer,
      job: true,
    },
    async (c, { params, body }) => {
      const video = playableBy(deps, params.id);
      const callbackUrl = body.callback_url || undefined;
      return renderJob(c, deps, await subtitled(video, body.subtitle_style, deps), { callbackUrl });
    },
  );
  return api;
}

async function subtitled(video: Asset, wanted: z.output<typeof style>, deps: HttpDeps): Promise<Composition> {
  demandPicture(video);
  const words = spokenWords(deps.store, video);
  if (words.length === 0) {
    throw new Fault(
      'refused',
      'nothing is known of what is said in it: POST /video/{id}/index has it written down first',
    );
  }
  demandLength(video.lengthMs);
  const { width, height } = canvasOf(video);
  const fps = await frameRateOf([video], deps);
  const captions = layerOf({ ...captionsOf(wanted, height / STYLED_LINES), words }, video.lengthMs);
  const layers = [layerOf({ kind: 'video', assetId: video.id, fromMs: 0, volume: 1 }, video.lengthMs), captions];
  return { width, height, fps, background: '#000000', durationMs: video.lengthMs, layers };
}

function captionsOf(wanted: z.output<typeof style>, factor: number): CaptionsContent {
  const { border_style: border } = wanted;
  return {
    kind: 'captions',
    font: {
      name: wanted.font_name,
      size: wanted.font_size * factor,
      bold: wanted.bold,
      italic: wanted.italic,
      underline: wanted.underline,
      strikeout: wanted.strike_out,
      scaleX: wanted.scale_x * 100,
      scaleY: wanted.scale_y * 100,
      spacing: wanted.spacing * factor,
      angle: wanted.angle,
    },
    primaryColor: wanted.primary_colour,
    secondaryColor: wanted.secondary_colour,
    backColor: wanted.back_colour,
    border: {
      style: border === BORDERS.box ? 'opaque_box' : 'outline_and_shadow',
      outline: border === BORDERS.none ? 0 : wanted.outline * factor,
      outlineColor: wanted.outline_colour,
      shadow: wanted.shadow * factor,
    },
    position: {
      alignment: ALIGNMENTS[wanted.alignment - 1] ?? 'bottom_center',
      marginL: wanted.margin_l * factor,
      marginR: wanted.margin_r * factor,
      marginV: wanted.margin_v * factor,
    },
  };
}
