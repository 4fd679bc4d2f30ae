/**
 * What the evaluator does, as fast as it can, until it is killed: stores a scene, then makes one firing of every scene
 * entry after its cursor, and counts them in the alert's state.
 */
import { systemClock } from '#runtime';
import { Store } from '#store';
import { aFiring, aScene, aSegment, aSession, axis, NOON, quiet } from './fixture.ts';

const [dir = '', alertId = ''] = process.argv.slice(2);
const store = await Store.open(dir, { clock: systemClock, log: quiet });
const alert = store.alerts.get(alertId);
const index = alert && store.indexes.get(alert.indexId);
if (!alert || !index) throw new Error('the parent has set up no alert');

const session = aSession(alert.streamId);
for (let n = store.journal.head(); ; n++) {
  const startMs = NOON + n * 5000;
  store.scenes.add(aScene(index, { startMs, endMs: startMs + 5000 }), axis(0), 'm');
  store.segments.add(aSegment(session, startMs), session);
  const entries = store.journal.after(store.journal.cursor('events'), 100);
  const scenes = entries.filter(({ kind }) => kind === 'scene');
  const fired = Number(store.alerts.evidenceState(alert.id) ?? 0) + scenes.length;
  store.commitEvaluation({
    cursor: entries.at(-1)?.seq ?? 0,
    cursorName: 'events',
    states: [{ alertId: alert.id, state: String(fired) }],
    firings: scenes.map(({ ref }) => ({
      firing: aFiring(alert, store.scenes.get(Number(ref))?.startMs ?? 0, { sceneId: Number(ref) }),
      deliveries: [
        { channel: 'mqtt', target: 'front-door/person' },
        { channel: 'webhook', target: 'https://example.com/hook' },
      ],
    })),
  });
  const [due] = store.deliveries.due(systemClock.nowMs(), 1, 'mqtt');
  if (due) store.deliveries.delivered(due.id, systemClock.nowMs());
  process.send?.(n);
  await new Promise((resolve) => setImmediate(resolve)); // Lets the message out.
}
