import type { SceneIndex } from '#domain';

/**
 * The indexes beside which this one tells rules of several parts what they can't: of the indexes of a stream that hear, the
 * first tells those on indexes that see, and the other way round.
 */
export function besides(running: readonly SceneIndex[], indexId: string): SceneIndex[] {
  const own = running.find(({ id }) => id === indexId);
  if (!own || running.find((one) => hears(one) === hears(own)) !== own) return [];
  return running.filter((one) => hears(one) !== hears(own));
}

/** The index that tells rules on the given one what it can't. */
export function companion(running: readonly SceneIndex[], index: SceneIndex): SceneIndex | undefined {
  return running.find((one) => hears(one) !== hears(index));
}

export function hears({ extraction }: Pick<SceneIndex, 'extraction'>): boolean {
  return extraction.type === 'transcript';
}
