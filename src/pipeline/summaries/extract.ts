import { shareOfWords, tellingWords } from '#domain';
import { embedText } from '#inference';

/** Sentences of an extract that doesn't say how many it wants. */
const USUAL = 2;
const NUMBERS: Readonly<Record<string, number>> = { a: 1, one: 1, single: 1, two: 2, three: 3, four: 4, five: 5 };
/** Words of prompts that tell what to do, not what about. */
const ORDERS = new Set(
  (
    'summarize summarise summary summaries describe list extract classify find identify mention mentioned note capture ' +
    'audio speech speaker speakers said say says saying spoken speaks talk talks talking conversation transcript words ' +
    'main key important points point sentence sentences one two three four five single short brief briefly concise ' +
    'content happening heard hear what about return output give write json text'
  ).split(' '),
);

/** Kinds of sentences that a prompt may ask for, by its words, with what they look like. */
const KINDS: readonly (readonly [asked: RegExp, looks: RegExp])[] = [
  [
    /\bquestions?\b|\bask(s|ed|ing)?\b/i,
    /\?["')\]]*$|^(who|what|when|where|why|how|can|could|would|is|are|do|does|will)\b/i,
  ],
  [
    /\baction items?\b|\btasks?\b|\bto-?dos?\b|\brequests?\b|\binstructions?\b|\bdecisions?\b|\bcommitments?\b/i,
    /\b(please|must|should|need(s)? to|have to|has to|let's|don't forget|make sure|remember to|we will|i will|i'll|we'll)\b/i,
  ],
  [
    /\bnumbers?\b|\bprices?\b|\bamounts?\b|\bcosts?\b|\bquantit(y|ies)\b|\bdates?\b|\btimes?\b|\bdeadlines?\b/i,
    /\d|\b(two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|percent|dollars?|euros?|today|tomorrow|yesterday|monday|tuesday|wednesday|thursday|friday|saturday|sunday|o'clock)\b/i,
  ],
  [
    /\bproblems?\b|\bcomplaints?\b|\bissues?\b|\bdistress\b|\bemergenc(y|ies)\b|\bdanger\b|\bconcerns?\b/i,
    /\b(help|problem|broken|wrong|fail(s|ed)?|can't|cannot|won't|doesn't work|stuck|late|missing|danger(ous)?|hurt|fire|emergency|bad|terrible)\b/i,
  ],
];

const WEIGHT = { topic: 1.5, kind: 1, near: 0.5, central: 0.6, repeated: 0.7 } as const;

/**
 * The sentences that tell most of what the prompt asks for, in the order in which they were said; undefined when there is
 * nothing to leave out.
 */
export function extract(sentences: readonly string[], prompt: string): string | undefined {
  const wanted = wantedSentences(prompt);
  if (sentences.length <= wanted) return undefined;
  const chosen = choose(sentences, prompt, wanted).sort((a, b) => a - b);
  return chosen.map((at, i) => `${i > 0 && at !== (chosen[i - 1] ?? 0) + 1 ? '… ' : ''}${sentences[at]}`).join(' ');
}

function wantedSentences(prompt: string): number {
  const [, count = ''] = /\b(\d{1,2}|a|one|single|two|three|four|five)[- ](?:\w+ )?sentences?\b/i.exec(prompt) ?? [];
  const asked = NUMBERS[count.toLowerCase()] ?? Number.parseInt(count, 10);
  if (asked >= 1) return asked;
  return /\b(headline|title|one[- ]line)\b/i.test(prompt) ? 1 : USUAL;
}

/** Greedily: what is best, then what is best and says something new. */
function choose(sentences: readonly string[], prompt: string, wanted: number): number[] {
  const topics = tellingWords(prompt).filter((word) => !ORDERS.has(word));
  const topic = embedText(topics.join(' '));
  const whole = embedText(sentences.join(' '));
  const kinds = KINDS.filter(([asked]) => asked.test(prompt)).map(([, looks]) => looks);
  const vectors = sentences.map((sentence) => embedText(sentence));
  const worth = sentences.map((sentence, i) => {
    const vector = vectors[i] ?? topic;
    return (
      WEIGHT.topic * shareOfWords(topics, sentence) +
      WEIGHT.near * Math.max(0, dot(vector, topic)) +
      WEIGHT.central * Math.max(0, dot(vector, whole)) +
      WEIGHT.kind * Number(kinds.some((looks) => looks.test(sentence)))
    );
  });
  const chosen: number[] = [];
  while (chosen.length < wanted) {
    const rest = worth.flatMap((value, i) => {
      if (chosen.includes(i)) return [];
      const known = Math.max(0, ...chosen.map((other) => dot(vectors[i] ?? topic, vectors[other] ?? topic)));
      return { i, value: value - WEIGHT.repeated * known };
    });
    chosen.push(rest.reduce((best, one) => (one.value > best.value ? one : best)).i);
  }
  return chosen;
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
