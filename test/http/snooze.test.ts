import { expect, it } from 'vitest';
import { anAlert, anEvent } from '../store/fixture.ts';
import { addIndex, addStream, openBox } from './box.ts';

it('an alert is snoozed for so many minutes, and says until when', async () => {
  await using box = await openBox();
  const index = addIndex(box.store, addStream(box.store).id);
  const event = anEvent();
  box.store.events.create(event);
  const alert = anAlert(index, event);
  box.store.alerts.create(alert);
  const path = `/rtstream/${index.streamId}/index/${index.id}/alert`;
  const listed = async () => (await box.call('GET', path)).data;
  expect(JSON.stringify(await listed())).not.toContain('snoozed_until');

  const { data } = await box.call('PATCH', `${path}/${alert.id}/snooze`, { minutes: 30 });
  const snoozedUntilMs = box.store.alerts.get(alert.id)?.snoozedUntilMs ?? 0;
  expect(data).toMatchObject({ alert_id: alert.id, status: 'enabled', snoozed_until: snoozedUntilMs / 1000 });
  expect(await listed()).toMatchObject({ alerts: [{ snoozed_until: snoozedUntilMs / 1000 }] });

  await box.call('PATCH', `${path}/${alert.id}/snooze`, { minutes: 0 });
  expect(box.store.alerts.get(alert.id)).toEqual(alert);
  for (const minutes of [-1, 1e6, '5', undefined]) {
    expect((await box.call('PATCH', `${path}/${alert.id}/snooze`, { minutes })).status).toBe(400);
  }
  expect((await box.call('PATCH', `${path}/0000000000000000/snooze`, { minutes: 5 })).status).toBe(404);
});
