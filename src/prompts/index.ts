/**
 * What people write to say what an index is to tell, taken apart: things, phrases, aspects, the shape of a wanted JSON.
 * Pure. Any prompt gives a plan; what no part of it stands for is left to models that follow instructions.
 */
export { answerFrom, readAnswer } from './answer.ts';
export type { Aspect, IndexPlan, Interest, Shape } from './index-plan.ts';
export { readLoosely } from './loose-json.ts';
export { planFor } from './plan.ts';
