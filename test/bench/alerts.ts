/** How long alerts of real cameras take from the end of a window to their receivers, and what armed rules cost. */
import { cpus, loadavg } from 'node:os';
import type { SceneIndex } from '#domain';
import { compileRule, Evaluator } from '#events';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { anObject, EMPTY, withObjects } from '../events/scenes.ts';
import { aCamera, anAlert, anEvent, aScene } from '../store/fixture.ts';
import { CHANNELS, type Channel, measureLive } from './alerts-live.ts';
import type { Figures } from './main.ts';
import { endProgress, showProgress } from './progress.ts';

const WINDOW_MS = 5000;
const COSTED = 300;
const VECTOR = new Float32Array(256).fill(1 / 16);
const PERSON = withObjects(anObject('person', { zones: ['gate'], entered: ['gate'] }));
const PROMPTS = [
  'a dog',
  'more than 3 people',
  'a car stays for 5 minutes',
  'no one is at the gate for 2 hours',
  'the lights go off',
  'a dog barks',
  'somebody says help',
] as const;

const about = { clock: systemClock, log: createLog('silent') };

export async function alerts(): Promise<Figures> {
  const loadBefore = loadavg()[0] ?? 0;
  const figures: Figures = {};
  const p95: Record<Channel, number> = { mqtt: 0, webhook: 0, ws: 0 };
  for (const cameras of [1, 8]) {
    for (const rules of [1, 50]) {
      showProgress(`${cameras} cameras, ${rules} rules each`);
      const times = await measureLive(cameras, rules);
      const name = `${cameras}cam_${rules}rules`;
      figures[`${name}_alerts`] = times.mqtt.length;
      for (const channel of CHANNELS) {
        figures[`${channel}_${name}_p50_ms`] = quantile(times[channel], 0.5);
        figures[`${channel}_${name}_p95_ms`] = quantile(times[channel], 0.95);
        p95[channel] = Math.max(p95[channel], quantile(times[channel], 0.95));
      }
    }
  }
  showProgress('cost of rules');
  const [one, fifty] = [await costOf(1), await costOf(50)];
  endProgress();
  const worst = { mqtt_p95_ms: p95.mqtt, webhook_p95_ms: p95.webhook, ws_p95_ms: p95.ws };
  const machine = { cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`, load_before: round(loadBefore) };
  return { ...worst, rules50_ms: fifty, rules1_ms: one, ...figures, ...machine };
}

/** Milliseconds of the evaluator for one window of an index with so many rules, its transaction included. */
async function costOf(rules: number): Promise<number> {
  await using dir = await tempDir();
  await using store = await Store.open(dir.path, about);
  const index = arm(store, rules);
  await using evaluator = await Evaluator.start({ store, ...about, mqttTopic: false }, AbortSignal.abort());
  const times: number[] = [];
  for (let nth = 0; nth < COSTED; nth += 1) {
    addWindow(store, index, nth);
    const began = performance.now();
    evaluator.runOnce();
    times.push(performance.now() - began);
  }
  return quantile(times, 0.5);
}

/** A camera with so many rules, of which one fires. */
function arm(store: Store, rules: number): SceneIndex {
  const { index } = aCamera(store);
  for (let n = 0; n < rules; n += 1) {
    const prompt = n === 0 ? 'a person is at the gate' : (PROMPTS[n % PROMPTS.length] ?? '');
    const event = anEvent({ prompt, rule: compileRule(prompt, { zones: ['gate'] }) });
    store.events.create(event);
    store.alerts.create(anAlert(index, event, { createdMs: index.createdMs }));
  }
  return index;
}

/** Somebody is there in every other window. */
function addWindow(store: Store, index: SceneIndex, nth: number): void {
  const endMs = index.resumedMs + (nth + 1) * WINDOW_MS;
  const facts = nth % 2 === 1 ? PERSON : EMPTY;
  store.scenes.add(aScene(index, { startMs: endMs - WINDOW_MS, endMs, facts }), VECTOR, 'bench');
}

function quantile(times: readonly number[], q: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
