import { hashKey, newId, type Scope } from '#domain';
import type { Log } from '#runtime';
import type { Store } from '#store';

/** Makes a new API key, stores its hash, and returns the key itself: the only time that it is seen. */
export function grantKey(store: Store, label: string, scopes: readonly Scope[] = ['all']): string {
  const key = newId('key');
  store.keys.add(hashKey(key), label, scopes);
  return key;
}

/**
 * The given first key when it isn't known yet, else a random one if there is none at all. Returns a new random key. One
 * that was revoked stays so.
 */
export function ensureFirstKey(store: Store, given: string | undefined, log: Log): string | undefined {
  if (given) {
    const hash = hashKey(given);
    if (!store.keys.isKnown(hash)) store.keys.add(hash, 'WATCHPOST_API_KEY');
    else if (!store.keys.find(hash)) log.warn('WATCHPOST_API_KEY: this key was revoked and opens nothing; set another');
    return undefined;
  }
  return store.keys.list().length === 0 ? grantKey(store, 'first key') : undefined;
}
