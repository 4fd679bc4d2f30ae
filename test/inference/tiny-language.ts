import { axis, node, onnx, tensor, value } from './tiny-onnx.ts';

/** Numbers for each token, and three more for a colour as the mean of a picture comes out: red is [1, -1, -1]. */
export const COLOURS = [' red', ' green', ' blue'] as const;

/** What a model of a family knows, and what it says next. */
export interface Language {
  words: readonly string[];
  marks: readonly string[];
  /** Each token leads to the next; where there are several, to the one that was seen or read of most. */
  next: Record<string, readonly string[]>;
  /** Having read these words the others are more likely. */
  hints?: Record<string, string>;
}

export function ids({ words, marks }: Language): (token: string) => number {
  const all = [...words, ...marks];
  return (token) => {
    const at = all.indexOf(token);
    if (at < 0) throw new Error(`the tiny model doesn't know ${token}`);
    return at;
  };
}

/** Three numbers behind as many zeros as there are tokens. */
export function inColours(from: string, to: string, hidden: number, at: number): Buffer[] {
  const place = new Float32Array(3 * hidden);
  for (let i = 0; i < 3; i++) place[i * hidden + hidden - 3 + i] = 1;
  return [node('MatMul', [from, `place${at}`], to), tensor(`place${at}`, [3, hidden], place)];
}

export function embedTokens({ words, marks }: Language): Buffer {
  const size = words.length + marks.length;
  const table = new Float32Array(size * (size + 3));
  for (let i = 0; i < size; i++) table[i * (size + 3) + i] = 1;
  return onnx(
    node('Gather', ['table', 'input_ids'], 'inputs_embeds'),
    tensor('table', [size, size + 3], table),
    value(11, 'input_ids', ['batch_size', 'tokens'], 'int64'),
    value(12, 'inputs_embeds', ['batch_size', 'tokens', size + 3]),
  );
}

/** Keys are all that it was shown, of earlier turns too; values are the same. */
export function remembered(past: string, present: string, hidden: number): Buffer[] {
  return [
    node('Unsqueeze', ['inputs_embeds', 'heads'], 'shown'),
    tensor('heads', [1], BigInt64Array.of(1n)),
    ...['key', 'value'].flatMap((what) => [
      node('Concat', [`${past}.${what}`, 'shown'], `${present}.${what}`, axis(2)),
      value(11, `${past}.${what}`, ['batch_size', 1, `past_${what}`, hidden]),
      value(12, `${present}.${what}`, ['batch_size', 1, `all_${what}`, hidden]),
    ]),
  ];
}

/** What the last token leads to, and of several the one that `known_all`, [batch, 1, hidden], speaks for. */
export function writes(language: Language): Buffer[] {
  const { words, marks, next, hints = {} } = language;
  const id = ids(language);
  const size = words.length + marks.length;
  const [leads, chooses, speaks] = [0, 1, 2].map(() => new Float32Array((size + 3) * size));
  if (!leads || !chooses || !speaks) throw new Error('three were made');
  for (const [token, followers] of Object.entries(next)) {
    followers.forEach((follower, i) => {
      leads[id(token) * size + id(follower)] = 20 + (i === 0 ? 0.1 : 0);
      chooses[id(token) * size + id(follower)] = 1;
    });
  }
  for (const [word, follower] of Object.entries(hints)) speaks[id(word) * size + id(follower)] = 5;
  COLOURS.forEach((colour, i) => {
    speaks[(size + i) * size + id(colour)] = 5;
  });
  const shape = [size + 3, size];
  return [
    node('MatMul', ['inputs_embeds', 'leads'], 'led'),
    node('MatMul', ['inputs_embeds', 'chooses'], 'chosen'),
    node('MatMul', ['known_all', 'speaks'], 'spoken'),
    node('Mul', ['chosen', 'spoken'], 'preferred'),
    node('Add', ['led', 'preferred'], 'logits'),
    tensor('leads', shape, leads),
    tensor('chooses', shape, chooses),
    tensor('speaks', shape, speaks),
    value(11, 'inputs_embeds', ['batch_size', 'tokens', size + 3]),
    value(12, 'logits', ['batch_size', 'tokens', size]),
  ];
}

export function tokenizerFiles(language: Language, more: object): Record<string, string> {
  const { words, marks } = language;
  const id = ids(language);
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const bpe = {
    type: 'BPE',
    unk_token: marks[0],
    continuing_subword_prefix: '',
    end_of_word_suffix: '',
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: true,
    vocab: Object.fromEntries(words.map((word, i) => [word.replace(' ', '\u0120'), i])),
    merges: [],
  };
  const level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    'tokenizer.json': JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: marks.map((content) => ({
        id: id(content),
        content,
        ...special,
        special: !content.startsWith('<loc'),
      })),
      normalizer: null,
      pre_tokenizer: level,
      post_processor: null,
      decoder: level,
      model: bpe,
    }),
    'tokenizer_config.json': JSON.stringify({
      tokenizer_class: 'PreTrainedTokenizerFast',
      model_max_length: 64,
      ...more,
    }),
  };
}
