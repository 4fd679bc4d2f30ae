/** A week of one camera, a scene every five seconds, rehearsed through the API of a box that has other things to do. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { listen } from '#http';
import { anObject, EMPTY, withObjects } from '../events/scenes.ts';
import { addIndex, addStream, openBox } from '../http/box.ts';
import type { Figures } from './main.ts';
import { endProgress, showProgress } from './progress.ts';

const SCENES = 120_960;
const WINDOW_MS = 5000;
const PROMPTS = {
  enters: 'a person enters the gate',
  stays: 'a person stays at the gate for 30 seconds',
  absent: 'nobody at the gate for 1 minute',
  words: 'a forklift carries a pallet',
};

export async function rehearse(): Promise<Figures> {
  await using box = await openBox();
  await using server = await listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log);
  const url = `http://127.0.0.1:${server.address.port}/v1/events/rehearse`;
  const stream = addStream(box.store, {
    zones: [
      {
        name: 'gate',
        polygon: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      },
    ],
  });
  const { id: indexId } = addIndex(box.store, stream.id);
  const fromMs = Date.now() - SCENES * WINDOW_MS;
  for (let n = 0; n < SCENES; n += 1) {
    if (n % 5000 === 0) showProgress('storing scenes', n / SCENES);
    const startMs = fromMs + n * WINDOW_MS;
    const text = n % 11 === 0 ? 'a person carries a box' : 'a yard';
    const scene = {
      streamId: stream.id,
      indexId,
      startMs,
      endMs: startMs + WINDOW_MS,
      text,
      facts: factsOf(n, startMs),
    };
    box.store.scenes.addPast(scene, new Float32Array(0), 'none');
  }
  const figures: Figures = { rehearsed_scenes: SCENES };
  for (const [name, prompt] of Object.entries(PROMPTS)) {
    showProgress(`rehearsing "${prompt}"`);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const begunMs = performance.now();
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-access-token': 'sk-right', 'content-type': 'application/json', accept: 'application/x-ndjson' },
      body: JSON.stringify({ prompt, from: fromMs / 1000 }),
    });
    const lines = (await response.text()).trimEnd().split('\n');
    figures[`${name}_ms`] = Math.round(performance.now() - begunMs);
    figures[`${name}_loop_p99_ms`] = Number((delay.percentile(99) / 1e6).toFixed(1));
    figures[`${name}_alerts`] = JSON.parse(lines.at(-1) ?? '{}').alerts;
    delay.disable();
  }
  endProgress();
  return figures;
}

function factsOf(n: number, startMs: number) {
  const people = n % 7 === 0 ? 2 : n % 3 === 0 ? 1 : 0;
  const score = 0.5 + (n % 40) / 100;
  const person = (track: number) => anObject('person', { track, sinceMs: startMs, score, zones: ['gate'] });
  return people === 0 ? EMPTY : withObjects(...Array.from({ length: people }, (_, i) => person(n + i)));
}
