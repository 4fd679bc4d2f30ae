/** Fires one alert after the other for a broker, until there are so many, and delivers them, until it is killed. */
import { Delivery } from '#delivery';
import { systemClock } from '#runtime';
import { Store } from '#store';
import { hastyClock, links, streamName } from '../delivery/fixture.ts';
import { aFiring, quiet } from '../store/fixture.ts';

const [dir = '', alertId = '', url = '', most = ''] = process.argv.slice(2);
/** Waiting goes fast, the date as it always does. */
const clock = { ...hastyClock(50), nowMs: () => Date.now() };
const store = await Store.open(dir, { clock, log: quiet });
const alert = store.alerts.get(alertId);
if (!alert) throw new Error('the parent has set up no alert');
const mqtt = { url, topicPrefix: 'watchpost', homeAssistant: false, discoveryPrefix: 'homeassistant' };
await Delivery.start({ store, links, clock, log: quiet, streamName, mqtt }, new AbortController().signal);

for (let n = store.firings.count() + 1; n <= Number(most); n += 1) {
  const firing = aFiring(alert, Date.now() - 100_000 + n);
  const firings = [{ firing, deliveries: [{ channel: 'mqtt' as const, target: 'front-door/person-at-gate' }] }];
  store.commitEvaluation({ cursor: 0, cursorName: 'events', states: [], firings });
  await systemClock.sleep(2);
}
