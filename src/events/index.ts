/**
 * Prompts compiled to rules, and rules evaluated over the journal of scenes. Owns the grammar, the rules' states and the
 * cursor "events". Promises that each enabled alert sees each scene of its index exactly once, whatever crashes: firings,
 * states and cursor are one transaction. A rule that throws is logged, counted and skipped; it never stops the others.
 */
export { attend, firingId } from './attend.ts';
export * from './compile.ts';
export { rivalsOf } from './contrasts.ts';
export type { Fired } from './decide.ts';
export * from './evaluator.ts';
export * from './examples.ts';
export { Meanings, type MeaningsDeps } from './meanings.ts';
export type { RehearsalQuery } from './past.ts';
export * from './rehearse.ts';
export type { SceneView } from './simple.ts';
export * from './step.ts';
export * from './suggest.ts';
export * from './tally.ts';
export { topicOf } from './topic.ts';
