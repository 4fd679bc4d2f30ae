import type { TestAppliance } from './appliance.ts';
import { until } from './waiting.ts';
import type { CameraState, FiringAnswer, SceneAnswer, StatusAnswer, TimelineAnswer } from './wire.ts';

export interface Watch {
  streamId: string;
  indexId: string;
}

interface CameraWish {
  url: string;
  name?: string;
  seconds?: number;
  frames?: number;
  prompt?: string;
  tier?: string;
}

/** Adds a camera with one index over `seconds` with `frames` pictures each, over HTTP. */
export async function addCamera(appliance: TestAppliance, wish: CameraWish): Promise<Watch> {
  const { url, name = 'yard', seconds = 1, frames = 1, prompt = 'Describe what is happening', tier = 'basic' } = wish;
  const stream = await appliance.data<{ id: string }>('POST', '/rtstream', { collection_id: 'default', url, name });
  const index = await appliance.data<{ rtstream_index_id: string }>('POST', `/rtstream/${stream.id}/index/scene`, {
    prompt,
    model_name: tier,
    extraction_type: 'time_based',
    extraction_config: { time: seconds, frame_count: frames },
  });
  return { streamId: stream.id, indexId: index.rtstream_index_id };
}

/** Arms an event on the index and gives the alert's id. */
export async function arm(
  appliance: TestAppliance,
  { streamId, indexId }: Watch,
  event: { prompt: string; label: string; callbackUrl?: string },
): Promise<string> {
  const made = await appliance.data<{ event_id: string }>('POST', '/rtstream/event', {
    event_prompt: event.prompt,
    label: event.label,
  });
  const armed = await appliance.data<{ alert_id: string }>('POST', `/rtstream/${streamId}/index/${indexId}/alert`, {
    event_id: made.event_id,
    callback_url: event.callbackUrl ?? '',
  });
  return armed.alert_id;
}

export async function cameraState(
  appliance: Pick<TestAppliance, 'data'>,
  streamId: string,
): Promise<CameraState | undefined> {
  const { cameras } = await appliance.data<StatusAnswer>('GET', '/v1/status');
  return cameras.find((camera) => camera.stream_id === streamId);
}

/** Everything recorded and every gap within the last hour and the next. */
export function timeline(appliance: Pick<TestAppliance, 'data'>, streamId: string): Promise<TimelineAnswer> {
  const now = Math.floor(Date.now() / 1000);
  return appliance.data('GET', `/v1/timeline?stream=${streamId}&start=${now - 3600}&end=${now + 3600}`);
}

/** Waits until at least `seconds` are recorded that begin at or after `sinceMs`, and gives when the first of them began. */
export function recordedSince(
  appliance: Pick<TestAppliance, 'data'>,
  streamId: string,
  sinceMs: number,
  seconds: number,
): Promise<number> {
  const probe = async () => {
    const { recorded } = await timeline(appliance, streamId);
    const since = recorded
      .map(([start, end]) => ({ startMs: start * 1000, endMs: end * 1000 }))
      .filter(({ endMs }) => endMs > sinceMs);
    const totalMs = since.reduce((sum, { startMs, endMs }) => sum + endMs - Math.max(startMs, sinceMs), 0);
    return totalMs >= seconds * 1000 ? Math.max(since[0]?.startMs ?? sinceMs, sinceMs) : undefined;
  };
  return until(`${seconds} s recorded`, probe, 60_000 + 2000 * seconds);
}

/** Waits until everything that is stored has been held against the alerts. */
export async function allJudged(appliance: Pick<TestAppliance, 'data'>): Promise<void> {
  await until('everything is judged', async () => {
    const { evaluator } = await appliance.data<StatusAnswer>('GET', '/v1/status');
    return evaluator.lag === 0;
  });
}

export async function scenes(appliance: TestAppliance, streamId: string, limit = 200): Promise<SceneAnswer[]> {
  return (await appliance.data<{ scenes: SceneAnswer[] }>('GET', `/v1/scenes?stream=${streamId}&limit=${limit}`))
    .scenes;
}

export async function firings(appliance: TestAppliance, limit = 200): Promise<FiringAnswer[]> {
  return (await appliance.data<{ alerts: FiringAnswer[] }>('GET', `/v1/alerts?limit=${limit}`)).alerts;
}

/** A playlist over recorded time, as `generate_stream` gives it; Unix seconds. */
export async function streamUrl(
  appliance: TestAppliance,
  streamId: string,
  start: number,
  end: number,
): Promise<string> {
  const path = `/rtstream/${streamId}/stream?start=${start}&end=${end}`;
  return (await appliance.data<{ stream_url: string }>('GET', path)).stream_url;
}

/** Unix seconds of the playlist's first picture, from its own date; of a master playlist, its media's. */
export async function playlistStart(url: string): Promise<number> {
  const text = await (await fetch(url)).text();
  const media = /#EXT-X-STREAM-INF:.*\n(\S+)/.exec(text)?.[1];
  if (media !== undefined) return playlistStart(new URL(media, url).href);
  const date = /#EXT-X-PROGRAM-DATE-TIME:(\S+)/.exec(text)?.[1];
  if (!date) throw new Error(`no date in the playlist:\n${text}`);
  return Date.parse(date) / 1000;
}
