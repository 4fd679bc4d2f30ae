/** The names that facts have for colours, and what else people call them. */
const NAMES: Readonly<Record<string, string>> = {
  red: 'red maroon crimson scarlet',
  orange: 'orange',
  yellow: 'yellow gold golden',
  green: 'green',
  cyan: 'cyan turquoise teal',
  blue: 'blue navy',
  purple: 'purple violet',
  pink: 'pink magenta',
  brown: 'brown beige tan',
  black: 'black',
  white: 'white',
  grey: 'grey gray silver',
};
const CALLED = new Map(Object.entries(NAMES).flatMap(([name, words]) => words.split(' ').map((word) => [word, name])));

/** The colour that a word means, by the name that facts have for it. */
export function colourCalled(word: string): string | undefined {
  return CALLED.get(word.toLowerCase());
}

/** Everything that colours are called. */
export const COLOUR_WORDS: readonly string[] = [...CALLED.keys()];
