import { z } from 'zod';
import { type Stream, toldByAudio } from '#domain';
import { examplesOf, ruleFor } from '#events';
import { Fault, isFault, messageOf } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { byWordsAlone, checkAnswer, checkOf } from '../indexes/prompt-check.ts';
import { number, prompt, text, time } from '../input.ts';
import { indexBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { zoneNames } from './events.ts';
import { muteReasons, packReasons } from './mute-reasons.ts';
import { fittingIndex, type Rehearsal, rehearseAll } from './rehearsal.ts';
import { firedAnswer, firedView, summaryAnswer, summaryView } from './rehearsal-views.ts';

const eventPrompt = prompt('someone enters the loading zone');
const stream = text(200, 'Front door').optional().describe('Id or name of a camera; all of them by itself');
const understanding = z.object({ prompt: eventPrompt, stream });
const rehearsal = z.object({
  prompt: eventPrompt,
  stream,
  index: text(100, 'index-0123456789abcdef').optional().describe('With "stream": an index of it; else one that suits'),
  from: time.optional().describe('Unix seconds; by itself a day before "to"'),
  to: time.optional().describe('Unix seconds; now by itself'),
  threshold: number(0, 1).optional().describe('As an alert would have it: nobody is told of what it is less sure of'),
});

const DAY_MS = 86_400_000;
const LONGEST_MS = 366 * DAY_MS;
/** Of those that would have fired, the first are listed; all are counted. */
const MOST_LISTED = 1000;
const MOST_AT_ONCE = 2;
const LINES = 'application/x-ndjson';

const understoodAnswer = z.object({
  understood: z.string(),
  needs: z.array(z.string()),
  check: checkAnswer,
  missing: z.array(z.string()).describe("Why it can't fire yet on any of the cameras; empty when it can"),
  would_fire: z.array(z.string()).describe('Examples, each of which was played to the rule'),
  would_not_fire: z.array(z.string()),
  rule: z.record(z.string(), z.unknown()),
});
const rehearsedAnswer = summaryAnswer.extend({ fired: z.array(firedAnswer) });

/** What a prompt means before it is armed: in words, in examples, and on what was stored. Makes nothing. */
export function rehearsalRoutes(deps: HttpDeps): Api {
  const api = new Api('Events and alerts');
  let running = 0;

  api.post(
    '/v1/events/understand',
    {
      need: 'read',
      summary: 'Says how a prompt would be understood, and makes nothing',
      body: understanding,
      answer: understoodAnswer,
    },
    (_c, { body }) => {
      const rule = ruleFor(body.prompt, { zones: zoneNames(deps) });
      const check = checkOf(rule, deps);
      const { fires, silent } = examplesOf(check.kind === 'words' ? byWordsAlone(rule) : rule, deps.clock.nowMs());
      return {
        understood: rule.understood,
        needs: rule.needs,
        check,
        missing: missingOn(rule, streamsOf(body.stream, deps), deps),
        would_fire: fires.map((example) => example.text),
        would_not_fire: silent.map((example) => example.text),
        rule: { ...rule },
      };
    },
  );

  api.post(
    '/v1/events/rehearse',
    {
      need: 'read',
      summary: `Says when a prompt would have fired if it had been armed; with "Accept: ${LINES}" line by line`,
      body: rehearsal,
      answer: rehearsedAnswer,
    },
    async (c, { body }) => {
      const query = queryOf(body, deps);
      if (running >= MOST_AT_ONCE) throw new Fault('unavailable', `${MOST_AT_ONCE} rehearsals are running: try again`);
      const stop = new AbortController();
      const signal = AbortSignal.any([c.req.raw.signal, stop.signal]);
      running += 1;
      const over = () => {
        running -= 1;
      };
      if (c.req.header('accept')?.includes(LINES) === true)
        return c.body(linesOf(query, deps, signal, { over, stop }), 200, {
          'Content-Type': LINES,
          'Cache-Control': 'no-store',
        });
      try {
        return await whole(query, deps, signal);
      } finally {
        over();
      }
    },
  );

  return api;
}

function queryOf(body: z.output<typeof rehearsal>, deps: HttpDeps): Rehearsal {
  const nowMs = deps.clock.nowMs();
  const toMs = Math.min(body.to ?? nowMs, nowMs);
  const fromMs = body.from ?? toMs - DAY_MS;
  if (fromMs >= toMs) throw new Fault('invalid', 'from: must lie before "to", and in the past');
  if (toMs - fromMs > LONGEST_MS) throw new Fault('invalid', 'from: a rehearsal goes over a year at most');
  const streams = streamsOf(body.stream, deps);
  const [only] = streams;
  if (body.index !== undefined && (body.stream === undefined || !only))
    throw new Fault('invalid', 'index: name its camera in "stream", too');
  const rule = ruleFor(body.prompt, { zones: zoneNames(deps) });
  const index = only && body.index !== undefined ? indexBy(deps, only.id, body.index) : undefined;
  const { threshold } = body;
  return { rule, streams, index, fromMs, toMs, ...(threshold === undefined ? {} : { threshold }) };
}

/** By id, or by a name that only one has; all when none is asked for. */
function streamsOf(wanted: string | undefined, { store }: HttpDeps): Stream[] {
  const { results } = store.streams.list();
  if (wanted === undefined) return results;
  const byId = results.filter(({ id }) => id === wanted);
  const found = byId.length > 0 ? byId : results.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  if (found.length === 1) return found;
  if (found.length > 1) throw new Fault('invalid', `stream: several cameras are named "${wanted}": give an id`);
  throw new Fault('not_found', `stream: there is no camera "${wanted.slice(0, 80)}"; GET /rtstream lists them`);
}

/** What is so on every camera: where there is one on which it can fire, nothing is missing. */
function missingOn(rule: Rehearsal['rule'], streams: readonly Stream[], deps: HttpDeps): string[] {
  const reasons = streams.map((one) => {
    const index = fittingIndex(rule, one, deps);
    if (index) return muteReasons(rule, index, one, deps);
    const kind = toldByAudio(rule) ? 'hears' : 'sees';
    return [`no index of the camera "${one.name}" ${kind}: make one`, ...packReasons(rule, deps)];
  });
  if (reasons.length === 0) return packReasons(rule, deps);
  return reasons.some((one) => one.length === 0) ? [] : [...new Set(reasons.flat())];
}

async function whole(query: Rehearsal, deps: HttpDeps, signal: AbortSignal): Promise<z.input<typeof rehearsedAnswer>> {
  const fired: z.input<typeof firedAnswer>[] = [];
  for await (const step of rehearseAll(query, deps, signal)) {
    for (const one of step.fired) if (fired.length < MOST_LISTED) fired.push(firedView(one, deps));
    if (step.parts) return { ...summaryView(query, step.parts, fired.length), fired };
  }
  throw new Fault('unavailable', 'the rehearsal was broken off');
}

/** One JSON object a line; the next is made when the client has taken the one before. */
function linesOf(
  query: Rehearsal,
  deps: HttpDeps,
  signal: AbortSignal,
  { over, stop }: { over: () => void; stop: AbortController },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const lines = told(query, deps, signal);
  let isOver = false;
  const end = () => {
    if (!isOver) over();
    isOver = true;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await lines.next();
        if (!next.done) controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
        else {
          end();
          controller.close();
        }
      },
      async cancel() {
        stop.abort();
        await lines.return();
        end();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* told(query: Rehearsal, deps: HttpDeps, signal: AbortSignal): AsyncGenerator<object, void> {
  let listed = 0;
  let shownMs = Number.NEGATIVE_INFINITY;
  try {
    for await (const step of rehearseAll(query, deps, signal)) {
      for (const one of step.fired.slice(0, MOST_LISTED - listed)) {
        listed += 1;
        yield { type: 'alert', ...firedView(one, deps) };
      }
      if (step.parts) yield { type: 'summary', ...summaryView(query, step.parts, listed) };
      else if (deps.clock.monotonicMs() - shownMs >= PROGRESS_MS) {
        shownMs = deps.clock.monotonicMs();
        yield { type: 'progress', progress: Number(step.done.toFixed(4)) };
      }
    }
  } catch (error) {
    deps.log.error({ error: messageOf(error) }, 'a rehearsal broke off');
    yield { type: 'error', message: messageOf(error), error_code: isFault(error) ? error.kind : 'internal' };
  }
}
const PROGRESS_MS = 100;
