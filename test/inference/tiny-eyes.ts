import { bytes, keepNoDims, message, node, number, onnx, tensor, value } from './tiny-onnx.ts';

/** What every pack's folder holds, by name. */
export type Files = Record<string, Buffer | string>;

/** A pack of one file. */
export function packFiles(manifest: Record<string, unknown>, weights: Buffer): Files {
  const whole = { name: 'tiny', file: 'tiny.onnx', licence: 'Apache-2.0', ...manifest };
  return { 'model.json': JSON.stringify(whole), 'tiny.onnx': weights };
}

const int = (name: string, one: number) => message(5, bytes(1, name), number(3, one), number(20, 2));
const ints = (name: string, ...all: number[]) =>
  message(5, bytes(1, name), ...all.map((one) => number(8, one)), number(20, 7));
const floats = (name: string, dims: readonly number[], ...all: number[]) => tensor(name, dims, Float32Array.from(all));
const shape = (name: string, ...dims: number[]) => tensor(name, [dims.length], BigInt64Array.from(dims.map(BigInt)));
/** The mean of each plane: [1, 3]. */
const meanOf = (input: string, ...axes: number[]) =>
  node('ReduceMean', [input], 'mean', ints('axes', ...axes), keepNoDims);

/**
 * UltraFace-shaped, 32 × 24: how much of a face is seen is how red, green and blue the picture is, one anchor each, a
 * third of the picture wide.
 */
export function faceModel(scores = 'scores'): Buffer {
  return onnx(
    meanOf('input', 2, 3),
    node('Reshape', ['mean', 'column'], 'faces'),
    node('Sub', ['one', 'faces'], 'others'),
    node('Concat', ['others', 'faces'], scores, int('axis', 2)),
    node('Identity', ['places'], 'boxes'),
    shape('column', 1, 3, 1),
    floats('one', [1], 1),
    floats('places', [1, 3, 4], 0, 0, 0.3, 1, 0.3, 0, 0.6, 1, 0.6, 0, 1.2, 1),
    value(11, 'input', [1, 3, 24, 32]),
    value(12, scores, [1, 3, 2]),
    value(12, 'boxes', [1, 3, 4]),
  );
}

/** Shaped like a person embedding, 4 × 8: the mean of each of its three planes. */
export function personModel(interleaved = true): Buffer {
  return onnx(
    ...(interleaved ? [node('ReduceMean', ['in'], 'out', ints('axes', 1, 2), keepNoDims)] : []),
    ...(interleaved ? [] : [node('ReduceMean', ['in'], 'out', ints('axes', 2, 3), keepNoDims)]),
    value(11, 'in', interleaved ? [1, 8, 4, 3] : [1, 3, 8, 4]),
    value(12, 'out', [1, 3]),
  );
}

/** Shaped like PaddleOCR's detector: what is bright is text. */
export function placesModel(side: number | string = 'H'): Buffer {
  const axis = message(5, bytes(1, 'keepdims'), number(3, 1), number(20, 2));
  return onnx(
    node('ReduceMean', ['x'], 'light', ints('axes', 1), axis),
    node('Mul', ['light', 'four'], 'steep'),
    node('Sigmoid', ['steep'], 'map'),
    floats('four', [1], 4),
    value(11, 'x', ['N', 3, side, 'W']),
    value(12, 'map', ['N', 1, side, 'W']),
  );
}

/** Shaped like PaddleOCR's reader: each 8 pixels are an r, a g or a b when they are of that colour, else nothing. */
export function lineModel(classes: 4 | 5 = 4, width: number | string = 'W'): Buffer {
  const weights = [-1, -1, 2, -1, 2, -1, 2, -1, -1];
  const rows = [0, 1, 2].flatMap((plane) => {
    const [r = 0, g = 0, b = 0] = [weights[plane], weights[3 + plane], weights[6 + plane]];
    return classes === 4 ? [0, r, g, b] : [0, r, g, b, -9];
  });
  const nothing = classes === 4 ? [1, 0, 0, 0] : [1, 0, 0, 0, -9];
  return onnx(
    node('AveragePool', ['x'], 'pooled', ints('kernel_shape', 32, 8), ints('strides', 32, 8)),
    node('Squeeze', ['pooled', 'two'], 'flat'),
    node('Transpose', ['flat'], 'steps', ints('perm', 0, 2, 1)),
    node('MatMul', ['steps', 'weights'], 'product'),
    node('Add', ['product', 'nothing'], 'logits'),
    node('Softmax', ['logits'], 'out', int('axis', 2)),
    shape('two', 2),
    floats('weights', [3, classes], ...rows),
    floats('nothing', [classes], ...nothing),
    value(11, 'x', ['N', 3, 32, width]),
    value(12, 'out', ['N', 'T', classes]),
  );
}

/** Shaped like MobileNet, 8 × 8: the mean of each colour, and how likely each is. */
export function wholeModel(vector = 'embedding'): Buffer {
  return onnx(
    node('ReduceMean', ['image'], vector, ints('axes', 1, 2), keepNoDims),
    node('Mul', [vector, 'five'], 'logits'),
    node('Softmax', ['logits'], 'probabilities', int('axis', 1)),
    floats('five', [1], 5),
    value(11, 'image', ['N', 8, 8, 3]),
    value(12, vector, ['N', 3]),
    value(12, 'probabilities', ['N', 3]),
  );
}

/** FastestDet-shaped, 32 × 32, a person and a car: in the cell at the bottom right is a car when the first plane is bright. */
export function gridModel(classes = 2): Buffer {
  const constant = new Float32Array((5 + classes) * 4);
  const factor = new Float32Array((5 + classes) * 4);
  constant[4 * 1 + 3] = Math.atanh(0.5);
  constant[4 * 2 + 3] = Math.atanh(-0.5);
  constant[4 * 6 + 3] = 1;
  factor[3] = 1;
  const dims = [1, 5 + classes, 2, 2];
  return onnx(
    meanOf('input.1', 2, 3),
    node('Gather', ['mean', 'first'], 'plane', int('axis', 1)),
    node('Mul', ['factor', 'plane'], 'seen'),
    node('Add', ['seen', 'constant'], '758'),
    tensor('first', [], BigInt64Array.of(0n)),
    tensor('constant', dims, constant),
    tensor('factor', dims, factor),
    value(11, 'input.1', [1, 3, 32, 32]),
    value(12, '758', dims),
  );
}

/** Shaped like DEIM's deployed models, 16 × 16: what it sees is how blue the picture is; the box is its right half, in pixels. */
export function deployedModel(): Buffer {
  return onnx(
    meanOf('images', 2, 3),
    node('Gather', ['mean', 'third'], 'scores', int('axis', 1)),
    node('Cast', ['orig_target_sizes'], 'sides', int('to', 1)),
    node('Concat', ['sides', 'sides'], 'corners', int('axis', 1)),
    node('Mul', ['corners', 'half'], 'box'),
    node('Reshape', ['box', 'boxShape'], 'boxes'),
    node('Identity', ['one'], 'labels'),
    shape('third', 2),
    shape('boxShape', 1, 1, 4),
    floats('half', [1, 4], 0.5, 0, 1, 1),
    tensor('one', [1, 1], BigInt64Array.of(1n)),
    value(11, 'images', ['N', 3, 16, 16]),
    value(11, 'orig_target_sizes', ['N', 2], 'int64'),
    value(12, 'labels', ['N', 1], 'int64'),
    value(12, 'boxes', ['N', 1, 4]),
    value(12, 'scores', ['N', 1]),
  );
}

export interface TinyDetr {
  type?: string;
  architectures?: string[];
  names?: Record<string, string>;
  classes?: number;
  /** More of config.json. */
  config?: Record<string, unknown>;
  preprocessor?: Record<string, unknown>;
  input?: string;
  sides?: readonly (number | string)[];
}

/**
 * A folder in the hub's layout with a D-FINE-shaped model of 24 × 16: two queries, of which the first sees each label as
 * much as the picture is red, green and blue, and the second sees nothing.
 */
export function detrFiles(facts: TinyDetr = {}): Files {
  const names = facts.names ?? { '0': 'Person', '1': 'motorbike', '2': 'tvmonitor' };
  const preprocessor = { image_processor_type: 'RTDetrImageProcessor', size: { height: 16, width: 24 } };
  return {
    'config.json': JSON.stringify({
      model_type: facts.type ?? 'd_fine',
      architectures: facts.architectures ?? ['DFineForObjectDetection'],
      id2label: names,
      ...facts.config,
    }),
    'preprocessor_config.json': JSON.stringify({ ...preprocessor, ...facts.preprocessor }),
    'onnx/model.onnx': detrModel(facts),
  };
}

function detrModel({ classes = 3, input = 'pixel_values', sides = ['height', 'width'] }: TinyDetr): Buffer {
  const more = classes - 3;
  return onnx(
    meanOf(input, 2, 3),
    node('Concat', more > 0 ? ['mean', 'rest'] : ['mean'], 'seen', int('axis', 1)),
    node('Concat', ['seen', 'nothing'], 'both', int('axis', 0)),
    node('Sub', ['both', 'half'], 'centred'),
    node('Mul', ['centred', 'steep'], 'flat'),
    node('Unsqueeze', ['flat', 'front'], 'logits'),
    node('Identity', ['places'], 'pred_boxes'),
    ...(more > 0 ? [floats('rest', [1, more], ...new Array<number>(more).fill(0))] : []),
    floats('nothing', [1, classes], ...new Array<number>(classes).fill(0)),
    floats('half', [1], 0.5),
    floats('steep', [1], 10),
    shape('front', 0),
    floats('places', [1, 2, 4], 0.25, 0.5, 0.5, 1, 0.9, 0.9, 0.4, 0.4),
    value(11, input, ['batch_size', 'num_channels', ...sides]),
    value(12, 'logits', ['batch_size', 2, classes]),
    value(12, 'pred_boxes', ['batch_size', 2, 4]),
  );
}
