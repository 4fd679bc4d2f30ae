import type { TestAppliance } from '../e2e/support/appliance.ts';
import { until } from '../e2e/support/waiting.ts';
import type { CameraState, StatusAnswer, TimelineAnswer } from '../e2e/support/wire.ts';

/** Throws unless so many are wanted. */
export async function recordingCameras(appliance: TestAppliance, count: number): Promise<CameraState[]> {
  const { cameras } = await appliance.data<StatusAnswer>('GET', '/v1/status');
  const recording = cameras.filter(({ phase }) => phase !== 'stopped');
  if (recording.length !== count) throw new Error(`${recording.length} cameras are wanted, not ${count}`);
  return recording;
}

/** Gaps in what all cameras have recorded until now, once that is written. */
export async function gapsSince(appliance: TestAppliance, count: number, fromS: number): Promise<number> {
  const toS = Date.now() / 1000;
  const cameras = await until('the last segments are written', async () => {
    const recording = await recordingCameras(appliance, count);
    return recording.every(({ last_segment_end_ms: endMs = 0 }) => endMs >= toS * 1000) && recording;
  });
  let gaps = 0;
  for (const { stream_id: id } of cameras) {
    const range = `start=${Math.floor(fromS)}&end=${Math.ceil(toS)}`;
    gaps += gapsIn(await appliance.data<TimelineAnswer>('GET', `/v1/timeline?stream=${id}&${range}`), fromS, toS);
  }
  return gaps;
}

/** What the box itself calls a gap, and what is missing between or around what it has recorded. */
function gapsIn({ recorded, gaps }: TimelineAnswer, fromS: number, toS: number): number {
  const starts = [...recorded.map(([start]) => start), toS];
  const ends = [fromS, ...recorded.map(([, end]) => end)];
  const holes = starts.filter((start, n) => start > (ends[n] ?? 0)).length;
  return Math.max(holes, gaps.length);
}
