/** What is told a second time, as clients of the box's own routes see it. */
import { expect, it } from 'vitest';
import { EndpointTeller, Tellers } from '#pipeline';
import { createLog, systemClock } from '#runtime';
import { aFiring, anAlert, anEvent } from '../store/fixture.ts';
import { addIndex, addScene, addStream, type Box, openBox } from './box.ts';

function fire({ store }: Box) {
  const index = addIndex(store, addStream(store).id);
  const event = anEvent();
  store.events.create(event);
  const alert = anAlert(index, event);
  store.alerts.create(alert);
  const firing = aFiring(alert);
  store.commitEvaluation({ cursor: 0, cursorName: 'x', states: [], firings: [{ firing, deliveries: [] }] });
  return { firing, index };
}

it('an alert has its verdict once it was looked at again', async () => {
  await using box = await openBox();
  const { firing } = fire(box);
  const alerts = async () => (await box.call('GET', '/v1/alerts')).data;
  expect(await alerts()).toMatchObject({ alerts: [{ id: firing.id }] });
  expect(JSON.stringify(await alerts())).not.toContain('verdict');
  const verdict = { text: 'Hm.', by: 'seer', atMs: 1000 };
  const shown = { text: 'Hm.', by: 'seer', timestamp: new Date(1000).toISOString() };
  box.store.firings.setVerdict(firing.id, verdict, { name: 'v', seq: 1 });
  expect(await alerts()).toMatchObject({ alerts: [{ id: firing.id, verdict: { ...shown, confirmed: null } }] });
  box.store.firings.setVerdict(firing.id, { ...verdict, confirmed: true }, { name: 'v', seq: 2 });
  expect(await alerts()).toMatchObject({ alerts: [{ id: firing.id, verdict: { ...shown, confirmed: true } }] });
});

it('the live feed brings the scene and the alert again', async () => {
  await using box = await openBox();
  const { firing, index } = fire(box);
  const { id, facts } = addScene(box.store, index, 0, 'A person.');
  const response = await box.app.request('http://box/v1/live', {
    headers: { 'x-access-token': 'sk-right', 'last-event-id': String(box.store.journal.head()) },
  });
  if (!facts) throw new Error('it has facts');
  box.store.scenes.retell(id, { text: 'A bag.', facts }, new Float32Array(8).fill(1), 'm');
  box.store.firings.setVerdict(firing.id, { text: 'No.', by: 'seer', atMs: 1 }, { name: 'v', seq: 1 });
  const events: string[] = [];
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    if (!chunk.includes('event: status')) events.push(chunk);
    if (events.length === 2) break;
  }
  expect(events[0]).toContain('event: scene');
  expect(events[0]).toContain('A bag.');
  expect(events[1]).toContain('event: alert');
  expect(events[1]).toContain('"verdict":{"confirmed":null,"text":"No."');
});

it('the status says who looks at pictures and how that goes, and the metrics count it', async () => {
  const log = createLog('silent');
  const server = { url: 'http://127.0.0.1:1/v1', model: 'seer', apiKey: 'canary', clock: systemClock, log };
  await using plain = await openBox();
  expect((await plain.call('GET', '/v1/status')).data).not.toHaveProperty('telling');
  await using tellers = new Tellers({ tellers: [new EndpointTeller(server)], store: plain.store, log });
  await using box = await openBox({ tellers, verdicts: { status: () => ({ given: 3, gaveUp: 1 }) } });
  const { data } = await box.call('GET', '/v1/status');
  expect(data).toMatchObject({
    telling: {
      tellers: [{ name: 'endpoint', state: 'ready', model: 'seer', asked: 0, failed: 0 }],
      ...{ waiting: 0, told: 0, dropped: 0, passed: 0 },
      verdicts: { given: 3, gave_up: 1 },
    },
  });
  const headers = { 'x-access-token': 'sk-right' };
  const metrics = await (await box.app.request('http://box/metrics', { headers })).text();
  expect(metrics.split('\n')).toContain('watchpost_telling_failed_total{teller="endpoint"} 0');
  expect(metrics.split('\n')).toContain('watchpost_telling_told_total 0');
  expect(JSON.stringify(data) + metrics).not.toContain('canary');
});
