/** Where the API key lives: this tab's session storage, or the device's local storage when asked to remember it. */
const NAME = 'watchpost-key';
type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export interface KeyPlaces {
  session: Store;
  device: Store;
}

export function loadKey({ session, device }: KeyPlaces): string | undefined {
  return session.getItem(NAME) ?? device.getItem(NAME) ?? undefined;
}

export function saveKey(key: string, remember: boolean, { session, device }: KeyPlaces): void {
  session.setItem(NAME, key);
  if (remember) device.setItem(NAME, key);
}

export function forgetKey({ session, device }: KeyPlaces): void {
  session.removeItem(NAME);
  device.removeItem(NAME);
}

/** The key in a fragment such as `#key=sk-…`; undefined when there is none. */
export function keyInFragment(fragment: string): string | undefined {
  const key = new URLSearchParams(fragment.replace(/^#/, '')).get('key')?.trim();
  return key || undefined;
}
