import type { Said } from '#domain';
import { type SpeechSegment, speechSegments } from '#sampling';
import { extract } from './extract.ts';
import type { TextWriter, WriterStatus } from './writer.ts';

/** Prompts that want what was said and nothing made of it. */
const WORDS_THEMSELVES =
  /^(?:describe|transcribe|write down|record|index|tell)?\s*(?:exactly |verbatim )?(?:the scene|what is (?:happening|(?:being )?said)|(?:the )?(?:audio|speech|spoken words|words|transcript(?:ion)?)|speech to text)?[\s.!]*$/i;

/** A summary, and who wrote it. */
export interface Summary {
  text: string;
  by: Said['summary'];
}

/**
 * What audio indexes make of speech by their prompts. The first writer that can, writes; where none can, the most telling
 * sentences stand for the whole. What has nothing to leave out has no summary: its words are enough.
 */
export class Summaries {
  readonly #writers: readonly TextWriter[];

  constructor(writers: readonly TextWriter[] = []) {
    this.#writers = writers;
  }

  /** In the order in which they are asked. */
  status(): WriterStatus[] {
    return this.#writers.flatMap((writer) => writer.status() ?? []);
  }

  /** Whether a writer would be asked now, which takes its time. */
  asks(prompt: string): boolean {
    return !isPlain(prompt) && this.#writers.some(({ ready }) => ready);
  }

  /** At once, without any writer. */
  extract({ words }: SpeechSegment, prompt: string): Summary | undefined {
    if (isPlain(prompt)) return undefined;
    const sentences = speechSegments(words, { segmenter: 'sentence', value: 1 }, true).map(({ text }) => text);
    const text = extract(sentences, prompt);
    return text === undefined ? undefined : { text, by: 'extractive' };
  }

  /** Rejects only on abort. */
  async write(segment: SpeechSegment, prompt: string, signal: AbortSignal): Promise<Summary | undefined> {
    for (const writer of isPlain(prompt) ? [] : this.#writers) {
      if (!writer.ready) continue;
      try {
        return { text: await writer.write({ prompt, text: segment.text }, signal), by: writer.name };
      } catch {
        // The writer has said why; the next one is asked.
        signal.throwIfAborted();
      }
    }
    return this.extract(segment, prompt);
  }
}

function isPlain(prompt: string): boolean {
  return WORDS_THEMSELVES.test(prompt.trim());
}
