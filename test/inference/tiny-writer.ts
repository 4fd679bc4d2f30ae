import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { node, onnx, tensor, value } from './tiny-onnx.ts';

const WORDS = [' the', ' gate', ' is', ' open', ' closed', '.'];
const MARKS = ['<|end|>', '<|system|>', '<|user|>', '<|assistant|>'];
const VOCABULARY = [...WORDS, ...MARKS];
const id = (token: string): number => {
  const at = VOCABULARY.indexOf(token);
  if (at < 0) throw new Error(`the tiny model doesn't know ${token}`);
  return at;
};

export interface TinyWriter {
  /** What it writes, whatever it is asked: each token leads to the next, so none may come twice but the last, which is a loop. */
  says: readonly string[];
  /** Having written this token its answer is not a number. */
  poison?: string;
  /** Without a template its prompts are plain text. */
  template?: boolean;
  modelType?: string;
}

/** A model in the hub's layout that writes what it is told to, whatever it is asked. */
export async function writeWriter(dir: string, facts: TinyWriter): Promise<string> {
  for (const [name, content] of Object.entries(writerFiles(facts))) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
  return dir;
}

export function writerFiles(facts: TinyWriter): Record<string, Buffer | string> {
  const template = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{% endfor %}<|assistant|>";
  return {
    'config.json': JSON.stringify({ ...CONFIG, model_type: facts.modelType ?? 'llama' }),
    'generation_config.json': JSON.stringify(ENDS),
    'tokenizer.json': JSON.stringify(tokenizer()),
    'tokenizer_config.json': JSON.stringify({
      tokenizer_class: 'PreTrainedTokenizerFast',
      model_max_length: 512,
      ...(facts.template === false ? {} : { chat_template: template }),
    }),
    'onnx/model.onnx': decoder(facts),
  };
}

const ENDS = { bos_token_id: id('<|end|>'), eos_token_id: id('<|end|>'), pad_token_id: id('<|end|>') };
const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  hidden_size: 2,
  num_attention_heads: 1,
  num_key_value_heads: 1,
  num_hidden_layers: 1,
  vocab_size: VOCABULARY.length,
  max_position_embeddings: 512,
  ...ENDS,
};

function tokenizer(): object {
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: MARKS.map((content) => ({ id: id(content), content, ...special })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      unk_token: '<|end|>',
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

/** The scores of the next token stand in the row of the one before it; what was before that it forgets. */
function decoder({ says, poison }: TinyWriter): Buffer {
  const size = VOCABULARY.length;
  const scores = new Float32Array(size ** 2);
  says.forEach((token, i) => {
    const before = says[i - 1];
    // Whatever stands at a prompt's end leads to what it says.
    const rows = before === undefined ? VOCABULARY.filter((other) => !says.includes(other)) : [before];
    for (const row of rows) scores[id(row) * size + id(token)] = 20;
  });
  if (poison !== undefined) scores.fill(Number.NaN, id(poison) * size, (id(poison) + 1) * size);
  const past = ['batch_size', 1, 'past', 2];
  return onnx(
    node('Gather', ['scores', 'input_ids'], 'logits'),
    node('Identity', ['past_key_values.0.key'], 'present.0.key'),
    node('Identity', ['past_key_values.0.value'], 'present.0.value'),
    tensor('scores', [size, size], scores),
    value(11, 'input_ids', ['batch_size', 'tokens'], 'int64'),
    value(11, 'attention_mask', ['batch_size', 'all'], 'int64'),
    value(11, 'past_key_values.0.key', past),
    value(11, 'past_key_values.0.value', past),
    value(12, 'logits', ['batch_size', 'tokens', size]),
    value(12, 'present.0.key', past),
    value(12, 'present.0.value', past),
  );
}
