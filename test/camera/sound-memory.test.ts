import { describe, expect, it } from 'vitest';
import { SoundMemory } from '../../src/camera/sound-memory.ts';

const MINUTE = 60_000;

describe('the memory of sound', () => {
  it('leaves failed sound out for a minute, then for two, …, for half an hour at most', () => {
    const memory = new SoundMemory();
    expect(memory.isWanted('gate', 0)).toBe(true);
    let nowMs = 0;
    for (const minutes of [1, 2, 4, 8, 16, 30, 30]) {
      memory.failed('gate', nowMs);
      expect(memory.isWanted('gate', nowMs + minutes * MINUTE - 1)).toBe(false);
      nowMs += minutes * MINUTE;
      expect(memory.isWanted('gate', nowMs)).toBe(true);
    }
    expect(memory.isWanted('yard', 0)).toBe(true);
  });

  it('begins anew after sound that lasted', () => {
    const memory = new SoundMemory();
    memory.failed('gate', 0);
    memory.failed('gate', MINUTE);
    memory.lasted('gate');
    memory.failed('gate', 0);
    expect(memory.isWanted('gate', MINUTE)).toBe(true);
  });

  it('asks at once for sound where there was none, then every ten minutes at most', () => {
    const memory = new SoundMemory();
    expect(memory.mayAsk('gate', 0)).toBe(true);
    expect(memory.mayAsk('gate', 10 * MINUTE - 1)).toBe(false);
    expect(memory.mayAsk('gate', 10 * MINUTE)).toBe(true);
  });
});
