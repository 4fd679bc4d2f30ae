import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bytes, keepNoDims, message, node, number, onnx, tensor, value } from './tiny-onnx.ts';

const WORDS = [' hello', ' world', ' you', ' again', ' thank', '.'];
const MARKS = [
  '<|endoftext|>',
  '<|startoftranscript|>',
  '<|en|>',
  '<|de|>',
  '<|translate|>',
  '<|transcribe|>',
  '<|startofprev|>',
  '<|nospeech|>',
  '<|notimestamps|>',
];
/** Two seconds, 20 ms each. */
const POSITIONS = 100;
const TIMES = Array.from({ length: POSITIONS + 1 }, (_, i) => `<|${(i * 0.02).toFixed(2)}|>`);
const VOCABULARY = [...WORDS, ...MARKS, ...TIMES];
const id = (token: string): number => {
  const at = VOCABULARY.indexOf(token);
  if (at < 0) throw new Error(`the tiny model doesn't know ${token}`);
  return at;
};

export interface TinyWhisper {
  /** What it writes whatever it hears: each token leads to the next, so none may come twice but the last, which is a loop. */
  says: readonly string[];
  /** Where it looks when it has written a token, seconds; only then it has word times. */
  looks?: Record<string, number>;
  hears?: '<|en|>' | '<|de|>';
  noSpeech?: number;
  /** How sure it is: the lead of what it says over all else. */
  sure?: number;
  /** Having written this token its answer is not a number. */
  poison?: string;
  englishOnly?: boolean;
  /** The name of the encoder's input. */
  input?: string;
}

/** A model in the hub's layout for two seconds of sound, which says what it is told to, whatever it hears. */
export async function writeWhisper(dir: string, facts: TinyWhisper): Promise<string> {
  const files: Record<string, Buffer | string> = {
    'config.json': JSON.stringify(CONFIG),
    'generation_config.json': JSON.stringify(generation(facts)),
    'preprocessor_config.json': JSON.stringify(PREPROCESSOR),
    'tokenizer.json': JSON.stringify(tokenizer()),
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'WhisperTokenizer', model_max_length: 64 }),
    'onnx/encoder_model.onnx': encoder(facts.input ?? 'input_features'),
    'onnx/decoder_model_merged.onnx': decoder(facts),
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
  return dir;
}

const ENDS = {
  bos_token_id: id('<|endoftext|>'),
  eos_token_id: id('<|endoftext|>'),
  pad_token_id: id('<|endoftext|>'),
};
const START = { decoder_start_token_id: id('<|startoftranscript|>') };
const PREPROCESSOR = {
  feature_extractor_type: 'WhisperFeatureExtractor',
  processor_class: 'WhisperProcessor',
  sampling_rate: 16_000,
  feature_size: 80,
  n_fft: 400,
  hop_length: 160,
  chunk_length: 2,
  n_samples: 32_000,
  nb_max_frames: 200,
};

const CONFIG = {
  model_type: 'whisper',
  is_encoder_decoder: true,
  d_model: 2,
  num_mel_bins: 80,
  vocab_size: VOCABULARY.length,
  encoder_layers: 1,
  encoder_attention_heads: 1,
  decoder_layers: 1,
  decoder_attention_heads: 1,
  max_source_positions: POSITIONS,
  max_target_positions: 64,
  median_filter_width: 1,
  ...ENDS,
  ...START,
};

function generation({ englishOnly, looks }: TinyWhisper): object {
  const languages = {
    lang_to_id: { '<|en|>': id('<|en|>'), '<|de|>': id('<|de|>') },
    task_to_id: { transcribe: id('<|transcribe|>'), translate: id('<|translate|>') },
  };
  return {
    ...ENDS,
    ...START,
    is_multilingual: englishOnly !== true,
    ...(englishOnly ? {} : languages),
    no_timestamps_token_id: id('<|notimestamps|>'),
    max_initial_timestamp_index: POSITIONS,
    max_length: 64,
    ...(looks ? { alignment_heads: [[0, 0]] } : {}),
  };
}

function tokenizer(): object {
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const added = [...MARKS, ...TIMES].map((content) => ({
    id: id(content),
    content,
    ...special,
    special: MARKS.includes(content),
  }));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      unk_token: '<|endoftext|>',
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: true,
      vocab: Object.fromEntries(WORDS.map((word, i) => [word.replace(' ', '\u0120'), i])),
      merges: [],
    },
  };
}

function encoder(input: string): Buffer {
  return onnx(
    node('ReduceMean', [input], 'last_hidden_state', message(5, bytes(1, 'keepdims'), number(3, 1), number(20, 2))),
    value(11, input, ['batch_size', 80, 'frames']),
    value(12, 'last_hidden_state', ['batch_size', 1, 1]),
  );
}

/** The scores of the next token stand in the row of the one before it. */
function decoder({ says, looks, hears, noSpeech = 0.01, sure = 20, poison, englishOnly }: TinyWhisper): Buffer {
  const scores = new Float32Array(VOCABULARY.length ** 2);
  const row = (token: string) => id(token) * VOCABULARY.length;
  const start = row('<|startoftranscript|>');
  scores[start + id(hears ?? '<|en|>')] = 20 + Math.log(1 - noSpeech);
  scores[start + id('<|nospeech|>')] = 20 + Math.log(noSpeech);
  says.forEach((token, i) => {
    scores[row(says[i - 1] ?? (englishOnly ? '<|startoftranscript|>' : '<|transcribe|>')) + id(token)] = sure;
  });
  if (poison !== undefined) scores.fill(Number.NaN, row(poison), row(poison) + VOCABULARY.length);
  const shape = [VOCABULARY.length, VOCABULARY.length];
  const graph = [
    node('Gather', ['scores', 'input_ids'], 'logits'),
    tensor('scores', shape, scores),
    value(11, 'input_ids', ['batch_size', 'tokens'], 'int64'),
    value(11, 'encoder_hidden_states', ['batch_size', 1, 1]),
    value(12, 'logits', ['batch_size', 'tokens', VOCABULARY.length]),
  ];
  return onnx(...graph, ...(looks ? attention(looks) : []));
}

function attention(looks: Record<string, number>): Buffer[] {
  const places = new Float32Array(VOCABULARY.length * POSITIONS);
  VOCABULARY.forEach((token, row) => {
    // Nowhere does it look not at all: what never changes could not be told apart.
    const centre = (looks[token] ?? 0) / 0.02;
    for (let i = 0; i < POSITIONS; i++) places[row * POSITIONS + i] = 1 / (1 + (i - centre) ** 2);
  });
  return [
    node('Gather', ['places', 'input_ids'], 'looked'),
    node('Reshape', ['looked', 'shape'], 'cross_attentions.0'),
    tensor('places', [VOCABULARY.length, POSITIONS], places),
    tensor('shape', [4], BigInt64Array.of(1n, 1n, -1n, BigInt(POSITIONS))),
    value(12, 'cross_attentions.0', ['batch_size', 1, 'tokens', POSITIONS]),
  ];
}

/** A pack shaped like Silero's: the probability is the root of the mean of what it is shown, and it remembers nothing. */
export async function writeVoice(dir: string, output = 'output'): Promise<string> {
  const weights = onnx(
    node('ReduceMean', ['input'], 'mean', keepNoDims),
    node('Sqrt', ['mean'], output),
    node('Identity', ['state'], 'stateN'),
    value(11, 'input', [1, 'samples']),
    value(11, 'state', [2, 1, 128]),
    value(11, 'sr', [], 'int64'),
    value(12, output, []),
    value(12, 'stateN', [2, 1, 128]),
  );
  return writeOne(dir, { task: 'voice-activity' }, weights);
}

/** A pack shaped like YAMNet: it hears the mean of the sound as its first class, and its square as the second. */
export async function writeSounds(dir: string, labels: readonly string[] = ['hum', 'howl']): Promise<string> {
  const weights = onnx(
    node('ReduceMean', ['waveform'], 'mean', keepNoDims),
    node('Mul', ['mean', 'mean'], 'square'),
    node('Reshape', ['mean', 'one'], 'first'),
    node('Reshape', ['square', 'one'], 'second'),
    node('Concat', ['first', 'second'], 'scores', message(5, bytes(1, 'axis'), number(3, 1), number(20, 2))),
    tensor('one', [2], BigInt64Array.of(1n, 1n)),
    value(11, 'waveform', ['samples']),
    value(12, 'scores', ['patches', 2]),
  );
  return writeOne(dir, { task: 'audio-classification', labels }, weights);
}

async function writeOne(
  dir: string,
  facts: { task: string; labels?: readonly string[] },
  weights: Buffer,
): Promise<string> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'tiny.onnx'), weights);
  const name = dir.slice(dir.lastIndexOf('/') + 1);
  await writeFile(
    join(dir, 'model.json'),
    JSON.stringify({ name, file: 'tiny.onnx', licence: 'Apache-2.0', ...facts }),
  );
  return dir;
}
