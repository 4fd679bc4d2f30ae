import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as timer } from 'node:timers/promises';

/** Shorter than any process lives that is started with an address. */
const EVERY_MS = 15;

/** Looks again and again at what every user, or its own, can read of a process and of all that come of it. */
export class ProcessWatch implements AsyncDisposable {
  /** Arguments or environments that held the word, each once. */
  readonly found = new Set<string>();
  /** How often each program was seen. */
  readonly seen = new Map<string, number>();
  readonly #word: string;
  readonly #roots: number[] = [];
  readonly #watching: Promise<void>;
  #stopped = false;

  constructor(word: string) {
    this.#word = word;
    this.#watching = this.#watch();
  }

  /** From now on what comes of it, too; not the process itself. */
  follow(pid: number): void {
    this.#roots.push(pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      for (const pid of this.#roots) for (const child of childrenOf(pid)) this.#look(child, pid);
      await timer(EVERY_MS);
    }
  }

  #look(pid: number, parent: number): void {
    const shown = textOf(`/proc/${pid}/cmdline`);
    // On its way from its parent to its own program it is still a copy of the parent, which only that one's user can read.
    if (shown === textOf(`/proc/${parent}/cmdline`)) return;
    const argv = shown.split('\0');
    const program = argv[0]?.split('/').at(-1) ?? '';
    this.seen.set(program, (this.seen.get(program) ?? 0) + 1);
    for (const text of [...argv, ...textOf(`/proc/${pid}/environ`).split('\0')])
      if (text.includes(this.#word)) this.found.add(`${program}: ${text}`);
    for (const child of childrenOf(pid)) this.#look(child, pid);
  }
}

function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((thread) => textOf(`/proc/${pid}/task/${thread}/children`).trim());
    return lists.filter(Boolean).flatMap((list) => list.split(' ').map(Number));
  } catch {
    return []; // It has ended.
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
