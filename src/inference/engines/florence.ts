import { Florence2Processor, type Processor } from '@huggingface/transformers';
import type { Manner } from './teller.ts';

/** What the model was taught to do; it follows no other instruction. */
const TASK = /^<[A-Z_]+>/;
const DESCRIBE = '<MORE_DETAILED_CAPTION>';

/**
 * Florence-2: describes one picture, or does one of its tasks, if the instruction begins with its tag (`<OD>`, `<OCR>`,
 * `<CAPTION_TO_PHRASE_GROUNDING>a red car`). Tasks that find places answer in JSON, with fractions of the picture.
 */
export function florence(processor: Processor): Manner {
  if (!(processor instanceof Florence2Processor))
    throw new Error('its preprocessor_config.json names no Florence2Processor');
  return async (pictures, instruction) => {
    const prompt = TASK.test(instruction) ? instruction : DESCRIBE;
    const task = TASK.exec(prompt)?.[0] ?? DESCRIBE;
    const feeds: Record<string, unknown> = await processor(pictures, processor.construct_prompts(prompt));
    return {
      feeds: { ...feeds },
      read: (written) => {
        const [text = ''] = processor.batch_decode(written, { skip_special_tokens: false });
        const answer: unknown = processor.post_process_generation(text.replaceAll('<pad>', ''), task, [1, 1])[task];
        return typeof answer === 'string' ? answer : JSON.stringify(answer);
      },
    };
  };
}
