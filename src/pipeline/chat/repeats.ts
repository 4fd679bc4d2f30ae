/** Of this many words or more, at least this share must be different ones. */
const LEAST = { words: 12, share: 0.3 };

/** Whether a text says the same again and again, as small models do that lose the thread. */
export function repeats(text: string): boolean {
  const words = text.toLowerCase().split(/\s+/);
  return words.length >= LEAST.words && new Set(words).size < words.length * LEAST.share;
}
