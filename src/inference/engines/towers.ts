import {
  AutoImageProcessor,
  AutoTokenizer,
  CLIPModel,
  CLIPTextModelWithProjection,
  CLIPVisionModelWithProjection,
  type PreTrainedModel,
  type PreTrainedTokenizer,
  type RawImage,
  SiglipModel,
  SiglipTextModel,
  SiglipVisionModel,
  Tensor,
} from '@huggingface/transformers';
import type { LoadOf, Picture } from '../protocol.ts';
import { fitted } from './fitted.ts';
import { product, type Sureness, unit } from './likeness.ts';
import { localHub } from './local-hub.ts';

type Named = Record<string, Tensor | undefined>;
/** How a model of two towers is run, each alone; of one in one piece, each with something for the other. */
interface Runs {
  texts(inputs: Named): Promise<Named>;
  picture(inputs: Named): Promise<Named>;
}

/** Trained values of the models that their makers published first: an export leaves them out. */
const USUAL: Record<LoadOf<'image-text'>['family'], Sureness> = {
  clip: { scale: 100, bias: 0 },
  siglip: { scale: 117.33, bias: -12.93 },
};

/** A CLIP or SigLIP model from local files: pictures and texts as vectors of unit length in one space. */
export class Towers {
  readonly #runs: Runs;
  readonly #tokenizer: PreTrainedTokenizer;
  readonly #processor: (image: RawImage) => Promise<Named>;
  readonly #request: LoadOf<'image-text'>;
  sureness: Sureness;

  private constructor(
    request: LoadOf<'image-text'>,
    runs: Runs,
    tokenizer: PreTrainedTokenizer,
    processor: (image: RawImage) => Promise<Named>,
  ) {
    this.#request = request;
    this.#runs = runs;
    this.#tokenizer = tokenizer;
    this.#processor = processor;
    this.sureness = request.sureness ?? USUAL[request.family];
  }

  /** Throws when the files don't make such a model. Each tower is tried. */
  static async load(request: LoadOf<'image-text'>): Promise<Towers> {
    const { name, local } = localHub(request);
    const runs = 'whole' in request.precision ? await inOne(request) : await inTwo(request);
    const tokenizer = await AutoTokenizer.from_pretrained(name, local);
    const processor = await AutoImageProcessor.from_pretrained(name, local);
    const towers = new Towers(request, runs, tokenizer, (image) => processor(image));
    await towers.#try();
    return towers;
  }

  async texts(texts: readonly string[]): Promise<Float32Array[]> {
    const outputs = await this.#runs.texts(this.#encode(texts));
    return rows(outputs['text_embeds'] ?? outputs['pooler_output'], 'texts', texts.length);
  }

  /** All of it: what the model's own preparation would cut off at the sides may be what matters. */
  async picture(picture: Picture): Promise<Float32Array> {
    const outputs = await this.#runs.picture(await this.#processor(await fitted(picture, this.#request.inputSize)));
    return one(rows(outputs['image_embeds'] ?? outputs['pooler_output'], 'pictures', 1));
  }

  #encode(texts: readonly string[]): Named {
    const { family, contextTokens: max_length } = this.#request;
    const siglip = family === 'siglip';
    // SigLIP was taught without capitals and stops, and on texts of full length.
    const plain = siglip ? texts.map((text) => text.toLowerCase().replace(/[^\p{L}\p{N}\s]/gu, '')) : [...texts];
    return this.#tokenizer(plain, { padding: siglip ? 'max_length' : true, truncation: true, max_length });
  }

  /** One in one piece tells what it makes of a product; the towers alone don't. */
  async #try(): Promise<void> {
    const grey = { width: 2, height: 2, rgb: new Uint8Array(12).fill(128) };
    const picture = await this.picture(grey);
    const texts = ['a cat', 'nothing at all'];
    const vectors = await this.texts(texts);
    if (vectors.some((text) => text.length !== picture.length)) {
      throw new Error(
        `texts are vectors of ${vectors[0]?.length} numbers, pictures of ${picture.length}: not one model`,
      );
    }
    const image = await this.#processor(await fitted(grey, this.#request.inputSize));
    const logits = (await this.#runs.texts({ ...this.#encode(texts), ...image }))['logits_per_text']?.data;
    const told =
      logits instanceof Float32Array
        ? learnt(
            vectors.map((text) => product(text, picture)),
            logits,
          )
        : undefined;
    if (told && !this.#request.sureness) this.sureness = told;
  }
}

/** The line through what the model made of two products; undefined when they are too near each other to tell. */
function learnt([a = 0, b = 0]: readonly number[], logits: Float32Array): Sureness | undefined {
  const [x = 0, y = 0] = logits;
  if (Math.abs(a - b) < 1e-3) return undefined;
  const scale = (x - y) / (a - b);
  return { scale, bias: x - scale * a };
}

async function inTwo(request: LoadOf<'image-text'>): Promise<Runs> {
  const { family, precision } = request;
  if ('whole' in precision) throw new Error('it is in one piece');
  const { name, options } = localHub(request);
  const [Text, Vision] =
    family === 'clip'
      ? [CLIPTextModelWithProjection, CLIPVisionModelWithProjection]
      : [SiglipTextModel, SiglipVisionModel];
  const text = await Text.from_pretrained(name, { ...options, dtype: precision.text });
  const vision = await Vision.from_pretrained(name, { ...options, dtype: precision.vision });
  checkInputs(text, 'text tower', 'input_ids');
  checkInputs(vision, 'picture tower', 'pixel_values');
  return { texts: (inputs) => text(inputs), picture: (inputs) => vision(inputs) };
}

async function inOne(request: LoadOf<'image-text'>): Promise<Runs> {
  const { family, precision, inputSize } = request;
  if (!('whole' in precision)) throw new Error('it is in two pieces');
  const { name, options } = localHub(request);
  const Whole = family === 'clip' ? CLIPModel : SiglipModel;
  const model = await Whole.from_pretrained(name, { ...options, dtype: precision.whole });
  checkInputs(model, 'model', 'input_ids', 'pixel_values');
  const { width, height } = inputSize;
  const pixel_values = new Tensor('float32', new Float32Array(3 * width * height), [1, 3, height, width]);
  const zero = () => new Tensor('int64', BigInt64Array.of(0n, 0n), [1, 2]);
  const one = new Tensor('int64', BigInt64Array.of(1n, 1n), [1, 2]);
  return {
    texts: (inputs) => model({ pixel_values, ...inputs }),
    picture: (inputs) => model({ input_ids: zero(), attention_mask: one, ...inputs }),
  };
}

function checkInputs({ sessions }: PreTrainedModel, what: string, ...needed: readonly string[]): void {
  const names: readonly string[] = sessions['model']?.inputNames ?? [];
  const missing = needed.find((name) => !names.includes(name));
  if (missing !== undefined) throw new Error(`the ${what} has no input "${missing}": it has ${names.join(', ')}`);
}

function rows(tensor: Tensor | undefined, what: string, count: number): Float32Array[] {
  const data = tensor?.to('float32').data;
  if (!(data instanceof Float32Array) || tensor?.dims.length !== 2 || tensor.dims[0] !== count) {
    throw new Error(`the model gave no vectors of ${what}: exported without its projection?`);
  }
  const length = data.length / count;
  return Array.from({ length: count }, (_, i) => unit(data.subarray(i * length, (i + 1) * length)));
}

function one<T>([first]: readonly T[]): T {
  if (first === undefined) throw new Error('the model gave nothing');
  return first;
}
