import { z } from 'zod';
import type { Backfill, SceneIndex } from '#domain';
import { type IndexPlan, planFor } from '#prompts';
import type { HttpDeps } from '../deps.ts';

/** How the prompt of an index was understood, and what of it this box can't tell. */
export const understandingAnswer = {
  understood: z.string().describe('How the prompt was understood'),
  needs: z.array(z.string()).describe('The tasks of the packs that it takes'),
  missing: z.array(z.string()).describe("What can't be told on this box now, and why; empty when all of it can"),
};
export interface Understanding {
  understood: string;
  needs: string[];
  missing: string[];
}

export const backfillAnswer = z
  .object({
    status: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
    from: z.number().describe('Unix seconds'),
    to: z.number().describe('Unix seconds'),
    reached: z.number().describe('Unix seconds: up to here it is done'),
    progress: z.number().describe('0 to 1'),
    message: z.string().optional(),
  })
  .meta({ id: 'Backfill' });

/** How far an index has come with what was recorded before it. */
export function backfillView(backfill: Backfill): z.input<typeof backfillAnswer> {
  const { fromMs, toMs, reachedMs, status, message } = backfill;
  const share = toMs > fromMs ? (reachedMs - fromMs) / (toMs - fromMs) : 1;
  return {
    status,
    from: fromMs / 1000,
    to: toMs / 1000,
    reached: reachedMs / 1000,
    progress: status === 'done' ? 1 : Number(Math.min(1, Math.max(0, share)).toFixed(4)),
    ...(message === undefined ? {} : { message }),
  };
}

/** Nothing where none was ever asked for. */
export function backfillFacts(
  { id }: Pick<SceneIndex, 'id'>,
  { store }: Pick<HttpDeps, 'store'>,
): { backfill?: z.input<typeof backfillAnswer> } {
  const backfill = store.backfills.get(id);
  return backfill ? { backfill: backfillView(backfill) } : {};
}

type Senses = Pick<HttpDeps, 'inference' | 'listening'> & { tellers?: { present: boolean } };
type Asked = Pick<SceneIndex, 'prompt' | 'modelName' | 'extraction'>;

const QUICK = {
  'object-detection': ['which objects there are', 'no object detector'],
  'face-detection': ['faces', 'no model that finds faces'],
  'text-detection': ['what is written', 'no model that finds texts'],
  'text-recognition': ['what is written', 'no model that reads'],
  'person-embedding': ['whether it is the same person again', 'no model that knows people by their looks'],
  'image-text': ['what looks like', 'no model that compares pictures with texts'],
} as const;
type QuickTask = keyof typeof QUICK;

/** `soundOnly`: the stream is known to give no pictures. */
export function understandingOf(index: Asked, senses: Senses, soundOnly: boolean): Understanding {
  if (index.extraction.type === 'transcript') return heard(senses);
  const plan = planOf(index.prompt);
  const tier = index.modelName;
  const needs = needsOf(plan, tier);
  const missing = needs.flatMap((task) => (isQuick(task) ? quickly(task, plan, senses) : told(plan, tier, senses)));
  return {
    understood: plan.understood,
    needs,
    missing: [...new Set(soundOnly ? [NOTHING_TO_SEE, ...missing] : missing)],
  };
}

/** The least tier looks for objects only; the upper two have every scene told by a model that follows instructions. */
function needsOf({ needs }: IndexPlan, tier: string): string[] {
  if (tier === 'mini') return ['object-detection'];
  return tier === 'pro' || tier === 'ultra' ? [...new Set([...needs, 'image-to-text'])] : needs;
}

function isQuick(task: string): task is QuickTask {
  return Object.hasOwn(QUICK, task);
}

function quickly(task: QuickTask, { phrases }: IndexPlan, { inference }: Senses): string[] {
  if (inference.has(task)) return [];
  const [what, none] = QUICK[task];
  const named = task === 'image-text' ? ` ${phrases.map((phrase) => `"${phrase}"`).join(', ')}` : '';
  return [`${what}${named}: ${none} (${task}) is installed, "watchpost models pull" gets one`];
}

function told({ aspects }: IndexPlan, tier: string, { tellers }: Senses): string[] {
  const what = aspects.includes('activity') ? 'what is being done' : 'scenes in the words of the prompt';
  if (tier !== 'pro' && tier !== 'ultra') return [`${what}: only indexes with model_name "pro" or "ultra" tell it`];
  return tellers?.present
    ? []
    : [`${what}: no model that follows instructions (image-to-text) is installed, and no server is configured`];
}

function heard({ listening }: Senses): Understanding {
  return {
    understood: 'Tells what is said, and which sounds are heard.',
    needs: ['speech-recognition'],
    missing: listening.speechAvailable ? [] : ['what is said: no speech model (speech-recognition) is installed'],
  };
}

const NOTHING_TO_SEE =
  'anything: the stream sends sound only, so this index waits for pictures; one with extraction_type "transcript" tells what is heard';

const MOST_KEPT = 200;
const plans = new Map<string, IndexPlan>();

/** The page asks for the same few again and again. */
function planOf(prompt: string): IndexPlan {
  const known = plans.get(prompt);
  if (known) return known;
  if (plans.size >= MOST_KEPT) plans.clear();
  const plan = planFor(prompt);
  plans.set(prompt, plan);
  return plan;
}
