import { hashKey, newId } from '#domain';
import type { Store } from '#store';

/** Makes a new API key, stores its hash, and returns the key itself: the only time that it is seen. */
export function grantKey(store: Store, label: string): string {
  const key = newId('key');
  store.keys.add(hashKey(key), label);
  return key;
}

/** The given first key when it isn't known yet, else a random one if there is none at all. Returns a new random key. */
export function ensureFirstKey(store: Store, given: string | undefined): string | undefined {
  if (given) {
    if (!store.keys.find(hashKey(given))) store.keys.add(hashKey(given), 'WATCHPOST_API_KEY');
    return undefined;
  }
  return store.keys.count() === 0 ? grantKey(store, 'first key') : undefined;
}
