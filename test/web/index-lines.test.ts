import { describe, expect, it } from 'vitest';
import { indexWords } from '../../src/web/cameras/index-lines.ts';

const index = { id: 'i', name: 'scenes', status: 'running' };

describe('the line of an index', () => {
  it('says what it tells of', () => {
    expect(indexWords({ ...index, understood: 'Tells of people.' })).toBe('tells of people.');
  });

  it('says first that it is stopped', () => {
    const stopped = { ...index, status: 'stopped' };
    expect(indexWords({ ...stopped, understood: 'Tells of cars.' })).toBe('is stopped; when it runs it tells of cars.');
    expect(indexWords(stopped)).toBe('is stopped.');
  });
});
