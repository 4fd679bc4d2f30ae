import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planFor } from '#prompts';

describe('planFor', () => {
  it('says in one sentence how it took the prompt, and what that needs', () => {
    expect(planFor('Count people and vehicles, read licence plates, and watch the forklift')).toMatchObject({
      understood:
        'Tells of people and vehicles (car, truck, bus, motorcycle), and of what looks like "forklift", and of what is written.',
      needs: ['object-detection', 'text-detection', 'text-recognition', 'image-text'],
    });
    expect(planFor('Describe the scene').understood).toBe('Tells of everything.');
  });

  it('names the keys of the JSON that is asked for', () => {
    const plan = planFor('Describe people. Return JSON with keys count, colour and summary.');
    expect(plan.understood).toMatch(/Answers with JSON: count, colour, summary\.$/);
    expect(plan.json).toEqual({
      type: 'object',
      fields: {
        count: { type: 'number', hint: 'count: people' },
        colour: { type: 'text', hint: 'colour' },
        summary: { type: 'text', hint: 'summary' },
      },
    });
  });

  it('takes types from an example', () => {
    const plan = planFor(
      '{"n": 3, "on": true, "name": "its name", "tags": ["list of tags"], "at": {"x": "a number", "ok": "yes/no"}}',
    );
    expect(plan.json).toMatchObject({
      fields: {
        n: { type: 'number' },
        on: { type: 'flag' },
        name: { type: 'text', hint: 'name: its name' },
        tags: { type: 'list', of: { type: 'text', hint: 'tags: list of tags' } },
        at: { type: 'object', fields: { x: { type: 'number' }, ok: { type: 'flag' } } },
      },
    });
  });

  it('shows a model the form, also where the prompt only says "as JSON"', () => {
    expect(planFor('How many cars? As JSON').instruction).toBe(
      'How many cars? As JSON\nAnswer with JSON only, in this form: {"count": number}',
    );
    expect(planFor('How many cars?').instruction).toBe('How many cars?');
  });

  it('takes remarks in brackets for no JSON', () => {
    expect(planFor('Describe the yard [north side] and people').json).toBeUndefined();
  });

  it('makes a plan of anything', () => {
    const words = fc.constantFrom(
      ...'{ } [ ] json keys with and , a red car person holding the " in on return : text 1'.split(' '),
    );
    const prompts = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 30 }).map((list) => list.join(' ')),
    );
    fc.assert(
      fc.property(prompts, (prompt) => {
        const plan = planFor(prompt);
        expect(plan.understood).toMatch(/^Tells of .+\.$/s);
        expect(plan.phrases.length).toBeLessThanOrEqual(12);
      }),
      { numRuns: 1000 },
    );
  });
});
