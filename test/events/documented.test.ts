import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileRule } from '#events';

const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
const rows = [...text.matchAll(/^\| `([^`]+)` \| (Fires when .+\.) \|$/gm)].map(([, prompt, understood]) => [
  prompt ?? '',
  understood ?? '',
]);

describe('docs/api.md', () => {
  it('shows prompts', () => {
    expect(rows.length).toBeGreaterThan(10);
  });

  it.each(rows)('says how "%s" is understood', (prompt, understood) => {
    expect(compileRule(prompt, { zones: ['loading zone', 'desk'] }).understood).toBe(understood);
  });
});
