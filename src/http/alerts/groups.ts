import { z } from 'zod';
import { type ArmGroup, isArmed, nextArming, scheduleOf, writtenSchedule } from '#domain';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { text, weekly } from '../input.ts';
import { Api } from '../route.ts';

export const groupName = text(60, 'night');

const wishes = z.object({
  armed: z
    .boolean('must be true or false')
    .optional()
    .describe('From now until the schedule changes it next; without a schedule until somebody does'),
  arm: weekly
    .optional()
    .describe('When it is armed each week, by the clock of the box; an empty list ends the schedule'),
});

export const groupAnswer = z
  .object({
    name: z.string(),
    armed: z.boolean(),
    since: z.number().optional().describe('Unix seconds; absent when it was never changed'),
    by: z.string().describe('Who made it so: a key, MQTT, schedule or configuration'),
    arm: weekly,
    next_change: z.object({ at: z.number().describe('Unix seconds'), armed: z.boolean() }).optional(),
    alerts: z.number().describe('How many alerts are in it'),
  })
  .meta({ id: 'Group' });

/** Groups of alerts, which are armed and disarmed together, by hand and by a weekly schedule. */
export function groupRoutes(deps: HttpDeps): Api {
  const { groups } = deps.store;
  const api = new Api('Events and alerts');

  api.get(
    '/v1/groups',
    { summary: 'The groups of alerts, by name', answer: z.object({ groups: z.array(groupAnswer) }) },
    () => ({ groups: groups.list().map((group) => groupView(group, deps)) }),
  );

  api.put(
    '/v1/groups/:name',
    {
      summary: 'Arms or disarms a group, or sets its weekly schedule; makes it, armed, when it is not there',
      body: wishes,
      answer: groupAnswer,
    },
    (c, { params, body: { armed, arm } }) => {
      const name = nameIn(params.name);
      const schedule = arm && scheduleOf(arm);
      return groupView(groups.put(name, { armed, schedule }, c.get('caller').name), deps);
    },
  );

  api.delete(
    '/v1/groups/:name',
    { summary: 'Deletes a group; its alerts stay, in no group', answer: z.object({}) },
    (c, { params }) => {
      groups.delete(nameIn(params.name), c.get('caller').name);
      return {};
    },
  );

  return api;
}

function nameIn(path: string): string {
  const { data, error } = groupName.safeParse(path);
  if (data === undefined) throw new Fault('invalid', `group: ${error.issues[0]?.message ?? 'is no name'}`);
  return data;
}

export function groupView(group: ArmGroup, { store, clock }: HttpDeps): z.input<typeof groupAnswer> {
  const nowMs = clock.nowMs();
  const next = nextArming(group, nowMs);
  return {
    name: group.name,
    armed: isArmed(group, nowMs, nowMs),
    ...(group.sinceMs > 0 ? { since: group.sinceMs / 1000 } : {}),
    by: group.by,
    arm: writtenSchedule(group.schedule ?? []),
    ...(next ? { next_change: { at: next.atMs / 1000, armed: next.armed } } : {}),
    alerts: store.alerts.countInGroup(group.name),
  };
}
