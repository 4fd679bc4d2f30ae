import { z } from 'zod';
import type { JournalEntry, JournalKind } from '#domain';
import { Fault } from '#runtime';
import { changeView } from '../alerts/arming.ts';
import type { HttpDeps } from '../deps.ts';
import { firingView, sceneView, snake } from '../indexes/scene-views.ts';
import { Api } from '../route.ts';
import { boxStatus } from './status.ts';

const STATUS_EVERY_MS = 2000;
const BATCH = 100;
const KINDS = ['scene', 'growth', 'retold', 'firing', 'verdict', 'arming'] as const;
/** What each kind is about, and so what its `ref` names. */
const ABOUT: Partial<Record<JournalKind, 'scene' | 'alert' | 'arming'>> = {
  scene: 'scene',
  growth: 'scene',
  retold: 'scene',
  firing: 'alert',
  verdict: 'alert',
  arming: 'arming',
};
/** A viewer that comes back later than this many entries starts from here; history is what the other routes are for. */
const FARTHEST_BACK = 1000;
const MOST_VIEWERS = 32;

const DOCUMENTED = {
  summary: 'Server-sent events "scene", "alert", "arming" and "status"; resumes after the header Last-Event-ID',
  answer: z.never(),
  mediaType: 'text/event-stream',
};

/**
 * GET /v1/live: the journal as server-sent events, with the box's status every two seconds. The next event is made only
 * when the client has taken the one before: a slow client costs one batch of memory and loses nothing but time.
 */
export function liveRoutes(deps: HttpDeps): Api {
  const api = new Api('The box');
  let viewers = 0;
  /** From the first event that is asked for: a HEAD asks for none. */
  const takeSeat = (): Disposable => {
    viewers += 1;
    return {
      [Symbol.dispose]: () => {
        viewers -= 1;
      },
    };
  };

  api.get('/v1/live', DOCUMENTED, (c) => {
    if (viewers >= MOST_VIEWERS) throw new Fault('unavailable', `${MOST_VIEWERS} live viewers are connected already`);
    const stop = new AbortController();
    const from = firstSeq(c.req.header('last-event-id'), deps);
    const events = liveEvents(deps, from, takeSeat, stop.signal);
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const next = await events.next();
          if (next.done) controller.close();
          else controller.enqueue(encoder.encode(next.value));
        },
        async cancel() {
          stop.abort();
          await events.return();
        },
      },
      { highWaterMark: 0 },
    );
    return c.body(body, 200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
  });

  return api;
}

function firstSeq(lastEventId: string | undefined, { store }: HttpDeps): number {
  const head = store.journal.head();
  if (lastEventId === undefined || !/^\d{1,15}$/.test(lastEventId)) return head;
  const seq = Number(lastEventId);
  // A number from the future is from another database.
  return seq > head ? head : Math.max(seq, head - FARTHEST_BACK);
}

async function* liveEvents(
  deps: HttpDeps,
  from: number,
  takeSeat: () => Disposable,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const { clock, store } = deps;
  using _seat = takeSeat();
  const bell = new Bell();
  using _subscription = store.journal.onAppend(() => bell.ring());
  let seq = from;
  let nextStatusMs = clock.monotonicMs();
  while (!signal.aborted) {
    const batch = store.journal.after(seq, BATCH, KINDS);
    for (const entry of batch) {
      seq = entry.seq;
      const event = entryEvent(entry, batch, deps);
      if (event) yield event;
    }
    if (clock.monotonicMs() >= nextStatusMs) {
      nextStatusMs = clock.monotonicMs() + STATUS_EVERY_MS;
      yield `event: status\ndata: ${JSON.stringify(snake(await boxStatus(deps)))}\n\n`;
    } else if (batch.length === 0) {
      await bell.heard(clock.sleep(Math.max(0, nextStatusMs - clock.monotonicMs()), signal));
    }
  }
}

/** Undefined for what changes again within the batch, and for what retention has taken meanwhile. */
function entryEvent(
  { seq, kind, ref }: JournalEntry,
  batch: readonly JournalEntry[],
  deps: HttpDeps,
): string | undefined {
  const about = ABOUT[kind];
  if (batch.some((later) => later.seq > seq && later.ref === ref && ABOUT[later.kind] === about)) return undefined;
  const data = about && dataOf(about, ref, deps);
  return data && `id: ${seq}\nevent: ${about}\ndata: ${JSON.stringify(data)}\n\n`;
}

function dataOf(about: 'scene' | 'alert' | 'arming', ref: string, deps: HttpDeps): object | undefined {
  const { scenes, firings, armingLog } = deps.store;
  if (about === 'scene') {
    const scene = scenes.get(Number(ref));
    return scene && sceneView(scene, deps);
  }
  if (about === 'alert') {
    const firing = firings.get(ref);
    return firing && firingView(firing, deps);
  }
  const change = armingLog.get(Number(ref));
  return change && changeView(change);
}

/** Wakes one waiter; a ring that nobody waits for is remembered. */
class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves when rung or when `otherwise` settles. */
  async heard(otherwise: Promise<void>): Promise<void> {
    const rung = new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#rung) resolve();
    });
    await Promise.race([rung, otherwise.catch(() => undefined)]);
    this.#rung = false;
    this.#wake = undefined;
  }
}
