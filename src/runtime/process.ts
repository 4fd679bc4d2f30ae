import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { Fault } from './errors.ts';

export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface SpawnOptions {
  /** As in `child_process.spawn`; pipes beyond 2 are allowed. */
  stdio: StdioOptions;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Bytes on stdin that ask the process to end well (ffmpeg: `q`); without it SIGTERM is the first step. */
  ask?: string;
  /** How long to wait after asking, and again after SIGTERM, before SIGKILL. */
  graceMs?: number;
  /** It dies with us even when we are killed outright; where this machine has no such way, as otherwise. */
  tied?: boolean;
}

const SETPRIV = '/usr/bin/setpriv';

/** The command line by which a program dies with us even when we are killed outright. */
function tied(command: string, args: readonly string[]): [string, readonly string[]] {
  return existsSync(SETPRIV) ? [SETPRIV, ['--pdeathsig', 'KILL', command, ...args]] : [command, args];
}

/**
 * A child process in its own group whose end is always awaited: ask, then SIGTERM to the group, then SIGKILL. No shell
 * is involved. `ended` never rejects.
 */
export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly ended: Promise<ProcessEnd>;
  #options: SpawnOptions;
  #running = true;

  private constructor(process: ChildProcess, options: SpawnOptions) {
    this.process = process;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      process.once('close', (code, signal) => {
        this.#running = false;
        resolve({ code, signal });
      });
    });
  }

  /** Throws `unavailable` when the program can't be started (not installed, no permission). */
  static async start(command: string, args: readonly string[], options: SpawnOptions): Promise<Child> {
    const { stdio, cwd, env } = options;
    const [program, programArgs] = options.tied ? tied(command, args) : [command, args];
    const child = spawn(program, programArgs, {
      stdio,
      detached: true,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    });
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw new Fault('unavailable', `can't start ${command}: is it installed and on the PATH?`, { cause: error });
    }
    child.on('error', () => undefined); // A failed kill or write shows in `ended`.
    child.stdin?.on('error', () => undefined);
    return new Child(child, options);
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Signals the whole group; does nothing when it has ended. */
  kill(signal: NodeJS.Signals): void {
    if (!this.#running) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // The group is gone; `ended` tells.
    }
  }

  /** Kills the group when the signal aborts, at once if it has; lets go of the signal when the process has ended. */
  killOn(signal: AbortSignal): void {
    const kill = () => this.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
    void this.ended.then(() => signal.removeEventListener('abort', kill));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { ask, graceMs = 3000 } = this.#options;
    if (ask !== undefined && this.#running) {
      this.process.stdin?.end(ask);
      if (await this.#endsWithin(graceMs)) return;
    }
    this.kill('SIGTERM');
    if (await this.#endsWithin(graceMs)) return;
    this.kill('SIGKILL');
    await this.ended;
  }

  async #endsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, ms, false);
    });
    const inTime = await Promise.race([this.ended.then(() => true), late]);
    clearTimeout(timer);
    return inTime;
  }
}

/**
 * What a program writes when it is fed `input`, and how it ended. It may stop reading early; it is killed when the signal
 * aborts, and what it had written is returned. Throws `unavailable` when it can't be started.
 */
export async function feed(
  command: string,
  args: readonly string[],
  input: Buffer,
  signal: AbortSignal,
): Promise<ProcessEnd & { output: Buffer }> {
  await using child = await Child.start(command, args, { stdio: ['pipe', 'pipe', 'ignore'], graceMs: 500 });
  const { stdin, stdout } = child.process;
  if (!stdin || !stdout) throw new Fault('internal', `${command} was started without pipes`);
  child.killOn(signal);
  stdin.end(input);
  const output = await buffer(stdout);
  return { ...(await child.ended), output };
}
