import type { S3TargetConfig } from '#config';
import { Fault, isFault, messageOf } from '#runtime';
import { TargetRefusal } from '../target.ts';

/** What S3 servers call what went wrong, and what to do about it. */
const REMEDIES: Record<string, (config: S3TargetConfig) => string> = {
  NoSuchBucket: ({ bucket }) => `bucket: there is no bucket "${bucket}" at this endpoint: make it, or mend its name`,
  InvalidBucketName: ({ bucket }) => `bucket: "${bucket}" is no name of a bucket`,
  InvalidAccessKeyId: () => 'accessKeyId: the server knows no such key',
  SignatureDoesNotMatch: () => 'secretAccessKey: it does not fit accessKeyId',
  AccessDenied: ({ bucket, prefix }) =>
    `accessKeyId: the key may not do this: allow it PutObject, GetObject, AbortMultipartUpload, ListMultipartUploadParts (and ListBucketMultipartUploads on the bucket) for ${bucket}/${prefix}*`,
  RequestTimeTooSkewed: () =>
    "the box's clock and the server's differ too much: set the box's clock; what follows is signed by the server's",
  PermanentRedirect: ({ region }) => `region: the bucket does not lie in ${region}`,
  AuthorizationHeaderMalformed: ({ region }) => `region: the server does not take "${region}"`,
  IllegalLocationConstraintException: ({ region }) => `region: the bucket does not lie in ${region}`,
  QuotaExceeded: ({ bucket }) => `bucket: "${bucket}" is full`,
};
/** Names of the same under which other servers know them, and what is all that a status says. */
const ALSO: Record<string, string> = {
  AllAccessDisabled: 'AccessDenied',
  Forbidden: 'AccessDenied',
  AuthFailure: 'SignatureDoesNotMatch',
  RequestExpired: 'RequestTimeTooSkewed',
  TemporaryRedirect: 'PermanentRedirect',
  '301': 'PermanentRedirect',
  '307': 'PermanentRedirect',
  '403': 'AccessDenied',
};
const TOO_LARGE: readonly string[] = ['EntityTooLarge', 'MaxMessageLengthExceeded'];

/** What an error of S3 means to who configured the bucket. Nothing that the server wrote comes into it but its code. */
export function problemOf(error: unknown, config: S3TargetConfig): Error {
  if (isFault(error) || error instanceof TargetRefusal) return error;
  const path = `sync.targets.${config.name}`;
  const { code, status } = codeOf(error);
  if (TOO_LARGE.includes(code)) return new TargetRefusal(`${path}: the server takes no object of this size (${code})`);
  const remedy = REMEDIES[code] ?? REMEDIES[ALSO[code] ?? ''] ?? REMEDIES[ALSO[String(status)] ?? ''];
  if (remedy)
    return new Fault('unavailable', `${path}.${remedy(config)}`.replace('.the box', ': the box'), { cause: error });
  const what = status === undefined ? messageOf(error) : `the server answered ${status} (${code})`;
  return new Fault('unavailable', `${path}: ${what}`, { cause: error });
}

/** The code of an error that a server answered with, and its status where it is one. */
export function codeOf(error: unknown): { code: string; status: number | undefined } {
  const named = error instanceof Error ? error.name : '';
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  const isAnswer = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata;
  const status = isAnswer && typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
  return { code: /^\w{1,60}$/.test(named) ? named : '', status };
}
