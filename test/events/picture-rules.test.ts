/** Prompts that no rule stands for, on pictures: through the real model process, from the frame to the alert and back. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Frame, SceneIndex } from '#domain';
import { Evaluator, firingId, Meanings, type Rehearsed, rehearse, ruleFor } from '#events';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { systemClock } from '#runtime';
import type { Store } from '#store';
import { lookCloser, type Sight, type Wanted } from '../../src/inference/sight.ts';
import { type Bench, inferenceWith } from '../inference/references.ts';
import { CLIP_MODEL, draw, type Untold } from '../inference/shapes.ts';
import { aCamera, anAlert, anEvent, aScene, openStore, quiet, standingClock } from '../store/fixture.ts';
import { EMPTY, T0 } from './scenes.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
const never = new AbortController().signal;

const LOOKS: Wanted = { faces: false, texts: false, identity: false, likeness: true, phrases: [] };
const LEFT = shown('red', 'left');
const PICTURES = {
  empty: { ground: 'grey', things: [] },
  left: LEFT,
  right: shown('red', 'right'),
  blue: shown('blue', 'left'),
} as const satisfies Record<string, Untold>;
type Name = keyof typeof PICTURES;
/** What is to be seen, five seconds each. */
const STORY: readonly Name[] = [
  'empty',
  'empty',
  'right',
  'right',
  'left',
  'left',
  'left',
  'blue',
  'blue',
  'empty',
  'left',
  'empty',
  'left',
  'left',
  'empty',
];

function shown(colour: Untold['things'][number]['colour'], place: Untold['things'][number]['place']): Untold {
  return { ground: 'grey', things: [{ colour, shape: 'square', place }] };
}

let bench: Bench;
beforeAll(async () => {
  bench = await inferenceWith(undefined, undefined, undefined, [CLIP_MODEL]);
});
afterAll(() => bench[Symbol.asyncDispose]());

/** As an index looks at a frame of its camera. */
async function seen(name: Name, seed: number): Promise<Sight> {
  const { data, info } = await (await draw(PICTURES[name], seed)).raw().toBuffer({ resolveWithObject: true });
  const frame: Frame = { atMs: T0, width: info.width, height: info.height, rgb: data, sceneScore: 0 };
  return lookCloser(frame, LOOKS, bench.inference, { streamId: 'rts-1', priority: 'index' }, never);
}

/** A new scene for each picture. */
async function film(store: Store, index: SceneIndex): Promise<void> {
  for (const [n, name] of STORY.entries()) {
    const startMs = T0 + n * 5000;
    const { picture } = await seen(name, n);
    expect(picture).toBeDefined();
    const about = aScene(index, { startMs, endMs: startMs + 5000, text: 'Something moves.', facts: EMPTY });
    store.scenes.add(about, embedText(about.text), TEXT_EMBEDDING.model, picture);
  }
}

async function watching(store: Store) {
  const meanings = Meanings.start({ store, eyes: bench.inference, clock: systemClock, log: quiet }, never);
  return {
    meanings,
    async evaluate(): Promise<void> {
      const deps = { store, meanings, clock: standingClock(), log: quiet, mqttTopic: false };
      await using evaluator = await Evaluator.start(deps, AbortSignal.abort());
      while (evaluator.runOnce() > 0);
    },
    [Symbol.asyncDispose]: () => meanings[Symbol.asyncDispose](),
  };
}

function arm(store: Store, index: SceneIndex, prompt: string, threshold?: number) {
  const rule = ruleFor(prompt, { zones: [] });
  const event = anEvent({ rule, prompt });
  store.events.create(event);
  const alert = anAlert(index, event, { createdMs: T0, ...(threshold === undefined ? {} : { threshold }) });
  store.alerts.create(alert);
  return { rule, alert };
}

const numberOf = ({ startMs }: { startMs: number }) => (startMs - T0) / 5000;

describe('a prompt that only pictures can show', () => {
  it.each([
    ['tell me when a red square is on the left', [5, 12]],
    ['a red square on the right', [3]],
    ['a blue square on the left', [8]],
    ['a yellow star at the top', []],
  ])('fires for those that show it: %s', async (prompt, at) => {
    await using box = await openStore();
    const { index } = aCamera(box.store);
    await using watch = await watching(box.store);
    const { rule, alert } = arm(box.store, index, prompt);
    await watch.meanings.prepare(rule, never);
    await film(box.store, index);
    await watch.evaluate();
    const live = box.store.firings.recent({ limit: 99 }).reverse();
    expect(live.map(numberOf)).toEqual(at);
    for (const { explanation } of live) expect(explanation).toMatch(/^The picture looks like "/);

    const query = { rule, streamId: index.streamId, index, fromMs: T0, toMs: T0 + 3_600_000, meanings: watch.meanings };
    const past: Rehearsed[] = [];
    for await (const { fired } of rehearse(box.store, query, never)) past.push(...fired);
    const told = ({ startMs, endMs, sceneId, confidence, explanation }: Rehearsed) =>
      `${startMs}-${endMs} ${sceneId} ${confidence} ${explanation}`;
    expect(past.map((one) => `${firingId(alert.id, one.seq ?? 0)} ${told(one)}`)).toEqual(
      live.map((one) => `${one.id} ${told(one)}`),
    );
  });

  it('fires for fewer where the threshold is moved up', async () => {
    await using box = await openStore();
    const { index } = aCamera(box.store);
    await using watch = await watching(box.store);
    const { rule } = arm(box.store, index, 'a red square on the left', 0.999);
    await watch.meanings.prepare(rule, never);
    await film(box.store, index);
    await watch.evaluate();
    expect(box.store.firings.count()).toBe(0);
  });
});
