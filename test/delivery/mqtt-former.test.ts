import { expect, it, vi } from 'vitest';
import { type Clock, systemClock } from '#runtime';
import { FormerTopics } from '../../src/delivery/mqtt-former.ts';
import { openStore, quiet } from '../store/fixture.ts';

const BROKER = '127.0.0.1:1883';
const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000 });

it('a broker’s word that a topic is empty now is no sign that nothing more comes', async () => {
  await using at = await openStore();
  const { brokerTopics, boxId } = at.store;
  brokerTopics.use(BROKER, ['old/#']);
  const waits: number[] = [];
  let pass: () => void = () => undefined;
  // Time passes when the test says so.
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        waits.push(ms);
        pass = resolve;
        signal?.addEventListener('abort', () => reject(new Error('cut short')), { once: true });
      }),
  };
  const mqtt = { url: `mqtt://${BROKER}`, topicPrefix: 'new', homeAssistant: false, discoveryPrefix: 'homeassistant' };
  // All that it asks for of what the board has.
  const deps = { store: at.store, mqtt, clock, log: quiet } as unknown as ConstructorParameters<typeof FormerTopics>[0];
  const former = new FormerTopics(deps, `new/${boxId}`);
  const over = new AbortController();
  const published: string[] = [];
  const live = former.live({
    over: over.signal,
    subscribe: () => Promise.resolve(),
    sayOnline: () => Promise.resolve(),
    publish: (topic, payload) => {
      published.push(topic);
      former.heard(topic, Buffer.from(payload)); // As a broker tells whoever has subscribed.
      return Promise.resolve();
    },
  });
  const ended = live.catch((error: Error) => error);
  await soon(() => expect(waits).toHaveLength(1));
  expect(former.heard('old/state', Buffer.from('x'))).toBe(true);
  await soon(() => expect(waits).toHaveLength(2));
  expect(published).toEqual(['old/state']);
  expect(brokerTopics.used(BROKER)).toContain('old/#');
  pass();
  await soon(() => expect(brokerTopics.used(BROKER)).not.toContain('old/#'));
  over.abort();
  expect(await ended).toBeInstanceOf(Error);
});
