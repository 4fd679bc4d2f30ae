import { z } from 'zod';
import { verdictView } from '#delivery';
import type { Question, Rule } from '#domain';
import { rivalsOf } from '#events';
import type { HttpDeps } from '../deps.ts';
import { verdictAnswer } from './scene-views.ts';

export const checkAnswer = z.object({
  kind: z.enum(['rule', 'words', 'pictures', 'model']).describe('Who decides whether it is so'),
  by: z.string().optional().describe('The pack, or the model of the server, that looks at pictures'),
  says: z.string().describe('The same in a sentence'),
  instead_of: z
    .array(z.string())
    .optional()
    .describe('What a picture may show instead, which is weighed against the prompt'),
  lacking: z.array(z.string()).optional().describe('What would tell it more surely'),
});

/** What a model was asked last before the alert would have fired. */
export const lastCheckAnswer = z.object({
  at: z.number().describe('Unix seconds'),
  scene_id: z.number(),
  likeness: z.number().optional().describe('How sure words and pictures were'),
  state: z.enum(['waiting', 'confirmed', 'denied', 'undecided']),
  verdict: verdictAnswer.optional(),
});

const NO_PICTURES =
  'no model that compares pictures with texts (image-text) is installed: "watchpost models pull" gets one';
const NO_FOLLOWER = 'no model that follows instructions (image-to-text) is installed, and no server is configured';

/** Whether a rule decides, or else a model that is asked, pictures that are compared with the prompt, or words. */
export function checkOf(
  { subject }: Pick<Rule, 'subject'>,
  { tellers, meanings }: Pick<HttpDeps, 'tellers' | 'meanings'>,
): z.input<typeof checkAnswer> {
  if (subject.kind !== 'text' || subject.sentence === undefined)
    return { kind: 'rule', says: 'A rule decides by what is seen and heard.' };
  const [model, follower] = [meanings?.model, tellers?.follower];
  const compared = { instead_of: rivalsOf(subject.sentence) };
  const noPictures = model === undefined ? [NO_PICTURES] : [];
  if (follower !== undefined) {
    const which =
      model === undefined ? 'every new scene, at most twice a minute' : `scenes whose picture may show it (${model})`;
    const says = `${follower} is asked whether the picture shows it, for ${which}: its yes fires the alert.`;
    return { kind: 'model', by: follower, says, ...(model === undefined ? { lacking: noPictures } : compared) };
  }
  if (model !== undefined) {
    const says = `${model} compares pictures with it, and with what they may show instead: two of three windows have to look like it.`;
    return { kind: 'pictures', by: model, says, ...compared, lacking: [NO_FOLLOWER] };
  }
  return { kind: 'words', says: 'Only the words of descriptions decide.', lacking: [NO_PICTURES, NO_FOLLOWER] };
}

/** The rule as it works where nothing looks at pictures. */
export function byWordsAlone(rule: Rule): Rule {
  return rule.subject.kind === 'text' ? { ...rule, subject: { kind: 'text', words: rule.subject.words } } : rule;
}

export function lastCheckView({ askedMs, sceneId, likeness, answer }: Question): z.input<typeof lastCheckAnswer> {
  const { verdict } = answer ?? {};
  const decided = verdict?.confirmed ? 'confirmed' : 'denied';
  const settled = verdict?.confirmed === undefined ? 'undecided' : decided;
  return {
    at: askedMs / 1000,
    scene_id: sceneId,
    ...(likeness === undefined ? {} : { likeness }),
    state: answer ? settled : 'waiting',
    ...(verdict ? { verdict: verdictView(verdict) } : {}),
  };
}
