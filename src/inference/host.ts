/**
 * The process that runs models: the only place where onnxruntime is loaded. It answers one request at a time, gives way
 * to the recorder, and ends when its parent does.
 */
import { setPriority } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { deim } from './families/deim.ts';
import { yolox } from './families/yolox.ts';
import type {
  DetectRequest,
  Family,
  HostAnswer,
  HostRequest,
  LoadRequest,
  ModelShape,
  RawDetection,
  TensorData,
} from './protocol.ts';

const FAMILIES = { yolox, deim } as const;
/** Niceness: ffmpeg, which must keep up with the cameras, goes first. */
const YIELDING = 5;

interface Loaded {
  session: InferenceSession;
  family: Family;
  request: LoadRequest;
}
let loaded: Loaded | undefined;

async function answer(request: HostRequest): Promise<HostAnswer> {
  if (request.kind === 'load') return load(request);
  try {
    const detections = await detect(request);
    return { kind: 'detections', id: request.id, detections, rssMb: Math.round(process.memoryUsage.rss() / 1048576) };
  } catch (error) {
    return { kind: 'failed', id: request.id, problem: text(error) };
  }
}

async function load(request: LoadRequest): Promise<HostAnswer> {
  try {
    const session = await InferenceSession.create(request.file, {
      intraOpNumThreads: request.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    });
    const family = FAMILIES[request.family];
    const problem = family.problem(shapeOf(session), request.inputSize, request.labels);
    if (problem !== undefined)
      return { kind: 'unusable', problem: `${request.file} is no ${request.family}: ${problem}` };
    loaded = { session, family, request };
    return { kind: 'loaded' };
  } catch (error) {
    return { kind: 'unusable', problem: `${request.file} can't be loaded: ${text(error)}` };
  }
}

function shapeOf({ inputMetadata, outputMetadata }: InferenceSession): ModelShape {
  const named = (all: InferenceSession['inputMetadata']) =>
    Object.fromEntries(all.map((value) => [value.name, value.isTensor ? value.shape : []]));
  return { inputs: named(inputMetadata), outputs: named(outputMetadata) };
}

async function detect({ picture, minScore }: DetectRequest): Promise<RawDetection[]> {
  if (!loaded) throw new Error('no model is loaded');
  const { session, family, request } = loaded;
  const feeds = Object.entries(family.prepare(picture, request.inputSize)).map(
    ([name, { data, dims }]) => [name, tensor(data, dims)] as const,
  );
  const results = await session.run(Object.fromEntries(feeds));
  const outputs: Record<string, TensorData> = {};
  for (const [name, { data, dims }] of Object.entries(results)) {
    if (data instanceof Float32Array || data instanceof BigInt64Array) outputs[name] = { data, dims };
  }
  return family.read(outputs, picture, request.inputSize, minScore);
}

function tensor(data: TensorData['data'], dims: readonly number[]): Tensor {
  return data instanceof Float32Array ? new Tensor('float32', data, dims) : new Tensor('int64', data, dims);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

setPriority(YIELDING);
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when we end.
process.on('SIGINT', () => undefined);
process.on('message', (request: HostRequest) => {
  answer(request).then(
    (result) => process.send?.(result),
    () => process.exit(1),
  );
});
