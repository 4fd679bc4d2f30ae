import {
  COLOURS,
  embedTokens,
  ids,
  inColours,
  type Language,
  remembered,
  tokenizerFiles,
  writes,
} from './tiny-language.ts';
import { ints, keepDims, node, onnx, tensor, value } from './tiny-onnx.ts';

const SIDE = 8;

export interface TinyVlm {
  family: 'smolvlm' | 'florence2';
  /** It never ends. */
  endless?: boolean;
  /** It brings no template for conversations. */
  template?: boolean;
  /** The name of what its picture part makes. */
  features?: string;
}

/** A folder in the hub's layout with a model that says which of three colours it sees most of, and has read its instruction. */
export function vlmFiles(facts: TinyVlm): Record<string, Buffer | string> {
  return facts.family === 'smolvlm' ? smolvlm(facts) : florence(facts);
}

function smolvlm({
  endless = false,
  template = true,
  features = 'image_features',
}: TinyVlm): Record<string, Buffer | string> {
  const language: Language = {
    words: [' It', ' shows', ' Yes', ',', ...COLOURS, '.', ':', ' really'],
    marks: ['<end>', '<|im_start|>', '<end_of_utterance>', '<image>', '<fake_token_around_image>', '<global-img>'],
    next: {
      ':': [' It', ' Yes'],
      ' Yes': [','],
      ',': [' It'],
      ' It': [' shows'],
      ' shows': COLOURS,
      ...Object.fromEntries(COLOURS.map((colour) => [colour, ['.']])),
      '.': [endless ? ' It' : '<end_of_utterance>'],
    },
    hints: { ' really': ' Yes' },
  };
  const hidden = language.words.length + language.marks.length + 3;
  const id = ids(language);
  const turns =
    "{% for m in messages %}<|im_start|>User:{% for c in m['content'] %}{% if c['type'] == 'image' %}<image>{% else %}{{ c['text'] }}{% endif %}{% endfor %}<end_of_utterance>\nAssistant:{% endfor %}";
  return {
    'config.json': JSON.stringify({
      model_type: 'idefics3',
      architectures: ['Idefics3ForConditionalGeneration'],
      image_token_id: id('<image>'),
      text_config: {
        model_type: 'llama',
        ...SHAPE,
        hidden_size: hidden,
        head_dim: hidden,
        max_position_embeddings: 64,
      },
      vision_config: {},
    }),
    'generation_config.json': JSON.stringify({
      bos_token_id: id('<|im_start|>'),
      eos_token_id: id('<end_of_utterance>'),
    }),
    'preprocessor_config.json': JSON.stringify({
      ...LIGHT,
      processor_class: 'Idefics3Processor',
      image_processor_type: 'Idefics3ImageProcessor',
      do_image_splitting: true,
      size: { longest_edge: 4 * SIDE },
      max_image_size: { longest_edge: SIDE },
    }),
    'processor_config.json': JSON.stringify({ processor_class: 'Idefics3Processor', image_seq_len: 1 }),
    ...tokenizerFiles(language, template ? { chat_template: turns } : {}),
    'onnx/vision_encoder.onnx': onnx(
      node('ReduceMean', ['pixel_values'], 'mean', ints('axes', 3, 4), keepDims(0)),
      ...inColours('mean', 'placed', hidden, 2),
      node('Reshape', ['placed', 'shape'], features),
      tensor('shape', [3], BigInt64Array.of(-1n, 1n, BigInt(hidden))),
      value(11, 'pixel_values', ['batch_size', 'num_images', 3, SIDE, SIDE]),
      value(11, 'pixel_attention_mask', ['batch_size', 'num_images', SIDE, SIDE], 'bool'),
      value(12, features, ['pictures', 1, hidden]),
    ),
    'onnx/embed_tokens.onnx': embedTokens(language),
    'onnx/decoder_model_merged.onnx': onnx(
      ...remembered('past_key_values.0', 'present.0', hidden),
      node('ReduceSum', ['present.0.key', 'along'], 'known_all', keepDims(0)),
      ...writes(language),
      tensor('along', [1], BigInt64Array.of(2n)),
      value(11, 'attention_mask', ['batch_size', 'total'], 'int64'),
      value(11, 'position_ids', ['batch_size', 'tokens'], 'int64'),
    ),
  };
}

function florence({ endless = false, features = 'image_features' }: TinyVlm): Record<string, Buffer | string> {
  const places = ['<loc_0>', '<loc_249>', '<loc_499>', '<loc_999>'];
  const language: Language = {
    words: [' The', ' image', ' is', 'square', ...COLOURS, '.', 'Describe', 'Locate'],
    marks: ['<s>', '</s>', '<pad>', ...places],
    next: {
      '</s>': ['<s>'],
      '<s>': [' The', 'square'],
      ' The': [' image'],
      ' image': [' is'],
      ' is': COLOURS,
      ...Object.fromEntries(COLOURS.map((colour) => [colour, ['.']])),
      '.': [endless ? ' The' : '</s>'],
      square: ['<loc_0>'],
      '<loc_0>': ['<loc_249>'],
      '<loc_249>': ['<loc_499>'],
      '<loc_499>': ['<loc_999>'],
      '<loc_999>': ['</s>'],
    },
    hints: { Describe: ' The', Locate: 'square' },
  };
  const hidden = language.words.length + language.marks.length + 3;
  const id = ids(language);
  const ends = { bos_token_id: id('<s>'), eos_token_id: id('</s>'), pad_token_id: id('<pad>') };
  return {
    'config.json': JSON.stringify({
      model_type: 'florence2',
      architectures: ['Florence2ForConditionalGeneration'],
      is_encoder_decoder: true,
      ...ends,
      text_config: { model_type: 'florence2_language', ...BART, d_model: hidden, max_position_embeddings: 64, ...ends },
      vision_config: { model_type: 'davit' },
    }),
    'generation_config.json': JSON.stringify({ ...ends, decoder_start_token_id: id('</s>') }),
    'preprocessor_config.json': JSON.stringify({
      ...LIGHT,
      processor_class: 'Florence2Processor',
      image_processor_type: 'CLIPImageProcessor',
      size: { height: SIDE, width: SIDE },
      crop_size: { height: SIDE, width: SIDE },
      do_center_crop: false,
      tasks_answer_post_processing_type: { '<MORE_DETAILED_CAPTION>': 'pure_text', '<OD>': 'description_with_bboxes' },
      task_prompts_without_inputs: { '<MORE_DETAILED_CAPTION>': 'Describe', '<OD>': 'Locate' },
      task_prompts_with_input: { '<CAPTION_TO_PHRASE_GROUNDING>': 'Locate {input}' },
    }),
    ...tokenizerFiles(language, { pad_token: '<pad>' }),
    'onnx/vision_encoder.onnx': onnx(
      node('ReduceMean', ['pixel_values'], 'mean', ints('axes', 2, 3), keepDims(0)),
      ...inColours('mean', 'placed', hidden, 1),
      node('Reshape', ['placed', 'shape'], features),
      tensor('shape', [3], BigInt64Array.of(-1n, 1n, BigInt(hidden))),
      value(11, 'pixel_values', ['batch_size', 3, SIDE, SIDE]),
      value(12, features, ['batch_size', 1, hidden]),
    ),
    'onnx/embed_tokens.onnx': embedTokens(language),
    'onnx/encoder_model.onnx': onnx(
      node('Identity', ['inputs_embeds'], 'last_hidden_state'),
      value(11, 'inputs_embeds', ['batch_size', 'read', hidden]),
      value(11, 'attention_mask', ['batch_size', 'read'], 'int64'),
      value(12, 'last_hidden_state', ['batch_size', 'read', hidden]),
    ),
    'onnx/decoder_model_merged.onnx': onnx(
      ...remembered('past_key_values.0.decoder', 'present.0.decoder', hidden),
      node('ReduceSum', ['encoder_hidden_states', 'along'], 'known_all', keepDims(1)),
      ...writes(language),
      ...['key', 'value'].flatMap((what) => [
        node('Unsqueeze', ['encoder_hidden_states', 'along'], `present.0.encoder.${what}`),
        value(11, `past_key_values.0.encoder.${what}`, ['batch_size', 1, 'past_read', hidden]),
        value(12, `present.0.encoder.${what}`, ['batch_size', 1, 'read', hidden]),
      ]),
      tensor('along', [1], BigInt64Array.of(1n)),
      value(11, 'encoder_hidden_states', ['batch_size', 'read', hidden]),
      value(11, 'encoder_attention_mask', ['batch_size', 'read'], 'int64'),
      value(11, 'use_cache_branch', [1], 'bool'),
    ),
  };
}

const SHAPE = { num_attention_heads: 1, num_key_value_heads: 1, num_hidden_layers: 1 };
const BART = { encoder_layers: 1, encoder_attention_heads: 1, decoder_layers: 1, decoder_attention_heads: 1 };
const LIGHT = {
  do_resize: true,
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
  resample: 3,
};
