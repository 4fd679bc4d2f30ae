import type { LikenessQuery } from './protocol.ts';
import type { Eyes } from './sight.ts';

/** A text as pictures are searched by it, among those that the same model has seen. */
export interface PictureQuery extends LikenessQuery {
  model: string;
}

/** Undefined where no model compares pictures with texts, or none has time. Rejects only when `signal` aborts. */
export async function pictureQuery(text: string, eyes: Eyes, signal: AbortSignal): Promise<PictureQuery | undefined> {
  const model = eyes.has('image-text') ? eyes.status().packs['image-text'] : undefined;
  if (model === undefined) return undefined;
  const about = { streamId: 'search', priority: 'alert' } as const;
  const answer = await eyes.ask('image-text', { picture: undefined, texts: [text] }, about, signal);
  const query = typeof answer === 'string' ? undefined : answer.queries[0];
  return query && { ...query, model };
}
