/** Jobs that run one after the other. */
export class Lane {
  readonly #queue: string[] = [];
  #running: { id: string; cut: AbortController; ended: Promise<void> } | undefined;
  #wake: () => void = () => undefined;

  push(id: string): void {
    this.#queue.push(id);
    this.#wake();
  }

  /** Until aborted. `work` never rejects; its signal is aborted with ours, or when its job is cut. */
  async run(work: (id: string, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const stop = () => {
      this.#running?.cut.abort(signal.reason);
      this.#wake();
    };
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      const id = this.#queue.shift();
      if (id === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const cut = new AbortController();
      this.#running = { id, cut, ended: work(id, cut.signal) };
      await this.#running.ended;
      this.#running = undefined;
    }
  }

  /** Takes the job out of the queue, or ends its work. */
  async cut(id: string): Promise<void> {
    const at = this.#queue.indexOf(id);
    if (at >= 0) this.#queue.splice(at, 1);
    if (this.#running?.id !== id) return;
    this.#running.cut.abort();
    await this.#running.ended;
  }

  status(): { queued: number; running: number } {
    return { queued: this.#queue.length, running: this.#running === undefined ? 0 : 1 };
  }
}
