import type { Processor, Tensor } from '@huggingface/transformers';
import type { LoadOf } from '../protocol.ts';
import type { Manner } from './teller.ts';

/** What means more to the model than it says; in the words of a prompt it would make two turns of one. */
const MARKS = /<(image|fake_token_around_image|global-img|row_\d+_col_\d+|end_of_utterance|\|\w+\|)>/g;

/** SmolVLM (Idefics3's kind): follows instructions about one picture or several, each shown in one piece. */
export function smolvlm(processor: Processor, { contextTokens }: LoadOf<'image-to-text'>): Manner {
  return async (pictures, instruction) => {
    const prompt = promptFor(processor, pictures.length, instruction.replace(MARKS, ' '));
    // Pieces of one picture would each cost as much as the picture.
    const feeds: { input_ids: Tensor } = await processor(prompt, [pictures], { do_image_splitting: false });
    const given = feeds.input_ids.dims.at(-1) ?? 0;
    if (given >= contextTokens) {
      throw new Error(`${given} tokens are more than the model can look back on (${contextTokens})`);
    }
    const own = (written: Tensor) => written.slice(null, [given, written.dims.at(-1) ?? given]);
    return {
      feeds: { ...feeds },
      read: (written) => processor.batch_decode(own(written), { skip_special_tokens: true })[0] ?? '',
    };
  };
}

function promptFor(processor: Processor, pictures: number, text: string): string {
  if (!processor.tokenizer?.chat_template) {
    return `<|im_start|>User:${'<image>'.repeat(pictures)}${text}<end_of_utterance>\nAssistant:`;
  }
  const shown = Array.from({ length: pictures }, () => ({ type: 'image' }));
  const messages = [{ role: 'user', content: [...shown, { type: 'text', text }] }];
  // Not tokenized, it is a text.
  return processor.apply_chat_template(messages, { add_generation_prompt: true }) as string;
}
