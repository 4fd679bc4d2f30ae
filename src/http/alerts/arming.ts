import { z } from 'zod';
import { type Alert, type ArmingChange, snoozedUntil } from '#domain';
import type { HttpDeps } from '../deps.ts';
import { lastCheckAnswer, lastCheckView } from '../indexes/prompt-check.ts';
import { number, whole } from '../input.ts';
import { indexBy, ownAlertBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { alertAnswer, alertView } from '../streams/views.ts';
import { groupAnswer, groupName, groupView } from './groups.ts';

const wishes = z.object({
  group: z
    .union([z.literal(''), groupName])
    .optional()
    .describe('Armed and disarmed with it; it is made when it isn\'t there. "": in none'),
  threshold: number(0, 1, 'must be a number between 0 and 1')
    .optional()
    .describe('Nobody is told of what it is less sure of; 0: of everything'),
});

const armedAlertAnswer = alertAnswer
  .extend({
    rtstream_id: z.string(),
    rtstream_name: z.string(),
    scene_index_id: z.string(),
    told: z.boolean().describe('Whether somebody would be told if it fired now'),
    last_check: lastCheckAnswer.optional().describe('Where a model is asked before it fires: what it said last'),
  })
  .meta({ id: 'ArmedAlert' });

const changeAnswer = z
  .object({
    id: z.number(),
    at: z.number().describe('Unix seconds'),
    by: z.string().describe('The key that it was asked with, MQTT, schedule or configuration'),
    what: z.enum([
      'armed',
      'disarmed',
      'snoozed',
      'snooze_ended',
      'joined',
      'left',
      'scheduled',
      'schedule_removed',
      'group_deleted',
      'threshold',
    ]),
    alert_id: z.string().optional(),
    group: z.string().optional(),
    until: z.number().optional().describe('Unix seconds, of a snooze'),
  })
  .meta({ id: 'ArmingChange' });

const listing = z.object({
  limit: whole(1, 500).default(50),
  before: whole(1, Number.MAX_SAFE_INTEGER).optional(),
});

/** What is armed on the box, who changed that, and which group an alert is in. */
export function armingRoutes(deps: HttpDeps): Api {
  const { store } = deps;
  const api = new Api('Events and alerts');

  api.get(
    '/v1/arming',
    {
      summary: 'Every alert and every group of the box: what is armed, disarmed and snoozed now',
      answer: z.object({ alerts: z.array(armedAlertAnswer), groups: z.array(groupAnswer) }),
    },
    () => {
      const groups = store.groups.list().map((group) => groupView(group, deps));
      const disarmed = new Set(groups.flatMap(({ name, armed }) => (armed ? [] : [name])));
      return {
        alerts: store.alerts
          .list()
          .filter(({ boxId }) => boxId === undefined)
          .map((alert) => armedAlertView(alert, disarmed, deps)),
        groups,
      };
    },
  );

  api.get(
    '/v1/arming/changes',
    {
      summary: 'Who armed, disarmed and snoozed what; newest first, "before" is the id of one',
      query: listing,
      answer: z.object({ changes: z.array(changeAnswer) }),
    },
    (_c, { query: { limit, before } }) => {
      const where = { limit, ...(before === undefined ? {} : { beforeId: before }) };
      return { changes: store.armingLog.list(where).map(changeView) };
    },
  );

  api.patch(
    '/rtstream/:id/index/:index/alert/:alert',
    { summary: 'Changes how an alert is armed', body: wishes, answer: alertAnswer },
    (c, { params, body: { group, threshold } }) => {
      const index = indexBy(deps, params.id, params.index);
      const alert = ownAlertBy(deps, index, params.alert);
      const by = c.get('caller').name;
      // First what may be refused: all is changed or nothing.
      if (group !== undefined) store.alerts.setGroup(alert.id, group || undefined, by);
      if (threshold !== undefined) store.alerts.setThreshold(alert.id, threshold || undefined, by);
      const changed = store.alerts.get(alert.id) ?? alert;
      return alertView(changed, store.events.get(changed.eventId));
    },
  );

  return api;
}

export function changeView({
  id,
  atMs,
  by,
  what,
  alertId,
  group,
  untilMs,
}: ArmingChange): z.input<typeof changeAnswer> {
  return {
    id,
    at: atMs / 1000,
    by,
    what,
    ...(alertId === undefined ? {} : { alert_id: alertId }),
    ...(group === undefined ? {} : { group }),
    ...(untilMs === undefined ? {} : { until: untilMs / 1000 }),
  };
}

function armedAlertView(
  alert: Alert,
  disarmed: ReadonlySet<string>,
  { store, clock }: HttpDeps,
): z.input<typeof armedAlertAnswer> {
  const nowMs = clock.nowMs();
  const { snoozed_until: _former, ...view } = alertView(alert, store.events.get(alert.eventId));
  const untilMs = snoozedUntil(alert, nowMs);
  const question = store.questions.get(alert.id);
  return {
    ...view,
    ...(question ? { last_check: lastCheckView(question) } : {}),
    ...(untilMs === undefined ? {} : { snoozed_until: untilMs / 1000 }),
    rtstream_id: alert.streamId,
    rtstream_name: store.streams.get(alert.streamId)?.name ?? '',
    scene_index_id: alert.indexId,
    told: alert.status === 'enabled' && untilMs === undefined && !disarmed.has(alert.group ?? ''),
  };
}
