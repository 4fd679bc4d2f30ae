import type { Told } from '#domain';
import type { Teller } from '../../../src/pipeline/telling/teller.ts';

interface Asked {
  instruction: string;
  frames: number[];
  answer: (text: string) => void;
  fail: () => void;
}

/** A teller that answers when the test says. */
export function aTeller(name: Teller['name'] = 'endpoint', follows = true) {
  const asked: Asked[] = [];
  const teller = {
    name,
    follows,
    ready: true,
    asked,
    /** What it is asked about at the moment. */
    get now(): string | undefined {
      return asked.at(-1)?.instruction;
    },
    status: () => ({ name, state: 'ready' as const, model: name, asked: asked.length, failed: 0 }),
    tell: ({ frames, instruction }: Parameters<Teller['tell']>[0], signal: AbortSignal) =>
      new Promise<Told>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        const answer = (text: string) => resolve({ text, by: name });
        const fail = () => reject(new Error('it fails'));
        asked.push({ instruction, frames: frames.map(({ atMs }) => atMs), answer, fail });
      }),
  };
  return teller satisfies Teller;
}
