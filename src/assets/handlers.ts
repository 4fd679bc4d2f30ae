import type { Job, JobKind } from '#domain';
import { exportCapture } from './capture.ts';
import type { AssetDeps, Work } from './deps.ts';
import { describeScene } from './describe.ts';
import { exportRecording } from './export.ts';
import { extractScenes } from './extract-scenes.ts';
import { indexScenes } from './index-scenes.ts';
import { indexSpokenWords } from './index-spoken-words.ts';
import { ingest } from './ingest.ts';
import { timelapse } from './timelapse.ts';

type Handler = (job: Job, work: Work) => Promise<NonNullable<Job['result']>>;

/** What jobs about assets do. Each may be run again after a crash. */
export function assetHandlers(deps: AssetDeps): Record<Exclude<JobKind, 'render' | 'reframe'>, Handler> {
  return {
    capture: (job, work) => exportCapture(job, deps, work),
    export: (job, work) => exportRecording(job, deps, work),
    ingest: (job, work) => ingest(job, deps, work),
    index_scenes: (job, work) => indexScenes(job, deps, work),
    index_spoken_words: (job, work) => indexSpokenWords(job, deps, work),
    extract_scenes: (job, work) => extractScenes(job, deps, work),
    describe: (job, work) => describeScene(job, deps, work),
    timelapse: (job, work) => timelapse(job, deps, work),
  };
}
