/** The line under the header: what the box itself is doing. Pure; the page only prints it. */
import { bytes, span } from '../format.ts';
import type { MqttJson, StatusJson } from '../wire.ts';

export interface BoxFact {
  text: string;
  tone: 'plain' | 'good' | 'warn' | 'bad';
}

const DETECTOR: Record<string, BoxFact> = {
  none: { text: 'No object detector installed', tone: 'warn' },
  idle: { text: 'Detector not needed yet', tone: 'plain' },
  loading: { text: 'Detector loading', tone: 'plain' },
  ready: { text: 'Detector ready', tone: 'good' },
  restarting: { text: 'Detector restarting', tone: 'warn' },
  failed: { text: 'Detector failed', tone: 'bad' },
};

/** Free space below which the box starts to matter to a person. */
const LOW_BYTES = 2e9;
/** Journal entries behind which alerts are late. */
const LATE_ENTRIES = 200;

export function boxFacts(status: StatusJson): BoxFact[] {
  const facts: BoxFact[] = [];
  const { inference, delivery, storage, evaluator } = status;
  if (inference) {
    const fact = DETECTOR[inference.state] ?? { text: `Detector ${inference.state}`, tone: 'plain' };
    facts.push(inference.pack ? { ...fact, text: `${fact.text}: ${inference.pack}` } : fact);
  }
  const mqtt = delivery?.mqtt;
  if (mqtt) facts.push(mqttFact(mqtt));
  const dead = (delivery?.dead ?? 0) + (delivery?.callbacks_dead ?? 0);
  if (dead > 0) facts.push({ text: `${dead} ${dead === 1 ? 'message' : 'messages'} given up`, tone: 'warn' });
  if (evaluator && evaluator.lag > LATE_ENTRIES)
    facts.push({ text: `Alerts ${evaluator.lag} scenes behind`, tone: 'warn' });
  if (storage?.bytes != null) facts.push({ text: `${bytes(storage.bytes)} recorded`, tone: 'plain' });
  if (storage?.problem) facts.push({ text: 'Recordings have no place: their disk is not mounted', tone: 'bad' });
  if (storage?.days != null) facts.push({ text: `Reaches back ${reach(storage.days)}`, tone: 'plain' });
  if (storage?.free_bytes != null) {
    facts.push({ text: `${bytes(storage.free_bytes)} free`, tone: storage.free_bytes < LOW_BYTES ? 'warn' : 'plain' });
  }
  facts.push(
    { text: `Up ${span(status.box.uptime_s)}`, tone: 'plain' },
    { text: `Version ${status.box.version}`, tone: 'plain' },
  );
  return facts;
}

/** As far as is sure: half a day more or less is worth saying only where there are few. */
function reach(days: number): string {
  if (days < 2) return `${Math.round(days * 24)} hours`;
  return `${days < 10 ? days.toFixed(1) : Math.round(days)} days`;
}

function mqttFact({ connected, problem, refused = [] }: MqttJson): BoxFact {
  if (connected && refused.length === 0) return { text: 'MQTT connected', tone: 'good' };
  if (connected) return { text: 'MQTT refuses topics', tone: 'warn' };
  return { text: problem ? `MQTT away: ${problem.replaceAll('_', ' ')}` : 'MQTT away', tone: 'warn' };
}
