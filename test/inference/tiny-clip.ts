import { axis, ints, keepDims, node, onnx, tensor, value } from './tiny-onnx.ts';

/** What the tiny models know: each word is a colour, as the mean of a picture of nothing else comes out. */
const COLOURS = { red: [1, -1, -1], green: [-1, 1, -1], blue: [-1, -1, 1] } as const;
const WORDS = ['[PAD]', '[UNK]', 'a', 'square', ...Object.keys(COLOURS)];
const SIDE = 8;

export interface TinyClip {
  family?: 'clip' | 'siglip';
  /** One model instead of two towers. */
  whole?: boolean;
  /** What the model learnt, in config.json; of one in one piece also in what it tells. */
  logitScale?: number;
  /** The picture tower's vectors are longer than those of texts by so many numbers. */
  longer?: number;
  /** Names of the towers' inputs and outputs. */
  pixels?: string;
  output?: string;
}

/** A folder in the hub's layout with a model that knows three colours, in a space of three numbers. */
export function clipFiles(facts: TinyClip = {}): Record<string, Buffer | string> {
  const { family = 'clip', whole = false, logitScale } = facts;
  const towers: Record<string, Buffer> = whole
    ? { 'onnx/model.onnx': inOne(logitScale ?? 2) }
    : { 'onnx/vision_model.onnx': vision(facts), 'onnx/text_model.onnx': text(facts) };
  return {
    'config.json': JSON.stringify({
      model_type: family,
      architectures: [family === 'clip' ? 'CLIPModel' : 'SiglipModel'],
      text_config: { max_position_embeddings: 8 },
      ...(logitScale === undefined || whole ? {} : { logit_scale: Math.log(logitScale), logit_bias: -1 }),
    }),
    'preprocessor_config.json': JSON.stringify(family === 'clip' ? CLIP : SIGLIP),
    'tokenizer.json': JSON.stringify(tokenizer()),
    'tokenizer_config.json': JSON.stringify({
      tokenizer_class: 'PreTrainedTokenizerFast',
      model_max_length: 8,
      pad_token: '[PAD]',
      unk_token: '[UNK]',
    }),
    ...towers,
  };
}

const LIGHT = {
  do_resize: true,
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
  resample: 3,
};
const CLIP = {
  ...LIGHT,
  feature_extractor_type: 'CLIPFeatureExtractor',
  do_center_crop: true,
  crop_size: SIDE,
  size: SIDE,
};
const SIGLIP = { ...LIGHT, image_processor_type: 'SiglipImageProcessor', size: { height: SIDE, width: SIDE } };

function tokenizer(): object {
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: ['[PAD]', '[UNK]'].map((content, id) => ({ id, content, ...special })),
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordLevel', unk_token: '[UNK]', vocab: Object.fromEntries(WORDS.map((word, i) => [word, i])) },
  };
}

/** Words that are no colours say a little of everything. */
const table = (): Buffer => {
  const rows = WORDS.flatMap(
    (word) => COLOURS[word as keyof typeof COLOURS] ?? (word === '[PAD]' ? [0, 0, 0] : [0.1, 0.1, 0.1]),
  ); // Others are undefined.
  return tensor('table', [WORDS.length, 3], Float32Array.from(rows));
};
const read = (output: string): Buffer[] => [
  node('Gather', ['table', 'input_ids'], 'words'),
  node('ReduceSum', ['words', 'along'], output, keepDims(0)),
  table(),
  tensor('along', [1], BigInt64Array.of(1n)),
  value(11, 'input_ids', ['text_batch_size', 'sequence_length'], 'int64'),
];
const look = (output: string, pixels = 'pixel_values'): Buffer[] => [
  node('ReduceMean', [pixels], output, ints('axes', 2, 3), keepDims(0)),
  value(11, pixels, ['image_batch_size', 3, SIDE, SIDE]),
];

function text({ family = 'clip', output = family === 'clip' ? 'text_embeds' : 'pooler_output' }: TinyClip): Buffer {
  return onnx(...read(output), value(12, output, ['text_batch_size', 3]));
}

function vision({ family = 'clip', longer = 0, pixels }: TinyClip): Buffer {
  const output = family === 'clip' ? 'image_embeds' : 'pooler_output';
  if (longer === 0) return onnx(...look(output, pixels), value(12, output, ['image_batch_size', 3]));
  const more = tensor('more', [1, longer], new Float32Array(longer));
  return onnx(
    ...look('mean', pixels),
    node('Concat', ['mean', 'more'], output, axis(1)),
    more,
    value(12, output, ['image_batch_size', 3 + longer]),
  );
}

/** Both towers, and what the model makes of their product: of unit length, times its scale, less one. */
function inOne(scale: number): Buffer {
  const length = (from: string, to: string) => [
    node('ReduceL2', [from], `${to}_length`, ints('axes', 1), keepDims(1)),
    node('Max', [`${to}_length`, 'tiny'], `${to}_safe`),
    node('Div', [from, `${to}_safe`], to),
  ];
  return onnx(
    ...read('text_sum'),
    ...look('image_mean'),
    ...length('text_sum', 'text_embeds'),
    ...length('image_mean', 'image_embeds'),
    node('Transpose', ['image_embeds'], 'image_column'),
    node('MatMul', ['text_embeds', 'image_column'], 'product'),
    node('Mul', ['product', 'scale'], 'scaled'),
    node('Sub', ['scaled', 'one'], 'logits_per_text'),
    tensor('scale', [], Float32Array.of(scale)),
    tensor('one', [], Float32Array.of(1)),
    tensor('tiny', [], Float32Array.of(1e-6)),
    value(12, 'logits_per_text', ['text_batch_size', 'image_batch_size']),
    value(12, 'text_embeds', ['text_batch_size', 3]),
    value(12, 'image_embeds', ['image_batch_size', 3]),
  );
}
