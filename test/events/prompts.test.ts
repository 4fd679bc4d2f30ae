import { describe, expect, it } from 'vitest';
import { meaningOf } from './prompt-meaning.ts';
import { WRITTEN_FIRST, WRITTEN_SECOND, WRITTEN_THIRD, ZONES } from './prompt-table.ts';
import { WRITTEN_FOURTH } from './prompt-table-parts.ts';

describe('prompts of events', () => {
  it('are understood as the table says', () => {
    const rows = [...WRITTEN_FIRST, ...WRITTEN_SECOND, ...WRITTEN_THIRD, ...WRITTEN_FOURTH];
    const wrong = rows
      .map(([prompt, meaning]) => ({ prompt, meaning, got: meaningOf(prompt, ZONES) }))
      .filter(({ meaning, got }) => meaning !== got);
    const share = 1 - wrong.length / rows.length;
    console.log(`event prompts: ${rows.length}, understood ${(100 * share).toFixed(1)} %`);
    for (const { prompt, meaning, got } of wrong) console.log(`  "${prompt}": ${got}, not ${meaning}`);
    expect(share).toBeGreaterThanOrEqual(0.95);
  });
});
