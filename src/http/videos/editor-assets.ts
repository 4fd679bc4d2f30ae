import { z } from 'zod';
import {
  ANIMATIONS,
  CAPTION_ALIGNMENTS,
  type CaptionRequest,
  LARGEST_SIDE,
  LONGEST_MS,
  POSITIONS,
  type TextContent,
  type TimelineAsset,
} from '#editor';
import { nullsAreMissing, number, whole } from '../input.ts';

const LONGEST_S = LONGEST_MS / 1000;
const LONGEST_TEXT = 5000;
/** Base64 of two MiB. */
const LONGEST_ASS = 2_900_000;

/** An object whose members may be null, which is the same as missing. */
export function part<S extends z.ZodRawShape>(shape: S) {
  return nullsAreMissing(z.object(shape, 'must be an object'));
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

/** Milliseconds inside. */
export function seconds(least: number) {
  const hint = `must be seconds, from ${least} to ${LONGEST_S}`;
  return number(least, LONGEST_S, hint)
    .transform((given) => Math.round(given * 1000))
    .describe('Seconds');
}

const share = number(0, 1);
const pixels = number(0, LARGEST_SIDE);
const flag = z.boolean('must be true or false').default(false);

export const color = z
  .string('must be a colour such as "#ff8800"')
  .regex(/^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i, 'must be a colour such as "#ff8800"')
  .transform((hex) => (hex.length === 4 ? hex.replace(/[0-9a-f]/gi, '$&$&') : hex).toLowerCase());

const ASS_HINT = 'must be a colour such as "&H00FFFFFF": transparency, blue, green, red';
const assColor = z
  .string(ASS_HINT)
  .regex(/^&H(?:[0-9a-f]{2})?[0-9a-f]{6}&?$/i, ASS_HINT)
  .transform(
    (given) =>
      `&H${given
        .replace(/^&H|&$/gi, '')
        .padStart(8, '0')
        .toUpperCase()}`,
  );

const id = z
  .string('must be the id of an asset')
  .min(1, 'must be the id of an asset')
  .max(200, 'is not the id of an asset');
const start = seconds(0).default(0);
const volume = number(0, 5).default(1);
const edge = share.default(0);
const crop = part({ top: edge, right: edge, bottom: edge, left: edge })
  .refine((cut) => cut.top + cut.bottom < 1 && cut.left + cut.right < 1, 'must leave something of the picture')
  .optional()
  .describe('What is cut off at each side: shares of the picture');

const font = z
  .string('must be the name of a font')
  .trim()
  .min(1, 'must be the name of a font')
  .max(100, 'must not be longer than 100 characters')
  .regex(/^[\p{L}\p{N} ._+-]+$/u, 'must be the name of a font: letters, digits and spaces');

const text = z
  .object({
    type: z.literal('text'),
    text: z
      .string('must be text')
      .min(1, 'must not be empty')
      .max(LONGEST_TEXT, `must not be longer than ${LONGEST_TEXT} characters`)
      .regex(/^(?:\P{Cc}|[\n\r\t])*$/u, 'must not contain control characters'),
    font: part({
      family: font.default('Clear Sans'),
      size: number(1, 1000).default(48),
      color: color.default('#ffffff'),
      opacity: share.default(1),
      weight: number(1, 1000).optional(),
    }).prefault({}),
    alignment: part({
      horizontal: oneOf(['left', 'center', 'right']).default('center'),
      vertical: oneOf(['top', 'center', 'bottom']).default('center'),
    }).prefault({}),
    tabsize: whole(1, 100).default(4),
    line_spacing: number(0, 1000).default(0),
    border: part({ color: color.default('#000000'), width: number(0, 200).default(0) }).optional(),
    shadow: part({ color: color.default('#000000'), x: pixels.default(0), y: pixels.default(0) }).optional(),
    background: part({
      width: pixels.default(0),
      height: pixels.default(0),
      color: color.default('#000000'),
      border_width: number(0, 1000).default(0),
      opacity: share.default(1),
      text_alignment: oneOf(POSITIONS).default('center'),
    }).optional(),
    width: number(1, LARGEST_SIDE).optional(),
    height: number(1, LARGEST_SIDE).optional(),
  })
  .transform(({ type: kind, tabsize, line_spacing, font: { weight, ...face }, background, ...rest }): TextContent => {
    const { border, shadow, width, height, ...needed } = rest;
    return {
      kind,
      ...needed,
      font: { ...face, ...(weight === undefined ? {} : { weight }) },
      tabSize: tabsize,
      lineSpacing: line_spacing,
      ...(border && { border }),
      ...(shadow && { shadow }),
      ...(background && { background: boxOf(background) }),
      ...(width === undefined ? {} : { width }),
      ...(height === undefined ? {} : { height }),
    };
  });

function boxOf<T extends { border_width: number; text_alignment: (typeof POSITIONS)[number] }>(box: T) {
  const { border_width: borderWidth, text_alignment: textAlignment, ...rest } = box;
  return { ...rest, borderWidth, textAlignment };
}

const percent = number(1, 1000).default(100);
const margin = pixels.default(30);

const caption = z
  .object({
    type: z.literal('caption'),
    src: z
      .string('must be "auto", or an ASS document in base64')
      .max(LONGEST_ASS, `must not be longer than ${LONGEST_ASS} characters`)
      .default('auto')
      .describe('"auto": what is said; or an ASS document in base64'),
    font: part({
      font_name: font.default('Clear Sans'),
      font_size: number(1, 1000).default(30),
      bold: flag,
      italic: flag,
      underline: flag,
      strikeout: flag,
      scale_x: percent,
      scale_y: percent,
      spacing: number(-100, 1000).default(0),
      angle: number(-360, 360).default(0),
    }).prefault({}),
    primary_color: assColor.default('&H00FFFFFF'),
    secondary_color: assColor.default('&H000000FF'),
    back_color: assColor.default('&H00000000'),
    border: part({
      style: oneOf(['outline_and_shadow', 'opaque_box']).default('outline_and_shadow'),
      outline: number(0, 200).default(1),
      outline_color: assColor.default('&H00000000'),
      shadow: number(0, 200).default(0),
    }).prefault({}),
    position: part({
      alignment: oneOf(CAPTION_ALIGNMENTS).default('bottom_center'),
      margin_l: margin,
      margin_r: margin,
      margin_v: margin,
    }).prefault({}),
    animation: oneOf(ANIMATIONS).optional(),
  })
  .transform(({ src, font: face, border, position, animation, ...colors }): CaptionRequest => {
    const { font_name: name, font_size: size, scale_x: scaleX, scale_y: scaleY, ...style } = face;
    const { outline_color: outlineColor, ...outline } = border;
    const { alignment, margin_l: marginL, margin_r: marginR, margin_v: marginV } = position;
    return {
      kind: 'captions',
      src,
      font: { ...style, name, size, scaleX, scaleY },
      primaryColor: colors.primary_color,
      secondaryColor: colors.secondary_color,
      backColor: colors.back_color,
      border: { ...outline, outlineColor },
      position: { alignment, marginL, marginR, marginV },
      ...(animation && { animation }),
    };
  });

const media = { id, start, volume };
const video = z.object({ type: z.literal('video'), ...media, crop }).transform(mediaOf);
const audio = z.object({ type: z.literal('audio'), ...media }).transform(mediaOf);
const image = z
  .object({ type: z.literal('image'), id, crop })
  .transform(({ id: assetId, crop: cut }) => ({ kind: 'image' as const, assetId, ...(cut && { crop: cut }) }));

function mediaOf<K extends 'video' | 'audio'>(given: {
  type: K;
  id: string;
  start: number;
  volume: number;
  crop?: { top: number; right: number; bottom: number; left: number } | undefined;
}) {
  const { type: kind, id: assetId, start: fromMs, volume: loudness, crop: cut } = given;
  return { kind, assetId, fromMs, volume: loudness, ...(cut && { crop: cut }) };
}

/** What a clip shows or sounds, as VideoDB's SDKs write it. */
export const assetSchema = nullsAreMissing(
  z.discriminatedUnion('type', [video, audio, image, text, caption], {
    error: (issue) =>
      issue.code === 'invalid_union' ? 'must be one of video, audio, image, text, caption' : 'must be an object',
  }),
).transform((asset): TimelineAsset => asset);
