/** Hubs over a real store, and sockets at them. */
import { vi } from 'vitest';
import { Hub, type Listener } from '#delivery';
import { newId, type SceneIndex } from '#domain';
import type { Store } from '#store';
import { aScene, axis, NOON, quiet } from '../store/fixture.ts';
import { hastyClock, streamName } from './fixture.ts';
import { FakeSocket } from './hub-socket.ts';

/** Resolves as soon as the check passes. */
export const soon = (check: () => void) => vi.waitFor(check, 20_000);

/** Where a hub's alerts lead to. */
export const links = {
  assetUrls: (_: unknown, origin = 'http://box') => ({ stream_url: `${origin}/hls`, player_url: `${origin}/watch` }),
  streamUrl: (_: unknown, origin = 'http://box') => `${origin}/hls`,
  playerUrl: (_: unknown, origin = 'http://box') => `${origin}/watch`,
};
export const hubOver = (store: Store, log = quiet) => Hub.start({ store, links, streamName, clock: hastyClock(), log });

export function connectionOf(keyId: number): Listener {
  return { connectionId: newId('connection').replace('conn-', `conn-${keyId}-`), keyId };
}

/** A socket of this hub; the greeting is not among its frames. */
export function open(hub: Hub, listener = connectionOf(1), since?: number) {
  const socket = new FakeSocket();
  const seat = hub.accept(socket, listener, since);
  return { socket, listener, close: () => seat.closed() };
}

let scenes = 0;
export function addScene(store: Store, index: SceneIndex, text?: string) {
  scenes += 1;
  const startMs = NOON + scenes * 5000;
  const draft = aScene(index, { text: text ?? `scene ${scenes}`, startMs, endMs: startMs + 5000 });
  return store.scenes.add(draft, axis(0), 'm');
}
