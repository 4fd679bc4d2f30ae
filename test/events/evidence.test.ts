/** What is kept of why an alert fired. */
import { expect, it } from 'vitest';
import type { Alert, Firing, SceneFacts } from '#domain';
import { Evaluator, ruleFor } from '#events';
import { aCamera, anAlert, anEvent, aScene, openStore, quiet, standingClock } from '../store/fixture.ts';
import { anObject, moved, T0, undetected, withObjects } from './scenes.ts';

/** The firing of an alert for one window. */
async function fired(prompt: string, facts: SceneFacts, overrides: Partial<Alert> = {}): Promise<Firing> {
  await using at = await openStore();
  const { index } = aCamera(at.store);
  const event = anEvent({ rule: ruleFor(prompt, { zones: ['gate'] }), prompt });
  at.store.events.create(event);
  at.store.alerts.create(anAlert(index, event, { createdMs: T0, ...overrides }));
  at.store.scenes.add(aScene(index, { startMs: T0, endMs: T0 + 5000, facts }), new Float32Array(8).fill(1), 'test');
  const stampOf = (name: string) => (name === 'built-in' ? { name, version: '1.2' } : undefined);
  const deps = { store: at.store, clock: standingClock(), log: quiet, mqttTopic: false, stampOf };
  await using evaluator = await Evaluator.start(deps, AbortSignal.abort());
  while (evaluator.runOnce() > 0);
  const [firing] = at.store.firings.recent({ limit: 1 });
  if (!firing) throw new Error('nothing fired');
  return firing;
}

it('names what was counted, the surest first, and nothing else', async () => {
  const facts = withObjects(
    anObject('person', { score: 0.7, zones: ['gate'] }),
    anObject('person', { score: 0.9, zones: ['gate'], track: 2 }),
    anObject('person', { score: 0.95, track: 3 }),
    anObject('car', { score: 0.95, zones: ['gate'], track: 4 }),
  );
  const { evidence } = await fired('a person is at the gate', facts, { threshold: 0.5 });
  expect(evidence).toMatchObject({
    rule: { relation: 'present', zone: 'gate' },
    packs: ['built-in', 'yolox-nano'],
    models: [{ name: 'built-in', version: '1.2' }],
    window: { startMs: T0, endMs: T0 + 5000 },
    threshold: 0.5,
  });
  expect(evidence.objects).toEqual([0.9, 0.7].map((score) => ({ label: 'person', score, box: expect.any(Object) })));
});

it('names what each part of a rule counted, save what must not be there', async () => {
  const facts = withObjects(
    anObject('person', { score: 0.7, zones: ['gate'] }),
    anObject('dog', { score: 0.9, track: 2, zones: ['gate'] }),
    anObject('cat', { score: 0.9, track: 3, zones: ['gate'] }),
  );
  const { evidence } = await fired('a person is at the gate and a dog is there and no car is there', facts);
  expect(evidence.objects).toMatchObject([
    { label: 'dog', score: 0.9 },
    { label: 'person', score: 0.7 },
  ]);
});

it('shows where it moved', async () => {
  const { confidence, evidence } = await fired('something moves', undetected(moved(0.1)));
  expect(evidence.objects).toEqual([{ label: 'motion', score: confidence, box: { x1: 0, y1: 0, x2: 0.5, y2: 0.5 } }]);
  expect(evidence).not.toHaveProperty('threshold');
});

it('shows nothing where something is gone', async () => {
  expect(
    (await fired('the lights go off', { ...withObjects(), light: { brightness: 0.1, change: 'off' } })).evidence,
  ).not.toHaveProperty('objects');
});

it('keeps no more than a person looks at', async () => {
  const crowd = Array.from({ length: 50 }, (_, track) => anObject('person', { track }));
  expect((await fired('a person appears', withObjects(...crowd))).evidence.objects).toHaveLength(20);
});
