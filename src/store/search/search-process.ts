import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Fault, messageOf } from '#runtime';
import type { Found } from './search.ts';
import type { CodesStatus, FromSearcher, SearchAsk, ToSearcher } from './search-protocol.ts';
import type { VectorKind } from './vector-tables.ts';
import type { VectorChange } from './vectors.ts';

/** What a process needs to run at all. The rest of the environment, secrets included, stays here. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'NODE_ENV'];

type Waiting = { resolve: (found: Found[]) => void; reject: (reason: unknown) => void };

/** One life of the process that searches. */
export class SearchProcess implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #gone = new AbortController();
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #lastWords = '';
  #ready: () => void = () => undefined;
  /** Of the codes that it has so far. */
  codes: CodesStatus = { count: 0, bytes: 0, complete: false };

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#ended = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        this.#fail(new Fault('unavailable', `the search process ended (${signal ?? code})${this.#lastWords}`));
        resolve();
      });
    });
    // A failed start or send shows as an end or a missed deadline.
    process.on('error', (error) => this.#fail(new Fault('unavailable', messageOf(error))));
    // Only search-host.ts writes to this channel.
    process.on('message', (message) => this.#take(message as FromSearcher));
    process.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = `: ${chunk.toString().trim().slice(-500)}`;
    });
  }

  /** Throws `unavailable` when the process doesn't live to say that it is ready, or the signal's reason. */
  static async start(file: string, codeBytes: number, signal: AbortSignal): Promise<SearchProcess> {
    signal.throwIfAborted();
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    const source = fileURLToPath(new URL(`./search-host${extension}`, import.meta.url));
    const started = new SearchProcess(
      fork(source, [file, String(codeBytes)], {
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
        env: Object.fromEntries(ENVIRONMENT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
        execArgv: extension === '.ts' ? ['--import', 'tsx'] : [],
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      }),
    );
    try {
      await started.#untilReady(signal);
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Aborted, with the reason, when the process has ended. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  tell(vectors: VectorKind, change: VectorChange): void {
    if (!this.gone.aborted) this.#send({ kind: 'changed', vectors, change });
  }

  /**
   * A process that dies, or is silent past the deadline (it is killed), throws `unavailable`, a search that fails
   * `internal`, one that is cancelled the signal's reason.
   */
  async search(ask: SearchAsk, deadlineMs: number, signal?: AbortSignal): Promise<Found[]> {
    this.gone.throwIfAborted();
    const id = ++this.#asked;
    const late = setTimeout(() => {
      this.#fail(new Fault('unavailable', `the search process gave no answer within ${deadlineMs} ms`));
      this.#process.kill('SIGKILL');
    }, deadlineMs);
    const cancel = () => {
      this.#send({ kind: 'cancel', id });
      this.#waiting.get(id)?.reject(signal?.reason);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        this.#send({ kind: 'search', id, ask });
      });
    } finally {
      clearTimeout(late);
      signal?.removeEventListener('abort', cancel);
      this.#waiting.delete(id);
    }
  }

  /** It holds nothing that could be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.pid !== undefined) await this.#ended;
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const giveUp = () => this.#fail(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#ready = resolve;
        this.gone.addEventListener('abort', () => reject(this.gone.reason), { once: true });
      });
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #take(message: FromSearcher): void {
    switch (message.kind) {
      case 'ready':
        this.#ready();
        break;
      case 'codes':
        this.codes = message.codes;
        break;
      case 'found':
        this.#waiting.get(message.id)?.resolve(message.found);
        break;
      case 'failed':
        this.#waiting.get(message.id)?.reject(new Fault('internal', message.problem));
    }
  }

  #send(message: ToSearcher): void {
    this.#process.send(message, () => undefined);
  }

  #fail(reason: unknown): void {
    this.#gone.abort(reason);
    for (const { reject } of this.#waiting.values()) reject(this.gone.reason);
  }
}
