import {
  AutoModelForImageTextToText,
  AutoProcessor,
  type PreTrainedModel,
  type Processor,
  type RawImage,
  StoppingCriteria,
  type Tensor,
} from '@huggingface/transformers';
import type { LoadOf, Picture } from '../protocol.ts';
import { fitted } from './fitted.ts';
import { localHub } from './local-hub.ts';
import { circlesAt } from './loops.ts';

/** The inputs and outputs of each part, by which a model that isn't one shows. */
const PARTS = {
  vision_encoder: ['pixel_values', 'image_features'],
  embed_tokens: ['input_ids', 'inputs_embeds'],
  model: ['inputs_embeds', 'last_hidden_state'],
  decoder_model_merged: ['inputs_embeds', 'logits'],
} as const;

/** One question as a family of models wants it. */
export interface Question {
  feeds: Record<string, unknown>;
  /** The answer in the tokens that the model wrote. */
  read: (written: Tensor) => string;
}
/** How a family is asked about pictures, squeezed into its size. Throws when it is more than the model can look back on. */
export type Manner = (pictures: RawImage[], instruction: string) => Promise<Question>;

/** Stops a model that says the same again and again: it would go on until it is stopped. */
class Circles extends StoppingCriteria {
  /** So many of the last tokens are of no worth. */
  again = 0;
  written = 0;

  override _call([tokens = []]: number[][]): boolean[] {
    this.written += 1;
    this.again = circlesAt(tokens.slice(-100));
    return [this.again > 0];
  }
}

/** A model of pictures and text from local files, which writes what it is asked about pictures. */
export class Teller {
  readonly #model: PreTrainedModel;
  readonly #request: LoadOf<'image-to-text'>;
  readonly processor: Processor;

  private constructor(model: PreTrainedModel, processor: Processor, request: LoadOf<'image-to-text'>) {
    this.#model = model;
    this.#request = request;
    this.processor = processor;
  }

  /** Throws when the files don't make such a model. Nothing is fetched or written. */
  static async load(request: LoadOf<'image-to-text'>): Promise<Teller> {
    const { name, local, options } = localHub(request);
    const model = await AutoModelForImageTextToText.from_pretrained(name, { ...options, dtype: request.precision });
    for (const [part, [input, output]] of Object.entries(PARTS)) {
      const session = model.sessions[part];
      // Only families that read before they write have an encoder.
      if (!session && part === 'model') continue;
      if (!session?.inputNames.includes(input) || !session.outputNames.includes(output)) {
        throw new Error(
          `its ${part} doesn't make "${output}" of "${input}": not a model that tells what pictures show`,
        );
      }
    }
    const processor = await AutoProcessor.from_pretrained(name, local);
    // Pictures come in the right size; the library's way there is slow, and skips what is small.
    Object.assign(processor.image_processor ?? {}, { do_resize: false, do_center_crop: false });
    return new Teller(model, processor, request);
  }

  /** What it writes of the last pictures, as many as it takes; without its own special tokens. */
  async tell(manner: Manner, pictures: readonly Picture[], instruction: string, mostTokens: number): Promise<string> {
    const { inputSize, mostPictures } = this.#request;
    const shown = await Promise.all(pictures.slice(-mostPictures).map((picture) => fitted(picture, inputSize)));
    if (shown.length === 0) throw new Error('there is no picture to tell of');
    const { feeds, read } = await manner(shown, instruction);
    const circles = new Circles();
    const settings = { ...feeds, max_new_tokens: mostTokens, do_sample: false, stopping_criteria: [circles] };
    // Without scores asked for the answer is the tokens.
    const written = (await this.#model.generate(settings)) as Tensor;
    const kept = written.slice(null, [0, (written.dims.at(-1) ?? 0) - circles.again]);
    const text = read(kept).trim();
    return circles.written < mostTokens ? text : wholeSentences(text);
  }
}

/** What had to be broken off, without a sentence that was begun; if it is one at all, and not JSON. */
function wholeSentences(text: string): string {
  if (/^([{[]|```)/.test(text)) return text;
  return /^[\s\S]*[.!?]["')]*(?=\s|$)/.exec(text)?.[0] ?? text;
}
