/** Aborts with `parent`, or after `ms`. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/** Not `AbortSignal.any` over `AbortSignal.timeout`: Node 20 may collect that timer before it fires. */
export function deadline(parent: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  const end = () => controller.abort(parent.reason);
  const timer = setTimeout(() => controller.abort(), ms);
  if (parent.aborted) end();
  parent.addEventListener('abort', end, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      parent.removeEventListener('abort', end);
    },
  };
}
