import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PushProtocol } from '#domain';
import { Fault } from '#runtime';
import type { Said, Told } from './messages.ts';

const READY_WITHIN_MS = 30_000;
const MOST_UNANSWERED = 3;
/** What a process needs to run at all. The rest of the environment, secrets included, stays here. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'NODE_ENV'];

export interface HostOptions {
  /** As in `listen`. */
  host: string;
  ports: Record<PushProtocol, number>;
  readKey: string;
  /** After so long without an answer, three times, it is killed. */
  pingEveryMs: number;
  /** Everything that it says, but `ready` and `pong`. */
  onSaid: (said: Said) => void;
}

/** One life of the process that takes publishers in: started, pinged, and killed when it doesn't answer. */
export class PushHost implements AsyncDisposable {
  readonly #process: ChildProcess;
  /** Aborted, with the reason, when the process has ended. */
  readonly gone: AbortSignal;
  readonly #ended: Promise<void>;
  #unanswered = 0;
  #pings: NodeJS.Timeout | undefined;
  /** Where this machine reads. */
  readPorts: Record<PushProtocol, number> = { rtmp: 0, rtsp: 0 };

  private constructor(process: ChildProcess, { onSaid, pingEveryMs }: HostOptions, onReady: () => void) {
    const gone = new AbortController();
    this.#process = process;
    this.gone = gone.signal;
    this.#ended = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        clearInterval(this.#pings);
        gone.abort(new Fault('unavailable', `the process that takes in pushed streams ended (${signal ?? code})`));
        resolve();
      });
    });
    // A failed start or send shows as an end, or as a missed deadline.
    process.on('error', (error) => gone.abort(new Fault('unavailable', error.message)));
    // Only push-process.ts writes to this channel.
    process.on('message', (message) => {
      const said = message as Said;
      this.#unanswered = 0;
      if (said.kind === 'ready') {
        this.readPorts = said.readPorts;
        this.#pings = setInterval(() => this.#ping(), pingEveryMs).unref();
        onReady();
      } else if (said.kind !== 'pong') onSaid(said);
    });
  }

  /** Throws `unavailable` when it doesn't live to be ready. */
  static async start(options: HostOptions): Promise<PushHost> {
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    const child = fork(fileURLToPath(new URL(`./push-process${extension}`, import.meta.url)), {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: Object.fromEntries(ENVIRONMENT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
      execArgv: extension === '.ts' ? ['--import', 'tsx'] : [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let onReady: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => {
      onReady = resolve;
    });
    const host = new PushHost(child, options, () => onReady());
    const late = setTimeout(() => host.kill(), READY_WITHIN_MS);
    const { host: name, ports, readKey } = options;
    host.tell({ kind: 'begin', host: name, ports, readKey });
    await Promise.race([ready, host.#ended]);
    clearTimeout(late);
    host.gone.throwIfAborted();
    return host;
  }

  tell(told: Told): void {
    this.#process.send(told, () => undefined);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** It holds nothing that could be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    if (this.#process.pid !== undefined) await this.#ended;
  }

  #ping(): void {
    this.#unanswered += 1;
    if (this.#unanswered > MOST_UNANSWERED) this.kill();
    else this.tell({ kind: 'ping' });
  }
}
