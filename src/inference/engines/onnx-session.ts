import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ModelShape, TensorData } from '../protocol.ts';

/** What to load, on how many cores it runs, and on what: the CPU where nothing else is said. */
export interface Model {
  file: string;
  threads: number;
  provider?: string | undefined;
}

/** A model that runs in the thread that loads it, which it blocks meanwhile. */
export class OnnxSession {
  readonly #session: InferenceSession;
  readonly shape: ModelShape;

  private constructor(session: InferenceSession) {
    this.#session = session;
    this.shape = { inputs: named(session.inputMetadata), outputs: named(session.outputMetadata) };
  }

  /** Throws when the file is no model that this runtime reads, or the provider isn't there. */
  static async open({ file, threads, provider = 'cpu' }: Model): Promise<OnnxSession> {
    return new OnnxSession(
      await InferenceSession.create(file, {
        // What the provider can't do the CPU does.
        executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        logSeverityLevel: 3,
      }),
    );
  }

  /** The tensors of numbers among the outputs. */
  async run(inputs: Record<string, TensorData>): Promise<Record<string, TensorData>> {
    const feeds = Object.entries(inputs).map(([name, { data, dims }]) => [name, tensor(data, dims)] as const);
    const results = await this.#session.run(Object.fromEntries(feeds));
    const outputs: Record<string, TensorData> = {};
    for (const [name, { data, dims }] of Object.entries(results)) {
      if (data instanceof Float32Array || data instanceof BigInt64Array) outputs[name] = { data, dims };
    }
    return outputs;
  }
}

/** A dimension that may be any is its name. */
function named(all: InferenceSession['inputMetadata']): ModelShape['inputs'] {
  return Object.fromEntries(all.map((value) => [value.name, value.isTensor ? value.shape : []]));
}

function tensor(data: TensorData['data'], dims: readonly number[]): Tensor {
  return data instanceof Float32Array ? new Tensor('float32', data, dims) : new Tensor('int64', data, dims);
}
