import type { Direction } from '#domain';
import type { Sentence } from './tokens.ts';
import { type Meaning, meaningOf } from './words.ts';

const MOVEMENTS: ReadonlySet<Meaning | undefined> = new Set([
  'travel',
  'come',
  'run',
  'move',
  'enter',
  'cross',
  'leave',
  'approach',
] as const);

/** How people say where something moves, the longest first. "Left" alone is what somebody did who is gone. */
const HEADINGS: readonly (readonly [words: readonly string[], direction: Direction])[] = (
  [
    ['from the right to the left', 'left'],
    ['from right to left', 'left'],
    ['from the left to the right', 'right'],
    ['from left to right', 'right'],
    ['towards the left', 'left'],
    ['to the left', 'left'],
    ['from the right', 'left'],
    ['leftwards', 'left'],
    ['leftward', 'left'],
    ['towards the right', 'right'],
    ['to the right', 'right'],
    ['from the left', 'right'],
    ['rightwards', 'right'],
    ['rightward', 'right'],
    ['from bottom to top', 'up'],
    ['to the top', 'up'],
    ['upwards', 'up'],
    ['upward', 'up'],
    ['from top to bottom', 'down'],
    ['to the bottom', 'down'],
    ['downwards', 'down'],
    ['downward', 'down'],
    ['towards the camera', 'towards'],
    ['toward the camera', 'towards'],
    ['to the camera', 'towards'],
    ['away from the camera', 'away'],
  ] as const
).map(([words, direction]) => [words.split(' '), direction]);

/** Where what moves goes to: "walks to the left", "drives away from the camera". */
export function takeHeading(sentence: Sentence): Direction | undefined {
  if (!sentence.words.some((word) => MOVEMENTS.has(meaningOf(word)))) return undefined;
  for (const [words, direction] of HEADINGS) {
    for (let at = 0; at < sentence.words.length; at += 1) {
      if (!words.every((word, i) => sentence.free(at + i) === word)) continue;
      sentence.take(at, at + words.length);
      return direction;
    }
  }
  return undefined;
}
