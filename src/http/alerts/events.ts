import { z } from 'zod';
import { type Alert, type EventDefinition, LONGEST_SNOOZE_MS, newId } from '#domain';
import { ruleFor } from '#events';
import type { HttpDeps } from '../deps.ts';
import { callbackAddress, connectionId, prompt, text } from '../input.ts';
import { eventBy, indexBy, ownAlertBy, streamBy } from '../lookup.ts';
import { Api, Reply } from '../route.ts';
import { alertAnswer, alertView, eventAnswer, eventView } from '../streams/views.ts';
import { muteReasons } from './mute-reasons.ts';

const MINUTE_MS = 60_000;

const eventPrompt = prompt('someone enters the loading zone');
const creation = z.object({ event_prompt: eventPrompt, label: text(100, 'person_entered') });

const arming = z.object({
  event_id: text(100, 'event-0123456789abcdef'),
  callback_url: callbackAddress,
  ws_connection_id: connectionId.optional(),
});

/** The SDKs send `action`, VideoDB's own description `status`. */
const statusChange = z
  .object({
    action: z.enum(['enable', 'disable'], 'must be "enable" or "disable"').optional(),
    status: z.enum(['enabled', 'disabled'], 'must be "enabled" or "disabled"').optional(),
  })
  .refine(({ action, status }) => action !== undefined || status !== undefined, {
    path: ['action'],
    message: 'must be "enable" or "disable"',
  })
  .transform(({ action, status }) => status ?? (action === 'enable' ? 'enabled' : 'disabled'));

const snoozing = z.object({
  minutes: z
    .number('must be a number of minutes')
    .min(0, 'must not be negative')
    .max(LONGEST_SNOOZE_MS / MINUTE_MS, 'must be at most a week'),
});

/** Must be registered before the routes of one stream, which would take `event` for its id. */
export function eventRoutes(deps: HttpDeps): Api {
  const { events } = deps.store;
  const api = new Api('Events and alerts');

  api.post(
    '/rtstream/event',
    { summary: 'Makes an event of a prompt; "understood" says what it fires for', body: creation, answer: eventAnswer },
    (_c, { body: { event_prompt: prompt, label } }) => {
      const rule = ruleFor(prompt, { zones: zoneNames(deps) });
      const event: EventDefinition = { id: newId('event'), prompt, label, rule, createdMs: deps.clock.nowMs() };
      events.create(event);
      deps.meanings?.learn(rule);
      return new Reply(eventView(event), rule.understood);
    },
  );

  api.get(
    '/rtstream/event',
    { summary: 'Lists the events', answer: z.object({ events: z.array(eventAnswer) }) },
    () => ({ events: events.list().map(eventView) }),
  );

  return api;
}

export function alertRoutes(deps: HttpDeps): Api {
  const { alerts, events } = deps.store;
  const api = new Api('Events and alerts');

  api.post(
    '/rtstream/:id/index/:index/alert',
    {
      summary: 'Arms an event on an index; "warnings" say why it can\'t fire yet',
      body: arming,
      answer: alertAnswer.extend({ warnings: z.array(z.string()) }),
    },
    (c, { params, body }) => {
      const stream = streamBy(deps, params.id);
      const index = indexBy(deps, stream.id, params.index);
      const event = eventBy(deps, body.event_id);
      const alert: Alert = {
        id: newId('alert'),
        streamId: stream.id,
        indexId: index.id,
        eventId: event.id,
        ...(body.callback_url ? { callbackUrl: body.callback_url } : {}),
        ...(body.ws_connection_id ? { wsConnectionId: body.ws_connection_id } : {}),
        status: 'enabled',
        createdMs: deps.clock.nowMs(),
      };
      alerts.create(alert, c.get('caller').name);
      const warnings = muteReasons(event.rule, index, stream, deps);
      return new Reply({ ...alertView(alert, event), warnings }, warnings.join('; '));
    },
  );

  api.get(
    '/rtstream/:id/index/:index/alert',
    { summary: "Lists an index's alerts", answer: z.object({ alerts: z.array(alertAnswer) }) },
    (_c, { params }) => {
      const index = indexBy(deps, params.id, params.index);
      return { alerts: alerts.listByIndex(index.id).map((alert) => alertView(alert, events.get(alert.eventId))) };
    },
  );

  api.patch(
    '/rtstream/:id/index/:index/alert/:alert/status',
    { summary: 'Enables or disables an alert', body: statusChange, answer: alertAnswer },
    (c, { params, body }) => {
      const index = indexBy(deps, params.id, params.index);
      const { id } = ownAlertBy(deps, index, params.alert);
      const alert = alerts.setStatus(id, body, c.get('caller').name);
      return alertView(alert, events.get(alert.eventId));
    },
  );

  api.patch(
    '/rtstream/:id/index/:index/alert/:alert/snooze',
    { summary: 'Tells nobody of an alert for so many "minutes"; 0 ends it', body: snoozing, answer: alertAnswer },
    (c, { params, body: { minutes } }) => {
      const index = indexBy(deps, params.id, params.index);
      const { id } = ownAlertBy(deps, index, params.alert);
      const untilMs = minutes === 0 ? undefined : deps.clock.nowMs() + minutes * MINUTE_MS;
      const alert = alerts.snooze(id, untilMs, c.get('caller').name);
      return alertView(alert, events.get(alert.eventId));
    },
  );

  return api;
}

/** Of all cameras: an event is not bound to one until it is armed. */
export function zoneNames({ store }: Pick<HttpDeps, 'store'>): string[] {
  const { results } = store.streams.list();
  return [...new Set(results.flatMap((stream) => stream.zones.map((zone) => zone.name)))];
}
