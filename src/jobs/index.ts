/**
 * Work that outlasts a request: exports, uploads, indexing of files. Owns the order, the retries of callbacks and what
 * a restart means; what the work is comes in as handlers.
 *
 * Promises: a job is on disk before its id is given out; in each of four lanes (what is quick, uploads, indexes, renders)
 * one runs at a time, so that work in the background never takes more than its share from the recording; after a crash or a
 * stop, what was under way is begun again, so handlers must bear being run twice. A handler that fails, fails its job with
 * a reason, never the runner; one that hangs holds up the jobs behind it in its lane and nothing else (handlers watch their
 * own children). A job that is cancelled ends at once. Outcomes are told to callback addresses at least once, for a day.
 */
export { type JobContext, type JobHandler, JobRunner, type JobRunnerDeps, type SubmitOptions } from './runner.ts';
