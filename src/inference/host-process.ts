import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Fault, messageOf } from '#runtime';
import type {
  Answered,
  Answers,
  Asked,
  AskRequest,
  Asks,
  HostAnswer,
  HostRequest,
  LoadRequest,
  Task,
} from './protocol.ts';
import { Shelf } from './shelf.ts';

const LOAD_DEADLINE_MS = 60_000;
/** What a process needs to run at all. The rest of the environment, secrets included, stays here. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'NODE_ENV'];

export interface StartOptions {
  /** A model that takes longer to load ends the process. */
  loadMs?: number | undefined;
  /** The process went, or was ended, while it loaded this one. */
  onLost?: ((task: Task, problem: string) => void) | undefined;
}

/** One life of a process that runs models, with at most one for each task loaded. */
export class Host implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #gone = new AbortController();
  #isClosing = false;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, (answer: HostAnswer) => void>();
  readonly #shelf = new Shelf();
  #asked = 0;
  #lastWords = '';
  /** What is wrong with the models that could not be loaded, where others could. */
  readonly unusable: Map<Task, string> = new Map();
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
    process.on('message', (message) => {
      const { id, answer } = message as Answered;
      this.#waiting.get(id)?.(answer);
    });
    process.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = `: ${chunk.toString().trim().slice(-500)}`;
    });
  }

  /** Throws `invalid` when no model can be used, `unavailable` when the process doesn't live to say so, or the signal's reason. */
  static async start(
    loads: readonly LoadRequest[],
    signal: AbortSignal,
    { loadMs = LOAD_DEADLINE_MS, onLost }: StartOptions = {},
  ): Promise<Host> {
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
      for (const load of loads) await host.#load(load, loadMs, onLost);
      const [problem] = host.unusable.values();
      if (problem !== undefined && host.unusable.size === loads.length) throw new Fault('invalid', problem);
      return host;
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

  /** It was told to end: what it still owed is nobody's fault. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Aborted, with the reason, when the process has ended. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Several may be under way. A process that dies, or is silent past the deadline, counted from here (it is killed),
   * throws `unavailable`; a model that fails at this question only, `internal`.
   */
  async ask<T extends Task>(task: T, ask: Asks[T], deadlineMs: number): Promise<Answers[T]> {
    const answer = await this.#send(this.#request(task, ask), deadlineMs);
    if (answer.kind === 'answer') {
      this.rssMb = answer.rssMb;
      // host.ts answers with what the engine of this task returned.
      return answer.answer as Answers[T];
    }
    throw new Fault('internal', answer.kind === 'failed' ? answer.problem : 'the model process answered out of turn');
  }

  /** What models may run on here. Throws `unavailable`. */
  async offers(): Promise<string[]> {
    const answer = await this.#send({ kind: 'offers' }, LOAD_DEADLINE_MS);
    return answer.kind === 'offers' ? answer.providers : [];
  }

  #request<T extends Task>(task: T, ask: Asks[T]): AskRequest<T> {
    if (!('picture' in ask) || !ask.picture) return { kind: 'ask', task, ask };
    const { there, ...picture } = this.#shelf.place(ask.picture);
    return { kind: 'ask', task, ask: there ? { ...ask, picture: undefined } : ask, picture };
  }

  async #load(request: LoadRequest, loadMs: number, onLost: StartOptions['onLost']): Promise<void> {
    const answer = await this.#send(request, loadMs).catch((error: unknown) => {
      onLost?.(request.task, messageOf(error));
      throw error;
    });
    if (answer.kind === 'unusable') this.unusable.set(request.task, answer.problem);
    else if (answer.kind !== 'loaded') throw new Fault('invalid', 'the model process answered out of turn');
  }

  async #send(request: HostRequest, deadlineMs: number): Promise<HostAnswer> {
    this.gone.throwIfAborted();
    const message: Asked = { id: ++this.#asked, request };
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.gone.removeEventListener('abort', fail);
        this.#waiting.delete(message.id);
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
      this.#waiting.set(message.id, (answer) => {
        end();
        resolve(answer);
      });
      this.#process.send(message, () => undefined);
    });
  }

  /** It holds nothing that could be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#process.kill('SIGKILL');
    if (this.#process.pid !== undefined) await this.#ended;
  }
}

function extension(): string {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js';
}
