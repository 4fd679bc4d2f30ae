const SHORTEST_ROOT = 3;
/** Shorter words that differ in a letter are different words. */
const SHORTEST_SLIP = 5;

/** What is common to "bark", "barks", "barked" and "barking", to "cry" and "cries", to "clap" and "clapping". */
export function rootOf(word: string): string {
  const one = word.replace(/(?:ies|ied)$/, 'y');
  const cut = one.replace(/(?:ing|ed|es|s|e)$/, '');
  return (cut.length >= SHORTEST_ROOT ? cut : one).replace(/(.)\1$/, '$1');
}

/** Equal, or for longer words of letters: one letter more, less, other or swapped. */
export function nearlyTheSame(a: string, b: string): boolean {
  if (a === b) return true;
  if (Math.min(a.length, b.length) < SHORTEST_SLIP || Math.abs(a.length - b.length) > 1 || /\d/.test(a + b))
    return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  const swapped = restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
  return swapped || restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1);
}
