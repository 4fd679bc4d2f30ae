import type { ModelShape, TensorData } from '../protocol.ts';
import type { Model } from './onnx-session.ts';

/** To the thread in which models run. */
export type RunnerRequest = { id: number } & (
  | { kind: 'open'; model: Model }
  | { kind: 'run'; session: number; inputs: Record<string, TensorData> }
);

/** From it; `id` is that of the request. */
export type RunnerAnswer = { id: number } & (
  | { kind: 'opened'; session: number; shape: ModelShape }
  | { kind: 'outputs'; outputs: Record<string, TensorData> }
  | { kind: 'failed'; problem: string }
);

/** What needs no copying on the way: arrays that are the whole of their memory. */
export function movable(tensors: Record<string, TensorData>): ArrayBuffer[] {
  const whole = Object.values(tensors).flatMap(({ data: { buffer, byteLength } }) =>
    buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [],
  );
  return [...new Set(whole)];
}
