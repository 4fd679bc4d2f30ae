import type { Frame } from '#domain';
import type { Clock } from '#runtime';
import type { Passed } from '#sampling';

/** So many frames tell how long they take to arrive: a camera on a bad network is waited for, at most until its next one. */
const REMEMBERED = 32;
/** Frames that take longer than any of those are not waited for, unless by no more than this. */
const JITTER_MS = 100;

/**
 * Frames as they arrive, and between them the ends of windows of `lengthMs`: each as soon as no frame can come any more
 * that belongs to the window, going by how long frames take at most from their own time until they arrive, and not before
 * `lagMs` has passed. So nobody waits for the next picture, which with some cameras takes many seconds, to know that a
 * window is over. What else is under way meanwhile comes first: whoever was busy gets the frames that wait.
 */
export async function* punctual(
  frames: AsyncIterable<Frame>,
  lengthMs: number,
  clock: Clock,
  lagMs: (nowMs: number) => number = () => 0,
): AsyncGenerator<Frame | Passed, void> {
  const source = frames[Symbol.asyncIterator]();
  /** Monotonic time of arrival less a frame's own time, of the latest frames. */
  const delays: number[] = [];
  let end: { atMs: number; dueMs: number } | undefined;
  let next = source.next();
  try {
    for (;;) {
      const found = end ? await within(next, end.dueMs, clock) : await next;
      if (found === 'late') {
        if (end) yield { passedMs: end.atMs };
        end = undefined;
        continue;
      }
      if (found.done) return;
      const { value: frame } = found;
      delays.push(clock.monotonicMs() - frame.atMs);
      if (delays.length > REMEMBERED) delays.shift();
      const atMs = (Math.floor(frame.atMs / lengthMs) + 1) * lengthMs;
      end = { atMs, dueMs: atMs + Math.max(...delays) + Math.max(JITTER_MS, lagMs(frame.atMs)) };
      next = source.next();
      yield frame;
    }
  } finally {
    next.catch(() => undefined); // Nobody asks for it any more.
    void source.return?.();
  }
}

/** What the promise gives, unless it isn't there by then. */
async function within<T>(promise: Promise<T>, dueMs: number, clock: Clock): Promise<T | 'late'> {
  const cut = new AbortController();
  const late = clock.sleep(Math.max(0, dueMs - clock.monotonicMs()), cut.signal).then(
    // Frames that came while this process was busy are read first.
    () => new Promise<'late'>((resolve) => setImmediate(() => resolve('late'))),
    () => 'late' as const,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    cut.abort();
  }
}
