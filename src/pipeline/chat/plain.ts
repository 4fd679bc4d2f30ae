const LONGEST_ANSWER = 4000;

/** The text, without what reasoning models think aloud and without a fence around all of it. */
export function plainAnswer(answer: string): string {
  const plain = answer.replace(/^[\s\S]*<\/think>/, '').trim();
  const text = /^```[\w-]*\n([\s\S]*?)\n?```$/.exec(plain)?.[1]?.trim() ?? plain;
  return text.length > LONGEST_ANSWER ? `${text.slice(0, LONGEST_ANSWER - 1)}…` : text;
}
