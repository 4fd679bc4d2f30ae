/**
 * The nouns that cross module borders, their ids and their units. No I/O, no time source, no imports from above.
 *
 * Units everywhere below `http/`: times are Unix milliseconds named `…Ms`; boxes and polygons are fractions 0–1 of the
 * picture, origin top left; scores and confidences are 0–1.
 */
export * from './alert.ts';
export * from './arming.ts';
export * from './asset.ts';
export * from './audit.ts';
export * from './backfill.ts';
export * from './box.ts';
export * from './capture.ts';
export * from './colours.ts';
export * from './command.ts';
export * from './geometry.ts';
export * from './grant.ts';
export * from './hearing.ts';
export * from './hold.ts';
export * from './ids.ts';
export * from './index-spec.ts';
export * from './job.ts';
export * from './journal.ts';
export * from './lexicon.ts';
export * from './meant.ts';
export * from './media.ts';
export * from './parcels.ts';
export * from './rule.ts';
export * from './scene.ts';
export * from './schedule.ts';
export * from './scope.ts';
export * from './signature.ts';
export * from './sounds.ts';
export * from './speech.ts';
export * from './stream.ts';
export * from './things.ts';
export * from './topic-level.ts';
export * from './transcript.ts';
export * from './word-forms.ts';
export * from './words.ts';
