import type { BoxStatus } from './status.ts';

const DAY_MS = 86_400_000;
/** A certificate that expires sooner should have been renewed. */
const RENEWED_BEFORE_MS = 14 * DAY_MS;
/** For so long a database that was restored is news. */
const NEWS_MS = 7 * DAY_MS;

/** What a person should look at, the most urgent first; nothing when all is well. */
export function attentionOf(status: BoxStatus, nowMs: number): string[] {
  return [
    ...storage(status),
    ...cameras(status),
    ...database(status, nowMs),
    ...certificate(status, nowMs),
    ...configuration(status),
    ...delivery(status),
    ...targets(status),
    ...models(status),
  ];
}

function storage({ storage: { problem } }: BoxStatus): string[] {
  return problem === undefined ? [] : [`recordings: ${problem}`];
}

function cameras({ cameras }: BoxStatus): string[] {
  const ailing = cameras.filter(({ phase }) => phase === 'stalled' || phase === 'waiting');
  return ailing.map(({ name, lastError }) => `camera "${name}": ${lastError ?? 'sends nothing'}`);
}

function database({ database: { backup, restored } }: BoxStatus, nowMs: number): string[] {
  const isNews = restored !== undefined && nowMs - restored.atMs < NEWS_MS;
  return [
    ...(backup.problem === undefined ? [] : [`copies of the database: ${backup.problem}`]),
    ...(isNews ? [`database: was damaged and restored at ${new Date(restored.atMs).toISOString()}`] : []),
  ];
}

function certificate({ certificate }: BoxStatus, nowMs: number): string[] {
  if (!certificate) return [];
  const { problem, expiresMs } = certificate;
  return [
    ...(problem === undefined ? [] : [`certificate: ${problem}`]),
    ...(expiresMs - nowMs > RENEWED_BEFORE_MS ? [] : [`certificate: expires ${new Date(expiresMs).toISOString()}`]),
  ];
}

function configuration({ configuration: { problem, restartRequired } }: BoxStatus): string[] {
  return [
    ...(problem === undefined ? [] : [`configuration: ${problem}`]),
    ...(restartRequired.length === 0 ? [] : [`configuration: ${restartRequired.join(', ')} from the next start on`]),
  ];
}

function delivery({ delivery: { mqtt, dead, callbacksDead } }: BoxStatus): string[] {
  return [
    ...(mqtt && !mqtt.connected ? [`MQTT: ${mqtt.lastError ?? 'is not connected'}`] : []),
    ...(dead ? [`alerts: ${dead} messages were given up: GET /v1/deliveries?state=dead lists them`] : []),
    ...(callbacksDead ? [`jobs: ${callbacksDead} outcomes were given up: GET /v1/callbacks?state=dead`] : []),
  ];
}

function targets({ sync }: BoxStatus): string[] {
  const failing = sync.filter(({ phase }) => phase === 'waiting' || phase === 'paused');
  const refused = sync.filter(({ givenUp }) => givenUp > 0);
  return [
    ...failing.map(({ name, why }) => `target "${name}": ${why ?? 'nothing goes there'}`),
    ...refused.map(({ name, givenUp, refusal }) => `target "${name}": refused ${givenUp} for good: ${refusal ?? ''}`),
  ];
}

function models({ models, inference }: BoxStatus): string[] {
  return [
    ...models.flatMap(({ name, problem }) => (problem === undefined ? [] : [`model pack ${name}: ${problem}`])),
    ...(inference.state === 'failed' ? ['the detector fails: GET /v1/control/log says why'] : []),
  ];
}
