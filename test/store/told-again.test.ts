/** What comes to a scene or a firing after it was stored: other words, a verdict. */
import { expect, it } from 'vitest';
import type { DeliveryChannel, Verdict } from '#domain';
import type { Store } from '#store';
import { aFiring, anArmedCamera, aScene, axis, NOON, openStore } from './fixture.ts';

const VERDICT: Verdict = { confirmed: true, text: 'Yes, a person is there.', by: 'seer', atMs: NOON + 9000 };

const found = async (store: Store, text: string, vector = axis(7)) =>
  (await store.scenes.search({ text, vector, model: 'm', limit: 9 })).map(({ scene }) => scene.id);

it('a scene that is told anew is found by its new words and vector alone', async () => {
  await using at = await openStore();
  const { index } = anArmedCamera(at.store);
  const { id, facts } = at.store.scenes.add(aScene(index, { text: 'Something moves.' }), axis(0), 'm');
  if (!facts) throw new Error('it has facts');
  at.store.scenes.grow(id, NOON + 30_000);
  const told = { text: 'A worker without a helmet.', by: 'seer' };
  const seqBefore = at.store.journal.head();
  const scene = at.store.scenes.retell(id, { text: told.text, facts: { ...facts, told } }, axis(3), 'm');
  expect(at.store.scenes.get(id)).toEqual(scene);
  expect(scene).toMatchObject({ id, text: told.text, startMs: NOON, endMs: NOON + 30_000, facts: { told } });
  expect([await found(at.store, 'helmet'), await found(at.store, 'moves')]).toEqual([[id], []]);
  expect(at.store.journal.after(seqBefore, 9)).toMatchObject([
    { kind: 'retold', ref: String(id), streamId: index.streamId, atMs: NOON + 30_000 },
  ]);
  expect([await found(at.store, '', axis(3)), await found(at.store, '', axis(0))]).toEqual([[id], []]);
});

it('a scene that is gone can not be told anew', async () => {
  await using at = await openStore();
  const { index } = anArmedCamera(at.store);
  const { facts } = aScene(index);
  if (!facts) throw new Error('it has facts');
  expect(() => at.store.scenes.retell(77, { text: 'x', facts }, axis(0), 'm')).toThrow(/no scene 77/);
  expect(at.store.journal.after(0, 9, ['retold'])).toEqual([]);
});

function fire(store: Store) {
  const { alert } = anArmedCamera(store);
  const firing = aFiring(alert);
  const deliveries: { channel: DeliveryChannel; target: string }[] = [
    { channel: 'mqtt', target: 'front/person' },
    { channel: 'webhook', target: 'http://127.0.0.1/hook' },
  ];
  store.commitEvaluation({ cursor: 3, cursorName: 'events', states: [], firings: [{ firing, deliveries }] });
  return firing;
}

it('a verdict stays with its firing and goes where the alert went, after it', async () => {
  await using at = await openStore();
  const firing = fire(at.store);
  expect(at.store.firings.get(firing.id)).toEqual(firing);
  at.store.firings.setVerdict(firing.id, VERDICT, { name: 'verdicts', seq: 41 });
  at.store.firings.setVerdict(firing.id, VERDICT, { name: 'verdicts', seq: 42 });

  expect(at.store.firings.get(firing.id)).toEqual({ ...firing, verdict: VERDICT });
  expect(at.store.journal.cursor('verdicts')).toBe(42);
  expect(at.store.journal.after(0, 9, ['verdict'])[0]).toMatchObject({ ref: firing.id, atMs: VERDICT.atMs });

  const due = () => at.store.deliveries.due(NOON, 9).map(({ channel, what }) => `${what} by ${channel}`);
  expect(due()).toEqual(['alert by mqtt', 'alert by webhook']);
  const [mqtt, webhook] = at.store.deliveries.due(NOON, 9);
  at.store.deliveries.delivered(mqtt?.id ?? 0, NOON);
  at.store.deliveries.failed(webhook?.id ?? 0, 'away', NOON + 60_000);
  expect(due()).toEqual(['verdict by mqtt']);
  expect(at.store.deliveries.due(NOON, 9)[0]?.firing.verdict).toEqual(VERDICT);
  expect([at.store.deliveries.nextDueMs('mqtt'), at.store.deliveries.nextDueMs('webhook')]).toEqual([0, NOON + 60_000]);
});

it('a verdict on a firing that is gone only moves the reader on, as passing over does', async () => {
  await using at = await openStore();
  const firing = fire(at.store);
  at.store.firings.setVerdict('gone', VERDICT, { name: 'verdicts', seq: 7 });
  expect(at.store.journal.cursor('verdicts')).toBe(7);
  at.store.firings.passOver({ name: 'verdicts', seq: 8 });
  expect(at.store.journal.cursor('verdicts')).toBe(8);
  expect(at.store.journal.after(0, 9, ['verdict'])).toEqual([]);
  expect(at.store.firings.get(firing.id)?.verdict).toBeUndefined();
});
