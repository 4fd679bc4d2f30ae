import { basename, dirname } from 'node:path';
import {
  AutoModelForCausalLM,
  AutoTokenizer,
  env,
  LogLevel,
  type PreTrainedTokenizer,
  type Tensor,
} from '@huggingface/transformers';
import type { Asks, Engine, LoadOf } from '../protocol.ts';

interface Encoded {
  input_ids: Tensor;
  attention_mask: Tensor;
}

/** A model that goes on writing where a text ends, asked as its own template for conversations says. Nothing is fetched or written. */
export async function loadText({
  file: dir,
  precision,
  outside,
  threads,
  contextTokens,
}: LoadOf<'text-generation'>): Promise<Engine<'text-generation'>> {
  env.allowRemoteModels = false;
  env.useFSCache = false;
  env.localModelPath = dirname(dir);
  env.logLevel = LogLevel.ERROR;
  const name = basename(dir);
  const model = await AutoModelForCausalLM.from_pretrained(name, {
    local_files_only: true,
    device: 'cpu',
    dtype: precision,
    ...(outside > 0 ? { use_external_data_format: outside } : {}),
    session_options: {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    },
  });
  const tokenizer = await AutoTokenizer.from_pretrained(name, { local_files_only: true });
  return {
    async answer({ mostTokens, ...ask }) {
      const encoded = encode(tokenizer, ask);
      const given = encoded.input_ids.dims.at(-1) ?? 0;
      if (given + mostTokens > contextTokens) {
        throw new Error(`${given} tokens are more than the model can look back on (${contextTokens - mostTokens})`);
      }
      const settings = { ...encoded, max_new_tokens: mostTokens, do_sample: false };
      // Without scores asked for the answer is the tokens.
      const all = (await model.generate(settings)) as Tensor;
      const [text = ''] = tokenizer.batch_decode(all.slice(null, [given, all.dims.at(-1) ?? given]), {
        skip_special_tokens: true,
      });
      return { text: text.trim() };
    },
  };
}

function encode(
  tokenizer: PreTrainedTokenizer,
  { instructions, request }: Omit<Asks['text-generation'], 'mostTokens'>,
) {
  if (!tokenizer.chat_template) return tokenizer(`${instructions}\n\n${request}\n\nResult:\n`);
  const messages = [
    { role: 'system', content: instructions },
    { role: 'user', content: request },
  ];
  // Models that think aloud would do so for minutes.
  const options = { add_generation_prompt: true, return_dict: true, enable_thinking: false };
  // With `return_dict` it is this.
  return tokenizer.apply_chat_template(messages, options) as unknown as Encoded;
}
