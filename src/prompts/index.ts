/**
 * What people write to say what an index is to tell, taken apart: things, phrases, aspects, the shape of a wanted JSON.
 * Pure. Any prompt gives a plan; what no part of it stands for is left to models that follow instructions.
 */
export { type Aspect, type IndexPlan, type Interest, planFor, type Shape } from './plan.ts';
