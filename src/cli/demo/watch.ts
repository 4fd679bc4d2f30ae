import type { ApplianceClient, SceneView, StatusView } from './client.ts';
import { bar, type Screen } from './screen.ts';

/** Alerts received so far, counted by way of arrival. */
export interface Alerts {
  mqtt: number;
  webhook: number;
}

/** What has been recorded of the demo's camera. */
export interface Recorded {
  streamId: string;
  segments: number;
  startMs: number;
  endMs: number;
}

const MINUTE_MS = 60_000;
/** How long after the minute to wait for alerts that are on their way. */
const GRACE_MS = 25_000;

/** Shows what happens. With `once` it returns after the first recorded minute, else it ends with the signal (throws). */
export async function watch(
  client: ApplianceClient,
  screen: Screen,
  alerts: Alerts,
  once: boolean,
  signal: AbortSignal,
): Promise<Recorded> {
  const shown = new Map<number, string>();
  let last = '';
  for await (const event of client.live(signal)) {
    if (event.kind === 'scene') {
      showScene(event.scene, shown, screen);
      continue;
    }
    const state = cameraLine(event.status);
    if (state !== last) screen.line('camera', state, 'cyan');
    last = state;
    const recorded = recordedOf(event.status);
    const lengthMs = recorded ? recorded.endMs - recorded.startMs : 0;
    screen.footer(footer(lengthMs, recorded?.segments ?? 0, alerts, once));
    const settled = alerts.mqtt >= 2 && alerts.webhook >= 2;
    if (once && recorded && lengthMs >= MINUTE_MS + (settled ? 0 : GRACE_MS)) return recorded;
  }
  throw new Error('the appliance ended the live connection');
}

function showScene({ id, text }: SceneView, shown: Map<number, string>, screen: Screen): void {
  if (shown.get(id) === text) return; // The same scene has grown.
  shown.set(id, text);
  screen.line('sees', text);
}

function cameraLine({ cameras: [camera], inference }: StatusView): string {
  if (!camera) return 'starting';
  const pack =
    inference.state === 'ready' && inference.pack ? inference.pack : `built-in pack (detector: ${inference.state})`;
  return `${camera.phase}${camera.last_error ? `: ${camera.last_error}` : ''} · looking with ${pack}`;
}

function recordedOf({ cameras: [camera] }: StatusView): Recorded | undefined {
  if (camera?.last_segment_end_ms === undefined) return undefined;
  return {
    streamId: camera.stream_id,
    segments: camera.segments_written,
    startMs: camera.since_ms,
    endMs: camera.last_segment_end_ms,
  };
}

function footer(lengthMs: number, segments: number, alerts: Alerts, once: boolean): string {
  const seconds = Math.floor(lengthMs / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  const counts = `${segments} segments · ${alerts.mqtt} alerts by MQTT, ${alerts.webhook} by webhook`;
  return once
    ? `${bar(lengthMs / MINUTE_MS)} ${clock} of 1:00 · ${counts}`
    : `${clock} recorded · ${counts} · Ctrl-C ends`;
}
