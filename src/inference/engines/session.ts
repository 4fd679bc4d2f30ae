import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ModelShape, TensorData } from '../protocol.ts';

/** One at a time on so many cores. Throws when the file is no model that this runtime reads. */
export async function openSession(file: string, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(file, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });
}

export function shapeOf({ inputMetadata, outputMetadata }: InferenceSession): ModelShape {
  const named = (all: InferenceSession['inputMetadata']) =>
    Object.fromEntries(all.map((value) => [value.name, value.isTensor ? value.shape : []]));
  return { inputs: named(inputMetadata), outputs: named(outputMetadata) };
}

/** The tensors of numbers among the outputs. */
export async function runSession(
  session: InferenceSession,
  inputs: Record<string, TensorData>,
): Promise<Record<string, TensorData>> {
  const feeds = Object.entries(inputs).map(([name, { data, dims }]) => [name, tensor(data, dims)] as const);
  const results = await session.run(Object.fromEntries(feeds));
  const outputs: Record<string, TensorData> = {};
  for (const [name, { data, dims }] of Object.entries(results)) {
    if (data instanceof Float32Array || data instanceof BigInt64Array) outputs[name] = { data, dims };
  }
  return outputs;
}

/** The floats of one output. Throws when it isn't there or isn't numbers: what such a model says is worth nothing. */
export function floatsOf(outputs: Record<string, TensorData>, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array)) throw new Error(`the model gave no "${name}"`);
  if (data.some(Number.isNaN)) throw new Error(`the model's "${name}" is not a number`);
  return data;
}

function tensor(data: TensorData['data'], dims: readonly number[]): Tensor {
  return data instanceof Float32Array ? new Tensor('float32', data, dims) : new Tensor('int64', data, dims);
}
