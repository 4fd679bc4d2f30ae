/**
 * The live connection: one fetch that never ends, opened again whenever it does. Promises that nothing stored is
 * missed (it resumes after the last event seen) and that a dead connection is noticed within fifteen seconds.
 */
import { type Api, ApiError } from './api.ts';
import { type SseEvent, SseParser } from './sse.ts';

export type LiveState = 'connecting' | 'live' | 'broken' | 'refused';
export interface LiveHandlers {
  onEvent(event: SseEvent): void;
  onState(state: LiveState): void;
}

const SILENCE_MS = 15_000;
const RETRY_MS = [500, 1000, 2000, 5000, 10_000];

/** Runs until aborted or until the key is refused. */
export async function followLive(api: Api, handlers: LiveHandlers, signal: AbortSignal): Promise<void> {
  const parser = { lastId: undefined as string | undefined };
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    handlers.onState('connecting');
    const result = await readOnce(api, parser, handlers, signal);
    if (signal.aborted) return;
    if (result === 'refused') {
      handlers.onState('refused');
      return;
    }
    if (result === 'ended') attempt = 0;
    handlers.onState('broken');
    await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 10_000, signal);
  }
}

/** `ended`: events came and then stopped; `failed`: it never got so far. */
async function readOnce(
  api: Api,
  resume: { lastId: string | undefined },
  handlers: LiveHandlers,
  outer: AbortSignal,
): Promise<'ended' | 'failed' | 'refused'> {
  const attempt = new AbortController();
  const signal = AbortSignal.any([outer, attempt.signal]);
  let watchdog = setTimeout(() => attempt.abort(), SILENCE_MS);
  let seen = false;
  try {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (resume.lastId !== undefined) headers['last-event-id'] = resume.lastId;
    const response = await api.fetch('/v1/live', { headers, signal, cache: 'no-store' });
    if (response.status === 401 || response.status === 403) return 'refused';
    if (!response.ok || !response.body) return 'failed';
    handlers.onState('live');
    const parser = new SseParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      seen = true;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => attempt.abort(), SILENCE_MS);
      for (const event of parser.push(part.value)) handlers.onEvent(event);
      resume.lastId = parser.lastId ?? resume.lastId;
    }
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof DOMException || error instanceof TypeError)) throw error;
  } finally {
    clearTimeout(watchdog);
  }
  return seen ? 'ended' : 'failed';
}

/** About so long; less when aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms * (0.75 + Math.random() / 2));
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
