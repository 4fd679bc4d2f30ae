import { Fault } from '#runtime';
import type { Size } from './ass.ts';
import { assOfCaptions } from './captions.ts';
import type { Composition, Layer } from './composition.ts';
import { type Fonts, installedFonts } from './fonts.ts';
import { assOfText } from './text.ts';

/**
 * What a layer of text or captions shows, as an ASS document of the canvas's size; times count from the layer's start.
 * Where the layer's own position has a meaning (a text with a box), it is in it.
 */
export async function assOf(
  { content, position, durationMs }: Layer,
  canvas: Size,
  looking?: Promise<Fonts>,
): Promise<string> {
  if (content.kind === 'captions' && content.ass !== undefined) return content.ass;
  const fonts = await (looking ?? installedFonts());
  if (content.kind === 'captions') return assOfCaptions(content, canvas, durationMs, fonts);
  if (content.kind === 'text') return assOfText(content, canvas, position, durationMs, fonts);
  throw new Fault('internal', `a layer of ${content.kind} has no text`);
}

/** A sentence for each font that is asked for and isn't installed: what is used instead, and how to get it. */
export async function fontNotes({ layers }: Pick<Composition, 'layers'>): Promise<string[]> {
  const asked = layers.flatMap(({ content }) => {
    if (content.kind === 'text') return [content.font.family];
    return content.kind === 'captions' && content.ass === undefined ? [content.font.name] : [];
  });
  if (asked.length === 0) return [];
  const fonts = await installedFonts();
  return [...new Set(asked)].flatMap((family) => fonts.choose(family).note ?? []);
}

/** What the looks of texts depend on, beside the composition: the fonts of this box. None where there is no text. */
export async function fontsOf({ layers }: Pick<Composition, 'layers'>): Promise<string[]> {
  if (!layers.some(({ content }) => content.kind === 'text' || content.kind === 'captions')) return [];
  return (await installedFonts()).names();
}
