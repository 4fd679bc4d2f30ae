import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process with a store and its deliveries, which fires alerts for a receiver and dies without notice when it must. */
export class AlertingBox implements Disposable {
  readonly #args: string[];
  #process: ChildProcess;

  /** `receiver` is a broker's address or a webhook's. */
  constructor(dir: string, alertId: string, receiver: string, alerts: number) {
    this.#args = [dir, alertId, receiver, String(alerts)];
    this.#process = this.#start();
  }

  /** Throws when it had ended by itself. */
  async kill(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    const [code, signal] = await ended;
    if (signal !== 'SIGKILL') throw new Error(`the box had ended by itself (${code})`);
  }

  /** Its next life. */
  restart(): void {
    this.#process = this.#start();
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL');
  }

  #start(): ChildProcess {
    return fork(new URL('./alerts-sender.ts', import.meta.url), this.#args, { execArgv: ['--import', 'tsx'] });
  }
}
