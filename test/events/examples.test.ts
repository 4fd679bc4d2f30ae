import { describe, expect, it, vi } from 'vitest';
import { examplesOf, ruleFor, step } from '#events';
import { WRITTEN_FIRST, WRITTEN_SECOND, WRITTEN_THIRD, ZONES } from './prompt-table.ts';
import { WRITTEN_FOURTH } from './prompt-table-parts.ts';
import { T0 } from './scenes.ts';

vi.setConfig({ testTimeout: 60_000 });

const PROMPTS = [...WRITTEN_FIRST, ...WRITTEN_SECOND, ...WRITTEN_THIRD, ...WRITTEN_FOURTH]
  .filter(([, meaning]) => !meaning.startsWith('refused'))
  .map(([prompt]) => prompt);

const examplesFor = (prompt: string) => {
  const rule = ruleFor(prompt, { zones: ZONES });
  return { rule, ...examplesOf(rule, T0) };
};

/** How often an alert fires that was armed before; states cross as JSON, as they do in the store. */
function firings(
  { rule }: Pick<ReturnType<typeof examplesFor>, 'rule'>,
  scenes: readonly Parameters<typeof step>[2][],
): number {
  let state: Parameters<typeof step>[1];
  let count = 0;
  for (const scene of scenes) {
    const result = step(rule, state, scene);
    state = result.state && JSON.parse(JSON.stringify(result.state));
    if (result.fired) count += 1;
  }
  return count;
}

const texts = (examples: readonly { text: string }[]) => examples.map(({ text }) => text);

describe('the examples of an event', () => {
  it('are true, and there are some of both kinds, for every prompt that is known to be understood', () => {
    const without: string[] = [];
    for (const prompt of PROMPTS) {
      const told = examplesFor(prompt);
      for (const { text, scenes } of told.fires) expect(firings(told, scenes), `${prompt}: ${text}`).toBeGreaterThan(0);
      for (const { text, scenes } of told.silent) expect(firings(told, scenes), `${prompt}: ${text}`).toBe(0);
      const all = texts([...told.fires, ...told.silent]);
      expect(new Set(all).size, prompt).toBe(all.length);
      if (told.fires.length === 0 || told.silent.length === 0) without.push(prompt);
    }
    expect(PROMPTS.length).toBeGreaterThan(200);
    expect(without).toEqual([]);
  });

  it('say how long is long enough', () => {
    const { fires, silent } = examplesFor('a car stays in the driveway for more than 5 minutes');
    expect(texts(fires)).toContain('a car comes into the zone "driveway" and is still there after 320 seconds');
    expect(texts(silent)).toContain('a car comes into the zone "driveway" and goes again after 20 seconds');
  });

  it('say how many are enough, and where', () => {
    const { fires, silent } = examplesFor('more than 2 people in the yard');
    expect(texts(fires)).toEqual(['3 people are in the zone "yard" at once for 20 seconds']);
    expect(texts(silent)[0]).toBe('2 people are in the zone "yard" at once for 20 seconds');
    const entering = examplesFor('someone enters the gate');
    expect(texts(entering.silent).join()).toContain('but never in the zone "gate"');
  });

  it('say at what time', () => {
    const { fires, silent } = examplesFor('a person appears between 22:00 and 06:00');
    expect(fires[0]?.text).toMatch(/ on \w+ at (2[23]|0[0-5]):\d\d$/);
    expect(silent[0]?.text).toMatch(/ on \w+ at (0[6-9]|1\d|2[01]):\d\d$/);
  });
});
