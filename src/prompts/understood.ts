import type { Aspect, IndexPlan, Shape } from './index-plan.ts';

const NAMES: Record<Aspect, string> = {
  faces: 'faces',
  text: 'what is written',
  colours: 'colours',
  identity: 'whether it is the same one again',
  activity: 'what is being done',
  motion: 'motion',
  light: 'light',
  tamper: 'whether the camera is disturbed',
};
const LONGEST_QUOTE = 60;

/** One sentence that tells a person how the prompt was understood. */
export function understoodOf(
  plan: Pick<IndexPlan, 'interests' | 'phrases' | 'aspects' | 'json'>,
  prompt: string,
  known: boolean,
): string {
  const { interests, phrases, aspects, json } = plan;
  if (!known) return `Tells of everything: no word is known of "${shortened(prompt)}".`;
  const things = interests.map(({ word, labels }) => (labels.length > 1 ? `${word} (${labels.join(', ')})` : word));
  const also = aspects.length === 0 ? '' : `, and of ${listed(aspects.map((aspect) => NAMES[aspect]))}`;
  const alike =
    phrases.length === 0 ? '' : `, and of what looks like ${listed(phrases.map((phrase) => `"${phrase}"`))}`;
  const what = things.length === 0 ? 'everything' : listed(things);
  const answers = json ? ` Answers with JSON: ${keysOf(json)}.` : '';
  return `Tells of ${what}${alike}${also}.${answers}`;
}

function keysOf(shape: Shape): string {
  if (shape.type === 'object') return Object.keys(shape.fields).join(', ');
  return shape.type === 'list' ? `a list${shape.of.type === 'object' ? ` of ${keysOf(shape.of)}` : ''}` : shape.type;
}

function listed(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

function shortened(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}
