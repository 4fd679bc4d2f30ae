import type { ModelShape, TensorData } from '../protocol.ts';
import { type Model, OnnxSession } from './onnx-session.ts';
import { openAside } from './runner.ts';

/** A model that is loaded. */
export type Session = Pick<OnnxSession, 'shape' | 'run'>;

/**
 * In a thread beside this one, in which one model runs at a time, on so many cores: while it runs, the next input is
 * prepared here. Throws when the file is no model that this runtime reads.
 */
export async function openSession(model: Model): Promise<Session> {
  return openAside(model);
}

/** In this very thread: for models that answer sooner than another thread is told of the question. */
export async function openSessionHere(model: Model): Promise<Session> {
  return OnnxSession.open(model);
}

export function shapeOf({ shape }: Session): ModelShape {
  return shape;
}

/** The tensors of numbers among the outputs. The arrays that it is given are gone afterwards. */
export async function runSession(
  session: Session,
  inputs: Record<string, TensorData>,
): Promise<Record<string, TensorData>> {
  return session.run(inputs);
}

/** The floats of one output. Throws when it isn't there or isn't numbers: what such a model says is worth nothing. */
export function floatsOf(outputs: Record<string, TensorData>, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array)) throw new Error(`the model gave no "${name}"`);
  // Outputs have hundreds of thousands of numbers: anything but a plain loop takes longer than preparing the picture.
  for (let i = 0; i < data.length; i++) {
    if (Number.isNaN(data[i])) throw new Error(`the model's "${name}" is not a number`);
  }
  return data;
}
