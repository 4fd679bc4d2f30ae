import type { TargetConfig } from '#config';
import type { BoxReport } from '#domain';
import type { Clock } from '#runtime';
import type { Target } from './target.ts';
import { HubTarget } from './targets/hub.ts';
import { S3Target } from './targets/s3.ts';
import { type AlertPost, VideoDbTarget } from './targets/videodb.ts';

export interface TargetParts {
  /** Posts an alert as webhooks are posted. */
  post: AlertPost;
  /** What a hub is told of this box, for the target of this name. */
  report: (target: string) => Promise<BoxReport>;
  clock: Clock;
}

/** Throws when a file that the configuration names can't be read; what it needs is loaded only then. */
export async function makeTarget(config: TargetConfig, parts: TargetParts): Promise<Target> {
  switch (config.kind) {
    case 'videodb':
      return new VideoDbTarget(config, parts);
    case 'hub':
      return HubTarget.start(config, { ...parts, report: () => parts.report(config.name) });
    case 's3':
      return new S3Target(config, parts);
  }
}
