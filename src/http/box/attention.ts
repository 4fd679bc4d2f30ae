import { z } from 'zod';
import type { PowerLimit } from './machine-status.ts';
import type { BoxStatus } from './status.ts';

const DAY_MS = 86_400_000;
/** A certificate that expires sooner should have been renewed. */
const RENEWED_BEFORE_MS = 14 * DAY_MS;
/** For so long a database that was restored is news. */
const NEWS_MS = 7 * DAY_MS;
/** Processors slow themselves down little above. */
const HOT_C = 85;
/** With less than this share of it free, the system begins to end programs. */
const SCARCE_MEMORY = 0.05;

/** Something that a person should look at. */
export interface Attention {
  /** What it is about, and what is wrong. */
  what: string;
  remedy: string;
}

export const attentionAnswer = z
  .array(z.object({ what: z.string(), remedy: z.string() }))
  .describe('What a person should look at, the most urgent first; none: all is well');

type Status = Omit<BoxStatus, 'attention'>;

/** What a person should look at, the most urgent first; nothing when all is well. */
export function attentionOf(status: Status, nowMs: number): Attention[] {
  return [
    ...storage(status),
    ...cameras(status),
    ...machine(status),
    ...database(status, nowMs),
    ...certificate(status, nowMs),
    ...configuration(status),
    ...delivery(status),
    ...targets(status),
    ...models(status),
  ];
}

function storage({ storage: { problem } }: Status): Attention[] {
  return when(problem, (what) => ({ what, remedy: 'Recording goes on by itself as soon as its disk is there.' }));
}

function cameras({ cameras }: Status): Attention[] {
  const ailing = cameras.filter(({ phase }) => phase === 'stalled' || phase === 'waiting');
  const away = ailing.map(({ name, lastError }) => ({
    what: `camera "${name}": ${lastError ?? 'sends nothing'}`,
    remedy: 'It is tried again by itself. `watchpost probe` with its address says what the camera answers.',
  }));
  const behind = cameras.flatMap(({ name, degraded }) =>
    degraded.map(({ what, remedy }) => ({ what: `camera "${name}": ${what}`, remedy })),
  );
  return [...away, ...behind];
}

function machine({ machine: { limits, temperatureC, memoryBytes = 0, memoryFreeBytes = 0 } }: Status): Attention[] {
  const heat: readonly PowerLimit[] = ['capped', 'throttled', 'hot'];
  const isHot = (temperatureC ?? 0) >= HOT_C || limits.some((limit) => heat.includes(limit));
  const degrees = temperatureC === undefined ? 'the machine' : `the machine, at ${Math.round(temperatureC)} °C,`;
  const found: (Attention | false)[] = [
    limits.includes('undervoltage') && {
      what: 'power: the machine gets too little voltage',
      remedy: 'Use the power supply made for it, and a short cable: else it slows down, and cards and disks lose data.',
    },
    isHot && {
      what: `heat: ${degrees} ${limits.length > 0 ? 'slows itself down' : 'is about to slow itself down'}`,
      remedy: 'Give it air, a heat sink or a fan, or keep it out of the sun.',
    },
    memoryFreeBytes < memoryBytes * SCARCE_MEMORY && {
      what: `memory: ${Math.round(memoryFreeBytes / 1e6)} MB of ${Math.round(memoryBytes / 1e6)} MB are free`,
      remedy: 'Remove model packs, use smaller ones, or end what else runs on the machine.',
    },
  ];
  return found.filter((one) => one !== false);
}

function database({ database: { backup, restored } }: Status, nowMs: number): Attention[] {
  const isNews = restored !== undefined && nowMs - restored.atMs < NEWS_MS;
  return [
    ...when(backup.problem, (why) => ({
      what: `copies of the database: ${why}`,
      remedy: 'Make room on its disk; `watchpost doctor` says whether the database is sound.',
    })),
    ...when(isNews ? restored : undefined, ({ atMs }) => ({
      what: `database: was damaged and restored at ${new Date(atMs).toISOString()}`,
      remedy: 'Look at the disk or card: it may be dying. What was lost stands in damaged/ of the data directory.',
    })),
  ];
}

function certificate({ certificate }: Status, nowMs: number): Attention[] {
  if (!certificate) return [];
  const { problem, expiresMs } = certificate;
  const isLate = expiresMs - nowMs <= RENEWED_BEFORE_MS;
  return [
    ...when(problem, (why) => ({ what: `certificate: ${why}`, remedy: 'Put a pair there that fits together.' })),
    ...when(isLate ? expiresMs : undefined, (atMs) => ({
      what: `certificate: expires ${new Date(atMs).toISOString()}`,
      remedy: 'Renew it; the box takes over new files within a minute.',
    })),
  ];
}

function configuration({ configuration: { problem, restartRequired } }: Status): Attention[] {
  return [
    ...when(problem, (why) => ({
      what: `configuration: ${why}`,
      remedy: 'Correct the file and load it again (SIGHUP), or change it under Settings.',
    })),
    ...when(restartRequired.join(', ') || undefined, (paths) => ({
      what: `configuration: ${paths} from the next start on`,
      remedy: 'Restart the box: POST /v1/control/restart, or `systemctl restart watchpost`.',
    })),
  ];
}

function delivery({ delivery: { mqtt, dead, callbacksDead } }: Status): Attention[] {
  return [
    ...when(mqtt?.connected === false ? mqtt : undefined, ({ lastError }) => ({
      what: `MQTT: ${lastError ?? 'is not connected'}`,
      remedy: 'Look at the broker, and at mqtt under Settings; what waits is sent as soon as it is back.',
    })),
    ...when(dead || undefined, (count) => ({
      what: `alerts: ${count} messages were given up`,
      remedy: 'GET /v1/deliveries?state=dead lists them, with why.',
    })),
    ...when(callbacksDead || undefined, (count) => ({
      what: `jobs: ${count} outcomes were given up`,
      remedy: 'GET /v1/callbacks?state=dead lists them, with why.',
    })),
  ];
}

function targets({ sync }: Status): Attention[] {
  return sync.flatMap(({ name, phase, why, givenUp, refusal }) => [
    ...when(phase === 'waiting' ? name : undefined, () => ({
      what: `target "${name}": ${why ?? 'nothing goes there'}`,
      remedy: 'It is tried again by itself, and what waits is kept; look at its line, address and key.',
    })),
    ...when(phase === 'paused' ? name : undefined, () => ({
      what: `target "${name}": ${why ?? 'is paused'}`,
      remedy: 'Resume it when it may send again.',
    })),
    ...when(givenUp || undefined, (count) => ({
      what: `target "${name}": refused ${count} for good: ${refusal ?? ''}`,
      remedy: 'The log of the target says more; the rest goes on.',
    })),
  ]);
}

function models({ models, inference }: Status): Attention[] {
  const broken = models.flatMap(({ name, problem }) =>
    when(problem, (why) => ({ what: `model pack ${name}: ${why}`, remedy: 'Remove it, or fetch it anew.' })),
  );
  const fails = { what: 'the detector fails', remedy: 'GET /v1/control/log says why; cameras are recorded meanwhile.' };
  return [...broken, ...(inference.state === 'failed' ? [fails] : [])];
}

function when<T>(found: T | undefined, tell: (found: T) => Attention): Attention[] {
  return found === undefined ? [] : [tell(found)];
}
