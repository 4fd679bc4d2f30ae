import { describe, expect, it } from 'vitest';
import type { SceneFacts, SceneObject } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { describe as sentenceOf } from '../../src/inference/sentence.ts';

const box = { x1: 0.1, y1: 0.1, x2: 0.2, y2: 0.5 };
const object = (label: string, more: Partial<SceneObject> = {}): SceneObject => ({
  label,
  score: 0.8,
  box,
  track: 1,
  zones: [],
  entered: [],
  sinceMs: 0,
  ...more,
});
const facts = (more: Partial<SceneFacts> = {}): SceneFacts => ({
  objects: [],
  gone: [],
  counts: {},
  motion: { amount: 0, regions: [], zones: [] },
  light: { brightness: 0.5 },
  colours: [],
  tamper: [],
  packs: ['built-in'],
  ...more,
});

describe('the sentence of a scene', () => {
  it('says what is there, what happened, and where something moves', () => {
    const scene = facts({
      objects: [object('person', { appeared: 'left' }), object('person'), object('car')],
      counts: { person: 2, car: 1 },
      motion: { amount: 0.1, regions: [box], zones: ['doorway'] },
    });
    expect(sentenceOf(scene)).toBe('2 people and a car; one person entered from the left; motion in the doorway zone');
  });

  it('says that all is still, that lights went off, and that the camera is covered', () => {
    expect(sentenceOf(facts())).toBe('all is still');
    expect(sentenceOf(facts({ light: { brightness: 0.1, change: 'off' } }))).toBe('the lights went off; all is still');
    expect(sentenceOf(facts({ tamper: ['covered'] }))).toBe('the camera is covered; all is still');
    expect(sentenceOf(facts({ tamper: ['covered'], light: { brightness: 0.01 } }))).toMatch('sees only darkness');
  });

  it('names zones, comings and goings', () => {
    const scene = facts({
      objects: [object('person', { appeared: 'in', zones: ['yard'], entered: ['yard'] })],
      gone: [
        { label: 'bus', track: 2 },
        { label: 'bus', track: 3 },
      ],
      counts: { person: 1 },
      motion: { amount: 0.1, regions: [box], zones: [] },
    });
    expect(sentenceOf(scene)).toBe(
      'a person in the yard zone; one person appeared; one person entered the yard zone; 2 buses left; motion on the left',
    );
  });
});

const alike = (a: string, b: string) => {
  const [u, v] = [embedText(a), embedText(b)];
  return u.reduce((sum, value, i) => sum + value * (v[i] ?? 0), 0);
};

describe('the built-in text vectors', () => {
  it('are of unit length, or zero without words', () => {
    expect(embedText('a person')).toHaveLength(TEXT_EMBEDDING.dim);
    expect(Math.hypot(...embedText('2 people and a car'))).toBeCloseTo(1);
    expect(Math.hypot(...embedText('; the'))).toBe(0);
  });

  it.each([
    ['someone', 'a person; one person entered from the left', 'a car; all is still'],
    ['vehicle', '2 cars; motion on the left', 'a person; all is still'],
    ['pets', 'a dog in the yard zone', 'a truck; motion in the middle'],
    ['movement near the doorway', 'motion in the doorway zone', 'all is still'],
    ['it got dark', 'the lights went off; all is still', 'a person; motion on the left'],
    ['somebody blocked the lens', 'the camera is covered; all is still', 'a car; motion on the right'],
    ['cell phones', 'a cell phone; all is still', 'a person; all is still'],
  ])('"%s" is nearer to "%s" than to "%s"', (query, near, far) => {
    expect(alike(query, near)).toBeGreaterThan(alike(query, far) + 0.1);
  });
});
