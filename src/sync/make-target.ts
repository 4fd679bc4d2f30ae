import type { TargetConfig } from '#config';
import { type Clock, Fault } from '#runtime';
import type { Target } from './target.ts';
import { S3Target } from './targets/s3.ts';
import { type AlertPost, VideoDbTarget } from './targets/videodb.ts';

export interface TargetParts {
  /** Posts an alert as webhooks are posted. */
  post: AlertPost;
  clock: Clock;
}

/** Throws when a file that the configuration names can't be read; what it needs is loaded only then. */
export async function makeTarget(config: TargetConfig, parts: TargetParts): Promise<Target> {
  switch (config.kind) {
    case 'videodb':
      return new VideoDbTarget(config, parts);
    case 's3':
      return new S3Target(config, parts);
    case 'hub':
      throw new Fault('unavailable', `sync.targets: ${config.kind} comes with the next build`);
  }
}
