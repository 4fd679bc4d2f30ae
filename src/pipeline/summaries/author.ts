import { Fault } from '#runtime';
import type { Asked, TextWriter } from './writer.ts';

const NOBODY =
  'nobody on this box writes texts: name a server that speaks the API of OpenAI in models.text of the configuration ' +
  '(Ollama, llama.cpp, vLLM), or install a text pack (watchpost models pull smollm2-135m)';

/** Writes for people who ask: a server that is configured, then a text pack of this box. */
export class Author {
  readonly #writers: readonly TextWriter[];

  constructor(writers: readonly TextWriter[]) {
    this.#writers = writers;
  }

  /** Throws `refused` where nobody writes, with what would do; `unavailable` when whoever does can't now. */
  async write(asked: Required<Asked>, signal: AbortSignal): Promise<string> {
    const here = this.#writers.filter((writer) => writer.status() !== undefined);
    if (here.length === 0) throw new Fault('refused', NOBODY);
    for (const writer of here.filter(({ ready }) => ready)) {
      try {
        return await writer.write(asked, signal);
      } catch {
        // The writer's status says why; the next one is asked.
        signal.throwIfAborted();
      }
    }
    throw new Fault('unavailable', `the model that writes does not answer: ${reasonOf(here)}`);
  }
}

function reasonOf(writers: readonly TextWriter[]): string {
  return writers.flatMap((writer) => writer.status()?.lastError ?? [])[0] ?? 'try again in a while';
}
