import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Just enough protobuf to write an ONNX file by hand. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
export const number = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)]);
export const bytes = (field: number, value: Buffer | string) => {
  const data = Buffer.from(value as string); // Buffer.from takes both.
  return Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);
};
export const message = (field: number, ...parts: Buffer[]) => bytes(field, Buffer.concat(parts));

/** Numbers of ONNX's kinds of elements. */
const ELEMENT = { float: 1, int64: 7, bool: 9 };

/** An input (11) or output (12) of a graph; a name instead of a number is a dimension that may be any. */
export function value(
  field: 11 | 12,
  name: string,
  dims: readonly (number | string)[],
  element: keyof typeof ELEMENT = 'float',
): Buffer {
  const dimension = (dim: number | string) => message(1, typeof dim === 'string' ? bytes(2, dim) : number(1, dim));
  const shape = message(2, ...dims.map(dimension));
  return message(field, bytes(1, name), message(2, message(1, number(1, ELEMENT[element]), shape)));
}

export function node(operator: string, inputs: readonly string[], output: string, ...attributes: Buffer[]): Buffer {
  return message(1, ...inputs.map((input) => bytes(1, input)), bytes(2, output), bytes(4, operator), ...attributes);
}

export function tensor(name: string, dims: readonly number[], data: Float32Array | BigInt64Array): Buffer {
  const element = number(2, data instanceof Float32Array ? ELEMENT.float : ELEMENT.int64);
  const shape = dims.map((dim) => number(1, dim));
  return message(5, ...shape, element, bytes(8, name), bytes(9, Buffer.from(data.buffer)));
}

export function onnx(...graph: Buffer[]): Buffer {
  const parts = [bytes(2, 'tiny'), ...graph];
  return Buffer.concat([number(1, 7), message(8, bytes(1, ''), number(2, 13)), message(7, ...parts)]);
}

/** Attributes of whole numbers. */
export function ints(name: string, ...values: number[]): Buffer {
  return message(5, bytes(1, name), ...values.map((one) => number(8, one)), number(20, 7));
}
export const axis = (at: number): Buffer => message(5, bytes(1, 'axis'), number(3, at), number(20, 2));
export const keepDims = (flag: 0 | 1): Buffer => message(5, bytes(1, 'keepdims'), number(3, flag), number(20, 2));
export const keepNoDims: Buffer = message(5, bytes(1, 'keepdims'), number(3, 0), number(20, 2));

const SIDE = 32;
const ROWS = 4 * 4 + 2 * 2 + 1;
const WIDTH = 5 + 2;

/**
 * A YOLOX-shaped model of 32 × 32 with the labels person and car: one box in the middle half of the picture, a person,
 * whose score rises with the mean brightness of the input: 0 at 30 %, 1 at 55 %. `rows` other than 21 makes it ill-shaped.
 */
export function tinyModel(rows: number = ROWS): Buffer {
  const constant = new Float32Array(rows * WIDTH);
  const factor = new Float32Array(rows * WIDTH);
  const last = (rows - 1) * WIDTH;
  constant.set([0.5, 0.5, Math.log(0.5), Math.log(0.5), -1.2, 1, 0], last);
  factor[last + 4] = 4 / 255;
  const shape = [1, rows, WIDTH];
  return onnx(
    node('ReduceMean', ['images'], 'mean', keepNoDims),
    node('Mul', ['mean', 'factor'], 'scaled'),
    node('Add', ['scaled', 'constant'], 'output'),
    tensor('factor', shape, factor),
    tensor('constant', shape, constant),
    value(11, 'images', [1, 3, SIDE, SIDE]),
    value(12, 'output', shape),
  );
}

/** Writes a pack folder with these weights. */
export async function writePack(dir: string, weights: Buffer = tinyModel(), name = 'tiny'): Promise<string> {
  const pack = join(dir, name);
  await mkdir(pack, { recursive: true });
  await writeFile(join(pack, 'tiny.onnx'), weights);
  const manifest = {
    name,
    task: 'object-detection',
    family: 'yolox',
    file: 'tiny.onnx',
    licence: 'Apache-2.0',
    labels: ['person', 'car'],
    inputSize: { width: SIDE, height: SIDE },
  };
  await writeFile(join(pack, 'model.json'), JSON.stringify(manifest));
  return pack;
}
