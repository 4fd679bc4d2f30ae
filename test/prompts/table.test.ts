import { describe, expect, it } from 'vitest';
import { type IndexPlan, planFor, type Shape } from '#prompts';
import { WRITTEN_FIRST, WRITTEN_SECOND, WRITTEN_THIRD } from './plan-table.ts';

describe('prompts of indexes', () => {
  it('are understood as the table says', () => {
    const rows = [...WRITTEN_FIRST, ...WRITTEN_SECOND, ...WRITTEN_THIRD];
    const wrong = rows
      .map(([prompt, meaning]) => ({ prompt, meaning, got: told(planFor(prompt)) }))
      .filter(({ meaning, got }) => meaning !== got);
    const share = 1 - wrong.length / rows.length;
    console.log(`index prompts: ${rows.length}, understood ${(100 * share).toFixed(1)} %`);
    for (const { prompt, meaning, got } of wrong) console.log(`  "${prompt}": ${got}, not ${meaning}`);
    expect(share).toBeGreaterThanOrEqual(0.95);
  });
});

function told({ interests, phrases, aspects, json }: IndexPlan): string {
  return [
    ...interests.map(({ labels }) => [...labels].sort().join('|')),
    ...phrases.map((phrase) => `+${phrase}`),
    ...aspects.map((aspect) => `~${aspect}`),
    ...(json ? [keys(json)] : []),
  ].join(', ');
}

function keys(shape: Shape): string {
  if (shape.type === 'list') return '[list]';
  return shape.type === 'object' ? `{${Object.keys(shape.fields).join(',')}}` : shape.type;
}
