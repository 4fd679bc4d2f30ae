import type { Box, Frame, SceneFacts } from '#domain';
import type { IndexPlan } from '#prompts';
import type { About, Inference } from './inference.ts';
import type { Picture } from './protocol.ts';
import { withArticle } from './sentence.ts';

/** Those who look at pictures; a stand-in needs no more. */
export type Eyes = Pick<Inference, 'ask' | 'detect' | 'has' | 'status'>;

/** What an index wants to know of a picture beside the objects in it. */
export interface Wanted {
  faces: boolean;
  texts: boolean;
  /** Who somebody is, among those seen on this stream. */
  identity: boolean;
  /** A vector of the picture, and how much it looks like these. */
  likeness: boolean;
  phrases: readonly string[];
}

/** What else there is to see in a picture, as far as it was wanted and packs had time for it. */
export interface Sight extends Pick<SceneFacts, 'faces' | 'texts' | 'likenesses'> {
  /** In the space in which the model has texts, too. */
  picture?: { vector: Float32Array; model: string };
}

/** Below this a face is a pattern. */
const SURE_FACE = 0.7;
/** What is read less surely is mostly not what is written. */
const LEGIBLE = 0.6;
const SHORTEST_TEXT = 2;
/** A sign has a few lines; a wall of text is nobody's question. */
const MOST_TEXTS = 12;
const MOST_FACES = 50;

/** What the plan asks for on this tier. The least one looks for objects and nothing else. */
export function wantedOf({ aspects, phrases }: IndexPlan, tier: string): Wanted {
  const more = tier !== 'mini';
  return {
    faces: more && aspects.includes('faces'),
    texts: more && aspects.includes('text'),
    identity: more,
    likeness: more,
    phrases: more ? phrases : [],
  };
}

/** Whether what is wanted is too small for frames of the usual size, and somebody is here to look at larger ones. */
export function needsFineFrames({ faces, texts }: Wanted, eyes: Pick<Eyes, 'has'>): boolean {
  return (faces && eyes.has('face-detection')) || (texts && eyes.has('text-recognition'));
}

/** Looks at one picture with everything that is wanted and here. Rejects only when `signal` aborts. */
export async function lookCloser(
  frame: Frame,
  wanted: Wanted,
  eyes: Eyes,
  about: About,
  signal: AbortSignal,
): Promise<Sight> {
  const picture = pictureOf(frame);
  const [faces, texts, likeness] = await Promise.all([
    wanted.faces ? facesIn(picture, eyes, about, signal) : undefined,
    wanted.texts ? textsIn(picture, eyes, about, signal) : undefined,
    wanted.likeness ? likenessOf(picture, wanted.phrases, eyes, about, signal) : undefined,
  ]);
  return { ...(faces ? { faces } : {}), ...(texts ? { texts } : {}), ...likeness };
}

/** What the people in the boxes look like, one vector each; undefined when nobody can tell. */
export async function appearancesOf(
  frame: Frame,
  boxes: Box[],
  eyes: Eyes,
  about: About,
  signal: AbortSignal,
): Promise<Float32Array[] | undefined> {
  if (boxes.length === 0 || !eyes.has('person-embedding')) return undefined;
  return answered(await eyes.ask('person-embedding', { picture: pictureOf(frame), boxes }, about, signal));
}

async function facesIn(picture: Picture, eyes: Eyes, about: About, signal: AbortSignal): Promise<Sight['faces']> {
  if (!eyes.has('face-detection')) return undefined;
  const found = answered(await eyes.ask('face-detection', { picture, minScore: SURE_FACE }, about, signal));
  return found?.slice(0, MOST_FACES).map(({ score, box }) => ({ score, box }));
}

/** Finds where something is written, then reads it. */
async function textsIn(picture: Picture, eyes: Eyes, about: About, signal: AbortSignal): Promise<Sight['texts']> {
  if (!eyes.has('text-detection') || !eyes.has('text-recognition')) return undefined;
  const places = answered(await eyes.ask('text-detection', { picture }, about, signal))?.slice(0, MOST_TEXTS);
  if (!places) return undefined;
  if (places.length === 0) return [];
  const boxes = places.map(({ box }) => box);
  const read = answered(await eyes.ask('text-recognition', { picture, boxes }, about, signal));
  return read?.flatMap(({ text, score }, i) => {
    const box = boxes[i];
    const legible = box && score >= LEGIBLE && text.trim().length >= SHORTEST_TEXT;
    return legible ? [{ text: text.trim(), score, box }] : [];
  });
}

async function likenessOf(
  picture: Picture,
  phrases: readonly string[],
  eyes: Eyes,
  about: About,
  signal: AbortSignal,
): Promise<Pick<Sight, 'likenesses' | 'picture'>> {
  const model = eyes.has('image-text') ? eyes.status().packs['image-text'] : undefined;
  if (model === undefined) return {};
  const found = answered(await eyes.ask('image-text', { picture, texts: phrases.map(captionOf) }, about, signal));
  if (!found?.picture) return {};
  const likenesses = phrases.map((phrase, i) => ({ phrase, score: found.likeness[i] ?? 0 }));
  return {
    ...(phrases.length > 0 ? { likenesses: likenesses.sort((a, b) => b.score - a.score) } : {}),
    picture: { vector: found.picture, model },
  };
}

/** Such models have learnt from captions. */
function captionOf(phrase: string): string {
  return `a photo of ${/^(?:an?|the|some|\d+)\b/i.test(phrase) ? phrase : withArticle(phrase)}`;
}

function answered<T extends object>(outcome: T | 'none' | 'dropped'): T | undefined {
  return typeof outcome === 'string' ? undefined : outcome;
}

function pictureOf({ width, height, rgb }: Frame): Picture {
  return { width, height, rgb };
}
