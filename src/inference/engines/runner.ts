import { Worker } from 'node:worker_threads';
import type { TensorData } from '../protocol.ts';
import type { Model, OnnxSession } from './onnx-session.ts';
import { movable, type RunnerAnswer, type RunnerRequest } from './runner-messages.ts';

type Unnumbered<T> = T extends { id: number } ? Omit<T, 'id'> : never;

/** The thread in which all models of this process run. It lives as long as the process, which ends when it fails. */
let runner: Runner | undefined;

/** Throws when the file is no model that this runtime reads. */
export async function openAside(model: Model): Promise<Pick<OnnxSession, 'shape' | 'run'>> {
  runner ??= new Runner();
  return runner.open(model);
}

class Runner {
  readonly #thread = startThread();
  readonly #waiting = new Map<number, (answer: RunnerAnswer) => void>();
  #asked = 0;

  constructor() {
    this.#thread.on('message', (answer: RunnerAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  async open({ file, threads, provider }: Model): Promise<Pick<OnnxSession, 'shape' | 'run'>> {
    const opened = await this.#ask({ kind: 'open', model: { file, threads, provider } });
    if (opened.kind !== 'opened') throw new Error(problemOf(opened));
    const { session, shape } = opened;
    return { shape, run: (inputs) => this.#run(session, inputs) };
  }

  async #run(session: number, inputs: Record<string, TensorData>): Promise<Record<string, TensorData>> {
    const answer = await this.#ask({ kind: 'run', session, inputs }, movable(inputs));
    if (answer.kind !== 'outputs') throw new Error(problemOf(answer));
    return answer.outputs;
  }

  #ask(request: Unnumbered<RunnerRequest>, moved: ArrayBuffer[] = []): Promise<RunnerAnswer> {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#thread.postMessage({ id, ...request }, moved);
    });
  }
}

function problemOf(answer: RunnerAnswer): string {
  return answer.kind === 'failed' ? answer.problem : 'the thread that runs models answered out of turn';
}

/** From sources a thread must be told first how they are read. */
function startThread(): Worker {
  const here = import.meta.url;
  if (!here.endsWith('.ts')) return new Worker(new URL('./runner-thread.js', here));
  const source = JSON.stringify(new URL('./runner-thread.ts', here));
  return new Worker(`import('tsx/esm/api').then(({ register }) => (register(), import(${source})))`, { eval: true });
}
