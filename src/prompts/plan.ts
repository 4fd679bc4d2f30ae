import { aspectsOf } from './aspects.ts';
import type { IndexPlan, Interest, Shape } from './index-plan.ts';
import { nounsOf } from './nouns.ts';
import { shapeIn, wordsOfKey, written } from './shape.ts';
import { understoodOf } from './understood.ts';

const MOST_PHRASES = 12;
const LONGEST_READ = 4000;

/** Any prompt is a plan: what isn't understood is for models that follow instructions. */
export function planFor(prompt: string): IndexPlan {
  const read = prompt.slice(0, LONGEST_READ);
  const wanted = shapeIn(read);
  const asked = [wanted?.rest ?? read, ...(wanted ? hintsOf(wanted.shape) : [])];
  const nouns = asked.map((text) => nounsOf(text));
  const interests = joined(nouns.flatMap((one) => one.interests));
  const phrases = [...new Set(nouns.flatMap((one) => one.phrases))].slice(0, MOST_PHRASES);
  const aspects = aspectsOf(asked.join('. '));
  const parts = { interests, phrases, aspects, ...(wanted ? { json: counting(wanted.shape, interests) } : {}) };
  const needs = needsOf(parts);
  const known = nouns.some((one) => one.known);
  return {
    ...parts,
    instruction: instructionOf(prompt, wanted?.shape),
    understood: understoodOf(parts, read, known),
    needs,
  };
}

/** Each of the words once; a word for labels that another word stands for too is kept. */
function joined(interests: readonly Interest[]): Interest[] {
  return interests.filter((one, i) => interests.findIndex(({ labels }) => labels.join() === one.labels.join()) === i);
}

/** What the keys of a JSON name is asked for too. */
function hintsOf(shape: Shape): string[] {
  if (shape.type === 'object')
    return Object.entries(shape.fields).flatMap(([key, field]) => [wordsOfKey(key), ...hintsOf(field)]);
  return shape.type === 'list' ? hintsOf(shape.of) : [shape.hint];
}

/** "count" alone counts what the prompt is about. */
function counting(shape: Shape, interests: readonly Interest[]): Shape {
  const [only, ...more] = interests;
  if (shape.type !== 'object' || only === undefined || more.length > 0) return shape;
  const fields = Object.entries(shape.fields).map(([key, field]) => {
    const bare = field.type === 'number' && /^(?:count|total|number|amount)$/.test(field.hint);
    return [key, bare ? { ...field, hint: `${field.hint}: ${only.word}` } : field] as const;
  });
  return { type: 'object', fields: Object.fromEntries(fields) };
}

function instructionOf(prompt: string, shape: Shape | undefined): string {
  return shape ? `${prompt.trim()}\nAnswer with JSON only, in this form: ${written(shape)}` : prompt.trim();
}

function needsOf({ phrases, aspects }: Pick<IndexPlan, 'phrases' | 'aspects'>): string[] {
  return [
    'object-detection',
    ...(aspects.includes('faces') ? ['face-detection'] : []),
    ...(aspects.includes('text') ? ['text-detection', 'text-recognition'] : []),
    ...(aspects.includes('identity') ? ['person-embedding'] : []),
    ...(phrases.length > 0 ? ['image-text'] : []),
    ...(aspects.includes('activity') ? ['image-to-text'] : []),
  ];
}
