/** Groups, schedules and who changed what, over HTTP. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Alert } from '#domain';
import { anAlert, anEvent } from '../store/fixture.ts';
import { addIndex, addScene, addStream, type Box, openBox } from './box.ts';

let box: Box;
let alert: Alert;
let path: string;

beforeEach(async () => {
  box = await openBox();
  const index = addIndex(box.store, addStream(box.store).id);
  const event = anEvent();
  box.store.events.create(event);
  alert = anAlert(index, event);
  box.store.alerts.create(alert);
  path = `/rtstream/${index.streamId}/index/${index.id}/alert/${alert.id}`;
});
afterEach(() => box[Symbol.asyncDispose]());

const changes = async () => (await box.call('GET', '/v1/arming/changes')).data.changes;
const overview = async () => (await box.call('GET', '/v1/arming')).data;

it('an alert joins a group, which is then armed and disarmed for it', async () => {
  expect(await overview()).toMatchObject({ alerts: [{ alert_id: alert.id, told: true }], groups: [] });
  expect((await box.call('PATCH', path, { group: 'night' })).data).toMatchObject({ group: 'night', status: 'enabled' });
  const { data } = await box.call('PUT', '/v1/groups/night', { armed: false });
  expect(data).toMatchObject({ name: 'night', armed: false, by: 'key "test"', arm: [], alerts: 1 });
  expect(data.since).toBeCloseTo(Date.now() / 1000, -2);
  expect(await overview()).toMatchObject({
    alerts: [{ group: 'night', status: 'enabled', told: false, rtstream_id: alert.streamId }],
    groups: [{ name: 'night', armed: false }],
  });
  expect((await box.call('PUT', '/v1/groups/night', { armed: true })).data).toMatchObject({ armed: true });
  expect(await overview()).toMatchObject({ alerts: [{ told: true }] });
  expect((await box.call('PATCH', path, { group: '' })).data.group).toBeUndefined();
  expect((await box.call('GET', '/v1/groups')).data).toMatchObject({ groups: [{ name: 'night', alerts: 0 }] });
  expect((await box.call('DELETE', '/v1/groups/night')).status).toBe(200);
  expect(await overview()).toMatchObject({ groups: [] });
});

it('a change that is refused changes nothing', async () => {
  await box.call('PUT', '/v1/groups/night', {});
  expect((await box.call('PATCH', path, { threshold: 0.7, group: 'NIGHT' })).status).toBe(409);
  expect(box.store.alerts.get(alert.id)).toEqual(alert);
});

it('says what a model that is asked before an alert fires said last', async () => {
  const about = {
    alertId: alert.id,
    streamId: alert.streamId,
    seq: 1,
    sceneId: 3,
    startMs: 0,
    endMs: 5000,
    likeness: 0.4,
  };
  const question = { ...about, askedMs: Date.now() };
  box.store.commitEvaluation({ cursor: 1, cursorName: 'x', states: [], firings: [], questions: [question] });
  const [waiting] = (await overview()).alerts;
  expect(waiting.last_check).toEqual({ at: question.askedMs / 1000, scene_id: 3, likeness: 0.4, state: 'waiting' });
  const verdict = { confirmed: false, text: 'No, it is tidy.', by: 'seer', atMs: question.askedMs + 900 };
  box.store.questions.answer(question, { verdict }, verdict.atMs);
  const [denied] = (await overview()).alerts;
  expect(denied.last_check).toMatchObject({
    state: 'denied',
    verdict: { confirmed: false, text: verdict.text, by: 'seer' },
  });
});

it('a weekly schedule is kept as it was written, and says what it changes next', async () => {
  const arm = [
    { days: ['mon', 'tue'], from: '22:00', to: '06:00' },
    { from: '12:00', to: '13:30' },
  ];
  const { data } = await box.call('PUT', '/v1/groups/at%20night', { arm });
  expect(data).toMatchObject({ name: 'at night', arm });
  expect(data.next_change.at).toBeGreaterThan(Date.now() / 1000);
  expect(data.next_change.armed).toBe(!data.armed);
  const byHand = await box.call('PUT', '/v1/groups/at%20night', { armed: !data.armed });
  expect(byHand.data).toMatchObject({ armed: !data.armed, arm, by: 'key "test"' });
  const ended = (await box.call('PUT', '/v1/groups/at%20night', { arm: [] })).data;
  expect(ended).toMatchObject({ armed: !data.armed, arm: [] });
  expect(ended.next_change).toBeUndefined();
});

it('an alert that is armed anew is in the log, too', async () => {
  const [stream, index] = [alert.streamId, alert.indexId];
  const armed = await box.call('POST', `/rtstream/${stream}/index/${index}/alert`, { event_id: alert.eventId });
  expect(await changes()).toMatchObject([{ what: 'armed', alert_id: armed.data.alert_id, by: 'key "test"' }]);
});

it('every change says who and when, newest first', async () => {
  await box.call('PATCH', path, { group: 'night' });
  await box.call('PUT', '/v1/groups/night', { armed: false });
  await box.call('PATCH', `${path}/status`, { status: 'disabled' });
  await box.call('PATCH', `${path}/snooze`, { minutes: 30 });
  await box.call('PATCH', `${path}/snooze`, { minutes: 0 });
  await box.call('DELETE', '/v1/groups/night');
  const all = await changes();
  expect(all.map(({ what }: { what: string }) => what)).toEqual([
    'group_deleted',
    'snooze_ended',
    'snoozed',
    'disarmed',
    'disarmed',
    'joined',
  ]);
  expect(all[2].until).toBeCloseTo(Date.now() / 1000 + 1800, -2);
  for (const change of all) {
    expect(change.by).toBe('key "test"');
    expect(change.at).toBeCloseTo(Date.now() / 1000, -2);
  }
  const older = await box.call('GET', `/v1/arming/changes?limit=1&before=${all[0].id}`);
  expect(older.data.changes).toEqual([all[1]]);
});

it('a viewer hears of a change, also beside a scene of the same number', async () => {
  const response = await box.app.request('http://box/v1/live', { headers: { 'x-access-token': 'sk-right' } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let heard = (await reader?.read())?.value ?? '';
  await box.call('PUT', '/v1/groups/night', { armed: false });
  const index = box.store.indexes.get(alert.indexId);
  if (index) addScene(box.store, index, 0, 'a scene');
  expect(box.store.scenes.recent({ limit: 1 })[0]?.id).toBe(box.store.armingLog.list({ limit: 1 })[0]?.id);
  while (!heard.includes('event: scene')) heard += (await reader?.read())?.value ?? '';
  expect(/event: arming\ndata: (.*)/.exec(heard)?.[1]).toContain('"what":"disarmed","group":"night"');
  await reader?.cancel();
});

it.each([
  ['PUT', '/v1/groups/night', { armed: 'yes' }, 'armed: must be true or false'],
  ['PUT', '/v1/groups/night', { arm: [{ from: '25:00', to: '06:00' }] }, 'arm[0].from: must be a time of day'],
  ['PUT', '/v1/groups/night', { arm: [{ from: '22:00' }] }, 'arm[0].to: must be a time of day'],
  ['PUT', '/v1/groups/night', { arm: [{ days: ['someday'], from: '22:00', to: '06:00' }] }, 'arm[0].days[0]: must be'],
  ['PUT', '/v1/groups/night', { arm: [{ days: [], from: '22:00', to: '06:00' }] }, 'arm[0].days: must name a day'],
  ['PUT', '/v1/groups/night', { arm: 'nights' }, 'arm: must be a list'],
  ['PUT', `/v1/groups/${'x'.repeat(61)}`, { armed: true }, 'group: must not be longer than 60'],
  ['PUT', '/v1/groups/%07', { armed: true }, 'group: must not contain control characters'],
] as const)('%s %s %j is refused', async (method, route, body, message) => {
  const answer = await box.call(method, route, body);
  expect(answer.status).toBe(400);
  expect(answer.message).toContain(message);
  expect(box.store.groups.list()).toEqual([]);
});

it('what is not there is not found, and a second name for one topic is a conflict', async () => {
  expect((await box.call('DELETE', '/v1/groups/night')).status).toBe(404);
  expect((await box.call('PATCH', `${path.slice(0, -4)}0000`, { group: 'night' })).status).toBe(404);
  expect((await box.call('PATCH', path, { group: 'x'.repeat(61) })).status).toBe(400);
  await box.call('PUT', '/v1/groups/Night', {});
  expect(await box.call('PATCH', path, { group: 'night' })).toMatchObject({ status: 409, error_code: 'conflict' });
});
