/** The box in figures: machine, disk, drops, delays. Pure; the page only prints it. */
import { bytes, percent, plural, span } from '../format.ts';
import type { MachineJson, PowerLimit, StatusJson } from '../wire.ts';

export interface HealthFact {
  name: string;
  value: string;
  tone: 'plain' | 'warn';
}

/** What is above is worth a person's eye. */
const BUSY = 0.9;
const SCARCE = 0.05;
const HOT_C = 80;
const LATE_MS = 60_000;
const LATE_ENTRIES = 200;
const FEW_DAYS = 2;

const LIMITS: Record<PowerLimit, string> = {
  undervoltage: 'too little voltage',
  capped: 'its clock is held down',
  throttled: 'it is slowed down',
  hot: 'it nears the most heat that it bears',
};

/** What nobody knows of is left out. */
export function healthFacts(status: StatusJson): HealthFact[] {
  const { machine, box } = status;
  const up = { name: 'Running', value: `for ${span(box.uptime_s)}, version ${box.version}`, tone: 'plain' as const };
  return [
    ...(machine ? machineFacts(machine) : []),
    ...diskFacts(status),
    ...dropFacts(status),
    ...delayFacts(status),
    up,
  ];
}

function machineFacts(machine: MachineJson): HealthFact[] {
  const { cores, cpu_share: share, memory_bytes: all, memory_free_bytes: free, temperature_c: degrees } = machine;
  const facts: HealthFact[] = [];
  if (share !== undefined) facts.push(fact('Processor', `${percent(share)} of ${plural(cores, 'core')}`, share > BUSY));
  if (all !== undefined && free !== undefined)
    facts.push(fact('Memory', `${bytes(all - free)} of ${bytes(all)} used`, free < all * SCARCE));
  if (degrees !== undefined) facts.push(fact('Temperature', `${Math.round(degrees)} °C`, degrees >= HOT_C));
  const now = machine.limits.map((limit) => LIMITS[limit]);
  const earlier = machine.earlier_limits.filter((limit) => !machine.limits.includes(limit));
  if (now.length > 0) facts.push(fact('Slowed down', `now: ${now.join(', ')}`, true));
  if (earlier.length > 0) {
    const words = earlier.map((limit) => LIMITS[limit]).join(', ');
    facts.push(fact('Earlier', `since it was switched on: ${words}`, earlier.includes('undervoltage')));
  }
  return facts;
}

function diskFacts({ storage }: StatusJson): HealthFact[] {
  if (!storage) return [];
  const { bytes: used, budget_bytes: budget, free_bytes: free, days } = storage;
  const facts: HealthFact[] = [];
  if (used !== undefined)
    facts.push(fact('Recordings', budget === undefined ? bytes(used) : `${bytes(used)} of ${bytes(budget)}`, false));
  if (free != null) facts.push(fact('Disk', `${bytes(free)} free`, false));
  if (days !== undefined) {
    const reach = days < FEW_DAYS ? plural(Math.round(days * 24), 'hour') : plural(Math.round(days), 'day');
    facts.push(fact('Days of video', `${reach} when there is no more room`, days < FEW_DAYS));
  }
  return facts;
}

function dropFacts({ cameras, inference }: StatusJson): HealthFact[] {
  const losing = cameras.filter((camera) => camera.frames_dropped + camera.windows_dropped > 0);
  const words = losing.map((camera) => {
    const { frames_dropped: frames, windows_dropped: windows } = camera;
    const parts = [frames > 0 && plural(frames, 'picture'), windows > 0 && plural(windows, 'window')];
    return `${camera.name}: ${parts.filter(Boolean).join(', ')}`;
  });
  const asked = inference?.dropped ?? 0;
  if (asked > 0) words.push(`detector: ${plural(asked, 'question')}`);
  return [fact('Not looked at', words.join('; ') || 'nothing', words.length > 0)];
}

function delayFacts({ evaluator, transcriber }: StatusJson): HealthFact[] {
  const lag = evaluator?.lag ?? 0;
  const facts = [fact('Alerts', lag === 0 ? 'up to date' : `${plural(lag, 'scene')} behind`, lag > LATE_ENTRIES)];
  if (transcriber && transcriber.waiting > 0) {
    const late = transcriber.lag_ms > LATE_MS;
    facts.push(fact('Speech', `written down with a delay of ${span(transcriber.lag_ms / 1000)}`, late));
  }
  return facts;
}

function fact(name: string, value: string, isWarning: boolean): HealthFact {
  return { name, value, tone: isWarning ? 'warn' : 'plain' };
}
