import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ModelPack } from '#models';
import { Fault, messageOf } from '#runtime';
import type { HostAnswer, HostRequest, Picture, RawDetection } from './protocol.ts';

const LOAD_DEADLINE_MS = 60_000;
/** Below this no answer is of use, not even to keep sight of something seen before. */
const MIN_SCORE = 0.25;
/** What a process needs to run at all. The rest of the environment, secrets included, stays here. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'NODE_ENV'];

/** One life of the process that runs models, with one pack loaded. */
export class Host implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #gone = new AbortController();
  readonly #ended: Promise<void>;
  #answered: ((answer: HostAnswer) => void) | undefined;
  #lastWords = '';
  #requests = 0;
  /** Memory of the process after its last answer. */
  rssMb: number | undefined;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#ended = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        this.#gone.abort(new Fault('unavailable', `the model process ended (${signal ?? code})${this.#lastWords}`));
        resolve();
      });
    });
    // A failed start or send shows as an end or a missed deadline.
    process.on('error', (error) => this.#gone.abort(new Fault('unavailable', messageOf(error))));
    // Only host.ts writes to this channel, and it writes only answers.
    process.on('message', (answer) => this.#answered?.(answer as HostAnswer));
    process.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = `: ${chunk.toString().trim().slice(-500)}`;
    });
  }

  /** Throws `invalid` when the model can't be used, `unavailable` when the process doesn't live to say so, or the signal's reason. */
  static async start(pack: ModelPack, signal: AbortSignal): Promise<Host> {
    signal.throwIfAborted();
    const source = fileURLToPath(new URL(`./host${extension()}`, import.meta.url));
    const host = new Host(
      fork(source, {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        env: Object.fromEntries(ENVIRONMENT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
        execArgv: source.endsWith('.ts') ? ['--import', 'tsx'] : [],
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      }),
    );
    const giveUp = () => host.#gone.abort(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const { family, file, inputSize, labels } = pack;
      const load = { kind: 'load', family, file, inputSize, labels: labels.length, threads: threads() } as const;
      const answer = await host.#ask(load, LOAD_DEADLINE_MS);
      if (answer.kind === 'loaded') return host;
      throw new Fault(
        'invalid',
        answer.kind === 'unusable' ? answer.problem : 'the model process answered out of turn',
      );
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Aborted, with the reason, when the process has ended. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** One at a time. A process that dies, or is silent past the deadline (it is killed), throws `unavailable`. */
  async detect(picture: Picture, deadlineMs: number): Promise<RawDetection[]> {
    this.#requests += 1;
    const { width, height, rgb } = picture;
    const request = {
      kind: 'detect',
      id: this.#requests,
      picture: { width, height, rgb },
      minScore: MIN_SCORE,
    } as const;
    const answer = await this.#ask(request, deadlineMs);
    if (answer.kind === 'detections') {
      this.rssMb = answer.rssMb;
      return answer.detections;
    }
    throw new Fault('internal', answer.kind === 'failed' ? answer.problem : 'the model process answered out of turn');
  }

  async #ask(request: HostRequest, deadlineMs: number): Promise<HostAnswer> {
    this.gone.throwIfAborted();
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.gone.removeEventListener('abort', fail);
        this.#answered = undefined;
      };
      const fail = () => {
        end();
        reject(this.gone.reason);
      };
      const timer = setTimeout(() => {
        this.#gone.abort(new Fault('unavailable', `the model process gave no answer within ${deadlineMs} ms`));
        this.#process.kill('SIGKILL');
      }, deadlineMs);
      this.gone.addEventListener('abort', fail, { once: true });
      this.#answered = (answer) => {
        end();
        resolve(answer);
      };
      this.#process.send(request, () => undefined);
    });
  }

  /** It holds nothing that could be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.pid !== undefined) await this.#ended;
  }
}

function extension(): string {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js';
}

/** Half the cores, at most two: more makes one answer quicker and the box slower. */
function threads(): number {
  return Math.max(1, Math.min(2, Math.floor(availableParallelism() / 2)));
}
