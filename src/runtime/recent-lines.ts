/** The last lines of a log, bounded in number and in length. */
export class RecentLines {
  readonly #most: number;
  readonly #lines: string[] = [];
  /** Where the oldest one stands, once all places are taken. */
  #next = 0;

  constructor(most = 2000) {
    this.#most = most;
  }

  add(line: string): void {
    this.#lines[this.#next] = line.slice(0, LONGEST).trimEnd();
    this.#next = (this.#next + 1) % this.#most;
  }

  /** Oldest first. */
  list(): string[] {
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
  }
}
const LONGEST = 4000;
