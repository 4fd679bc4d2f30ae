import { basename, dirname } from 'node:path';
import {
  AutoProcessor,
  AutoTokenizer,
  env,
  LogitsProcessorList,
  LogLevel,
  type Processor,
  Tensor,
  WhisperForConditionalGeneration,
  type WhisperTokenizer,
} from '@huggingface/transformers';
import type { LoadOf } from '../protocol.ts';
import { type Piece, readPieces } from './pieces.ts';
import { largestOf, Spoken } from './spoken.ts';

/** What is said to be where by the library, whatever the model's own precision is, seconds. */
const STATED_PRECISION = 0.02;
/** More than anyone says: a model that goes on and on is cut short. */
const TOKENS = { perSecond: 20, least: 16 };

/** Files in the folder that matter here; `ModelLibrary` has made sure of them. */
interface Facts {
  max_source_positions: number;
  max_target_positions: number;
  alignment_heads?: [number, number][];
  lang_to_id?: Record<string, number>;
  no_timestamps_token_id: number;
  is_multilingual?: boolean;
}

/** What the model made of one stretch. */
export interface Heard {
  pieces: Piece[];
  /** ISO 639-1; models that know only one know English. */
  language: string;
  /** Of each token that it wrote, mean; natural logarithm. */
  logProbability: number;
  tokens: number;
  noSpeech: number;
  /** It broke off here, seconds; undefined when it took in all. */
  brokeOffAt: number | undefined;
}

/** What is seen of the model while it writes. */
interface Watched {
  encoded?: Tensor;
  first?: Float32Array;
  /** Positions that the sound fills; what is looked for beyond them is of no interest. */
  positions: number;
}

interface Written {
  sequences: Tensor;
  token_timestamps?: Tensor;
}
type Settings = Parameters<WhisperForConditionalGeneration['generate']>[0];

/** The model heard another language than it was told to write. */
class OtherLanguage extends Error {}

/** A Whisper model from local files: features, tokens and generation are the library's; here is what it leaves out. */
export class Whisper {
  readonly #model: WhisperForConditionalGeneration;
  readonly #processor: Processor;
  readonly #tokenizer: WhisperTokenizer;
  readonly #facts: Facts;
  readonly #windowSeconds: number;
  readonly #wordTimes: boolean;
  #watched: Watched = { positions: 0 };
  #expecting: string | undefined;
  /** Heard last: what is heard next is likely the same. */
  #language = 'en';

  private constructor(
    model: WhisperForConditionalGeneration,
    processor: Processor,
    tokenizer: WhisperTokenizer,
    windowSeconds: number,
  ) {
    this.#model = model;
    this.#processor = processor;
    this.#tokenizer = tokenizer;
    this.#windowSeconds = windowSeconds;
    // The library reads these files without a shape for them.
    this.#facts = Object.assign({}, model.config, model.generation_config) as unknown as Facts;
    const { outputNames } = model.sessions['decoder_model_merged'];
    this.#wordTimes = this.#facts.alignment_heads !== undefined && outputNames.includes('cross_attentions.0');
    this.#watch();
  }

  /** Throws when the files don't make a Whisper model. Nothing is fetched or written. */
  static async load({ file: dir, precision, threads, windowMs }: LoadOf<'speech-recognition'>): Promise<Whisper> {
    env.allowRemoteModels = false;
    env.useFSCache = false;
    env.localModelPath = dirname(dir);
    env.logLevel = LogLevel.ERROR;
    const name = basename(dir);
    const model = await WhisperForConditionalGeneration.from_pretrained(name, {
      local_files_only: true,
      device: 'cpu',
      dtype: { encoder_model: precision.encoder, decoder_model_merged: precision.decoder },
      session_options: {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        logSeverityLevel: 3,
      },
    });
    const { model: encoder, decoder_model_merged: decoder } = model.sessions;
    if (!encoder?.inputNames.includes('input_features') || !decoder?.outputNames.includes('logits')) {
      throw new Error('it is no Whisper: needs an encoder of "input_features" and a decoder with "logits"');
    }
    const processor = await AutoProcessor.from_pretrained(name, { local_files_only: true });
    const tokenizer = await AutoTokenizer.from_pretrained(name, { local_files_only: true });
    // These are the classes that config.json and tokenizer_config.json of a Whisper model name.
    return new Whisper(
      model as WhisperForConditionalGeneration,
      processor,
      tokenizer as WhisperTokenizer,
      windowMs / 1000,
    );
  }

  /** Seconds from one position of the encoder to the next. */
  get #precision(): number {
    return this.#windowSeconds / this.#facts.max_source_positions;
  }

  /** At most one window of sound. Without a language, the one that is heard; models that know only one ignore it. */
  async listen(waveform: Float32Array, language: string | undefined): Promise<Heard> {
    const { input_features: features } = await this.#processor(waveform);
    const known = this.#facts.is_multilingual === true;
    const told = known && language !== undefined && this.#idOf(language) !== undefined ? language : undefined;
    const seconds = waveform.length / 16_000;
    this.#watched = { positions: Math.min(this.#facts.max_source_positions, Math.ceil(seconds / this.#precision)) };
    try {
      this.#expecting = known && told === undefined ? this.#guess() : undefined;
      return await this.#write(features, seconds, known ? (told ?? this.#guess()) : undefined);
    } catch (error) {
      if (!(error instanceof OtherLanguage)) throw error;
      this.#language = error.message;
      this.#expecting = undefined;
      return await this.#write(features, seconds, this.#language);
    } finally {
      this.#watched = { positions: 0 };
    }
  }

  async #write(features: Tensor, seconds: number, language: string | undefined): Promise<Heard> {
    const { max_target_positions: most } = this.#facts;
    const precision = this.#precision;
    const spoken = new Spoken();
    const processors = new LogitsProcessorList();
    processors.push(spoken);
    const settings = {
      inputs: features,
      ...(this.#watched.encoded ? { encoder_outputs: this.#watched.encoded } : {}),
      ...(language === undefined ? {} : { language, task: 'transcribe' }),
      return_timestamps: true,
      ...(this.#wordTimes ? { return_token_timestamps: true } : {}),
      num_frames: this.#watched.positions,
      max_new_tokens: Math.min(most - 8, TOKENS.least + Math.ceil(seconds * TOKENS.perSecond)),
      logits_processor: processors,
    };
    // The library's types want every setting there is.
    // A tensor of the tokens, or with it the times that were asked for.
    const output = (await this.#model.generate(settings as unknown as Settings)) as unknown as Tensor | Written;
    const { sequences, token_timestamps: times } = 'sequences' in output ? output : { sequences: output };
    const all: number[] = sequences.tolist()[0].map(Number);
    const written = all.slice(spoken.begin);
    const factor = precision / STATED_PRECISION;
    const tokenTimes: number[] | undefined = times
      ?.tolist()[0]
      .slice(spoken.begin)
      .map((one: number) => one * factor);
    const { noSpeech } = this.#judge();
    const { pieces, brokeOffAt } = readPieces(this.#tokenizer, written, tokenTimes, { seconds, precision });
    const { mean: logProbability, tokens } = spoken.sum(all);
    return { pieces, brokeOffAt, language: language ?? 'en', logProbability, tokens, noSpeech };
  }

  /** Keeps what the encoder said, and what the decoder thinks right at the start: whether, and in which language, someone speaks. */
  #watch(): void {
    const model = this.#model;
    const forward = model.forward.bind(model);
    // Else the library would leave out what it is given here, and encode again.
    Object.assign(model, { forward_params: [...model.forward_params, 'encoder_outputs'] });
    model.forward = async (inputs) => {
      if (this.#watched.first) return this.#withoutIdle(await forward(inputs));
      // Some exports tell only what comes last, unless they are asked for everything.
      const outputs = this.#withoutIdle(await forward({ ...inputs, num_logits_to_keep: undefined }));
      const { data, dims } = outputs.logits;
      this.#watched = { ...this.#watched, encoded: inputs.encoder_outputs, first: data.slice(0, dims.at(-1)) };
      const { language } = this.#judge();
      if (this.#expecting !== undefined && language !== undefined && language !== this.#expecting) {
        throw new OtherLanguage(language);
      }
      return outputs;
    };
  }

  /** Where the decoder looks is kept for each token: without the layers that tell nothing, and the silence that pads the window. */
  #withoutIdle<T extends Record<string, Tensor>>(outputs: T): T {
    const telling = new Set(this.#facts.alignment_heads?.map(([layer]) => `cross_attentions.${layer}`));
    for (const [name, tensor] of Object.entries(outputs)) {
      if (!name.startsWith('cross_attentions.')) continue;
      const [, , tokens = 0] = tensor.dims;
      const kept = telling.has(name)
        ? tensor.slice(null, null, null, [0, this.#watched.positions])
        : new Tensor('float32', new Float32Array(tokens), [1, 1, tokens, 1]);
      Object.assign(outputs, { [name]: kept });
    }
    return outputs;
  }

  #judge(): { noSpeech: number; language: string | undefined } {
    const scores = this.#watched.first ?? new Float32Array();
    const largest = largestOf(scores);
    let whole = 0;
    for (const score of scores) whole += Math.exp(score - largest);
    // The token before `<|notimestamps|>`, whatever a model calls it.
    const none = scores[this.#facts.no_timestamps_token_id - 1] ?? Number.NEGATIVE_INFINITY;
    let language: string | undefined;
    let best = Number.NEGATIVE_INFINITY;
    for (const [name, id] of Object.entries(this.#facts.lang_to_id ?? {})) {
      const score = scores[id] ?? best;
      if (score <= best) continue;
      best = score;
      language = name.slice(2, -2);
    }
    return { noSpeech: Math.exp(none - largest) / whole, language };
  }

  #guess(): string {
    if (this.#idOf(this.#language) !== undefined) return this.#language;
    return Object.keys(this.#facts.lang_to_id ?? {})[0]?.slice(2, -2) ?? 'en';
  }

  #idOf(language: string): number | undefined {
    return this.#facts.lang_to_id?.[`<|${language}|>`];
  }
}
