/** Fires one alert after the other, until there are so many, and delivers them, until it is killed. */
import { Delivery } from '#delivery';
import { systemClock } from '#runtime';
import { Store } from '#store';
import { hastyClock, links, streamName } from '../../delivery/fixture.ts';
import { aFiring, quiet } from '../../store/fixture.ts';

const [dir = '', alertId = '', receiver = '', most = ''] = process.argv.slice(2);
/** Waiting goes fast, the date as it always does. */
const clock = { ...hastyClock(50), nowMs: () => Date.now() };
const store = await Store.open(dir, { clock, log: quiet });
const alert = store.alerts.get(alertId);
if (!alert) throw new Error('the parent has set up no alert');
const isBroker = receiver.startsWith('mqtt:');
const broker = { url: receiver, topicPrefix: 'watchpost', homeAssistant: false, discoveryPrefix: 'homeassistant' };
const options = { store, links, clock, log: quiet, streamName, ...(isBroker ? { mqtt: broker } : {}) };
await Delivery.start(options, new AbortController().signal);

const delivery = isBroker
  ? ({ channel: 'mqtt', target: 'front-door/person-at-gate' } as const)
  : ({ channel: 'webhook', target: receiver } as const);
for (let n = store.firings.count() + 1; n <= Number(most); n += 1) {
  const firing = aFiring(alert, Date.now() - 100_000 + n);
  store.commitEvaluation({
    cursor: 0,
    cursorName: 'events',
    states: [],
    firings: [{ firing, deliveries: [delivery] }],
  });
  await systemClock.sleep(2); // Not all at once: what is to happen meanwhile has its time.
}
