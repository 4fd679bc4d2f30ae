import { setTimeout } from 'node:timers/promises';
import type { Scene, Transcript } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { bestHits, type SceneHit, type SceneQuery, type TranscriptHit } from '#store';
import type { HttpDeps } from '../deps.ts';

/** What an index says about a stretch of a stream, or what was said there. */
export type StreamHit = { score: number } & ({ scene: Scene } | { transcript: Transcript });

/** So many of each kind are compared where only those near the best count. */
const COMPARED = 200;

/** A search waits no longer for the model that looks for pictures; it then goes by words alone. */
const PATIENCE_MS = 1500;

/**
 * The best scenes of indexes and, unless one index is named, the best of what was said; best first. What an audio index
 * found is the same moment as its words: it stands there once, as sure as the surer of the two. Throws the signal's reason.
 */
export async function findOnStreams(
  { store, pictureQuery }: Pick<HttpDeps, 'store' | 'pictureQuery'>,
  query: Omit<SceneQuery, 'vector' | 'model' | 'pictures'> & { signal?: AbortSignal },
): Promise<StreamHit[]> {
  const pictures = await picturesBy(query.text, pictureQuery);
  const words = { vector: embedText(query.text), model: TEXT_EMBEDDING.model };
  const asked = { ...query, ...words, ...(pictures ? { pictures } : {}) };
  if (query.indexId !== undefined) return store.scenes.search(asked);
  const { dynamicPercentage, ...each } = asked;
  // What is too little on its own may be enough together.
  if (each.scoreThreshold !== undefined) each.scoreThreshold = 0;
  if (dynamicPercentage !== undefined) each.limit = Math.max(COMPARED, each.limit);
  const [scenes, said] = await Promise.all([store.scenes.search(each), store.transcripts.search(each)]);
  const isAudio = audioIndexes(store);
  const audio = scenes.filter(({ scene }) => isAudio(scene.indexId));
  const alone = said.filter((hit) => !takenIn(hit, audio));
  const hits = [
    ...scenes.map((hit) => ({ ...hit, id: hit.scene.id, startMs: hit.scene.startMs })),
    ...alone.map((hit) => ({ ...hit, id: hit.transcript.id, startMs: hit.transcript.startMs })),
  ];
  return bestHits(hits, query);
}

/** Whether the words are in one of the scenes; the best of them is then as sure as the words. */
function takenIn({ transcript, score }: TranscriptHit, scenes: SceneHit[]): boolean {
  const same = scenes.find(
    ({ scene }) =>
      scene.streamId === transcript.streamId && scene.startMs < transcript.endMs && scene.endMs > transcript.startMs,
  );
  if (same) same.score = Math.max(same.score, score);
  return same !== undefined;
}

function audioIndexes({ indexes }: HttpDeps['store']): (id: string) => boolean {
  const known = new Map<string, boolean>();
  return (id) => {
    const found = known.get(id) ?? indexes.get(id)?.extraction.type === 'transcript';
    known.set(id, found);
    return found;
  };
}

/** Never rejects: search must not depend on a process that may be away. */
export async function picturesBy(
  text: string,
  pictureQuery: HttpDeps['pictureQuery'],
): Promise<SceneQuery['pictures']> {
  if (!pictureQuery) return undefined;
  const late = new AbortController();
  const enough = new AbortController();
  const timer = setTimeout(PATIENCE_MS, undefined, { signal: enough.signal }).then(
    () => late.abort(),
    () => undefined, // It came in time.
  );
  const query = await pictureQuery(text, late.signal).catch(() => undefined);
  enough.abort();
  await timer;
  return query;
}
