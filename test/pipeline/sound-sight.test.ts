import { expect, it } from 'vitest';
import type { SceneFacts } from '#domain';
import { compileRule, step } from '#events';
import { Heard } from '#hearing';
import { SoundSight } from '../../src/pipeline/sound-sight.ts';
import { EMPTY, T0 } from '../events/scenes.ts';

const WINDOW_S = 5;
const SILENT = -58;
/** Speech, or a noise that has no name. */
const LOUD = -30;

/** Windows of a still picture with these levels: for each whether it begins a scene, and the facts it would have. */
function watched(levels: readonly number[]): { changed: boolean; facts: SceneFacts }[] {
  const heard = new Heard();
  const sight = new SoundSight(heard);
  return levels.map((levelDb, i) => {
    const [startMs, endMs] = [T0 + i * WINDOW_S * 1000, T0 + (i + 1) * WINDOW_S * 1000];
    heard.level(startMs, endMs, { levelDb }, 'yamnet');
    return sight.add({ facts: EMPTY, text: 'all is still', changed: i === 0 }, { startMs, endMs });
  });
}

const beginnings = (levels: readonly number[]) => watched(levels).flatMap(({ changed }, i) => (changed ? [i] : []));
const many = (count: number, level: number) => Array.from({ length: count }, () => level);

it('begins a scene when the silence is broken, though nothing that has a name is heard', () => {
  expect(beginnings([...many(4, SILENT), ...many(4, LOUD)])).toEqual([0, 4]);
});

it('begins another when it has been silent for half a minute, not in every pause', () => {
  const talk = [LOUD, SILENT, LOUD, LOUD, SILENT, SILENT, LOUD];
  expect(beginnings([...talk, ...many(8, SILENT), LOUD])).toEqual([0, talk.length + 5, talk.length + 8]);
});

it('leaves a quiet room and a steady noise alone', () => {
  expect(beginnings(many(20, SILENT))).toEqual([0]);
  expect(beginnings(many(20, LOUD))).toEqual([0]);
});

it('is heard when a picture changes in a pause and someone goes on talking', () => {
  const heard = new Heard();
  const sight = new SoundSight(heard);
  const told = [LOUD, SILENT, LOUD].map((levelDb, i) => {
    const window = { startMs: T0 + i * 5000, endMs: T0 + (i + 1) * 5000 };
    heard.level(window.startMs, window.endMs, { levelDb });
    return sight.add({ facts: EMPTY, text: 'all is still', changed: i < 2 }, window).changed;
  });
  expect(told).toEqual([true, true, true]);
});

it('lets no rule take talking for silence', () => {
  const rule = compileRule('no sound for 1 minute', { zones: [] });
  const fired: number[] = [];
  let state: Parameters<typeof step>[1];
  let scene: { startMs: number; facts: SceneFacts } | undefined;
  const levels = [...many(6, SILENT), ...many(20, LOUD), ...many(30, SILENT)];
  watched(levels).forEach(({ changed, facts }, i) => {
    if (changed || !scene) scene = { startMs: T0 + i * 5000, facts };
    const endS = (i + 1) * WINDOW_S;
    const result = step(rule, state, { ...scene, endMs: T0 + endS * 1000, text: '' });
    state = result.state;
    if (result.fired) fired.push(endS);
  });
  // It is silent from second 130 on, which is told after half a minute.
  expect(fired).toEqual([215]);
});
