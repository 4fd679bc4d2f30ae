/** Ends what was started, newest first (Node 20 has no `AsyncDisposableStack`). */
export class Lifetime implements AsyncDisposable {
  #ends: (() => unknown)[] = [];

  /** Takes over the end of `resource` and returns it. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.#ends.push(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    );
    return resource;
  }

  defer(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Runs every end even when some fail; throws the first failure, or all of them as an AggregateError. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let end = this.#ends.pop(); end; end = this.#ends.pop()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'several parts failed to stop');
  }
}
