import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import type { ListPartsCommandOutput, S3 } from '@aws-sdk/client-s3';
import type { S3TargetConfig } from '#config';
import { Fault } from '#runtime';
import type { Line } from '../target.ts';
import type { ObjectName } from './s3-layout.ts';
import { codeOf } from './s3-problems.ts';
import { paced, type Wire } from './wire.ts';

/** What a request is made for. */
export interface Errand {
  line: Line;
  signal: AbortSignal;
}

/** Bytes, and the checksum that all servers compare. */
export interface Piece {
  bytes: Buffer;
  md5: string;
}

export interface UploadedPart {
  PartNumber: number;
  ETag: string;
  bytes: number;
}

/** Of a request beside its body. */
const HEAD_BYTES = 700;

/**
 * The requests that a bucket is filled with, each tried once, each piece with its checksum, at the pace of the line.
 * Throws what Amazon's client throws: `codeOf` and `problemOf` say what it means.
 */
export class S3Bucket implements Disposable {
  readonly #bucket: string;
  readonly #client: S3;

  constructor(config: S3TargetConfig, wire: Wire) {
    this.#bucket = config.bucket;
    this.#client = clientOf(config, wire);
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  /** `onlyIfNone`: throws status 412 where one of this name is there, 501 where the server can't tell. */
  async put(object: ObjectName, piece: Piece, onlyIfNone: boolean, errand: Errand): Promise<void> {
    const input = { ...this.#described(object), ...body(piece, errand.line), ...(onlyIfNone && { IfNoneMatch: '*' }) };
    await this.#client.putObject(input, await turn(errand));
  }

  /** The length of what is there. */
  async sizeOf(key: string, errand: Errand): Promise<number | undefined> {
    try {
      const { ContentLength } = await this.#client.headObject({ Bucket: this.#bucket, Key: key }, await turn(errand));
      return ContentLength;
    } catch (error) {
      if (codeOf(error).status === 404) return undefined;
      throw error;
    }
  }

  /** The id of an upload that takes parts. */
  async begin(object: ObjectName, errand: Errand): Promise<string> {
    const { UploadId } = await this.#client.createMultipartUpload(this.#described(object), await turn(errand));
    if (UploadId === undefined) throw new Fault('unavailable', 'the server began an upload without an id');
    return UploadId;
  }

  async putPart(key: string, uploadId: string, n: number, piece: Piece, errand: Errand): Promise<UploadedPart> {
    const input = { ...this.#upload(key, uploadId), ...body(piece, errand.line), PartNumber: n };
    const { ETag = '' } = await this.#client.uploadPart(input, await turn(errand));
    return { PartNumber: n, ETag, bytes: piece.bytes.length };
  }

  async parts(key: string, uploadId: string, errand: Errand): Promise<UploadedPart[]> {
    const parts: UploadedPart[] = [];
    for (let marker: string | undefined = '0'; marker !== undefined; ) {
      const input = { ...this.#upload(key, uploadId), PartNumberMarker: marker };
      const page: ListPartsCommandOutput = await this.#client.listParts(input, await turn(errand));
      for (const { PartNumber = 0, ETag = '', Size = 0 } of page.Parts ?? []) {
        parts.push({ PartNumber, ETag, bytes: Size });
      }
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    }
    return parts;
  }

  async complete(key: string, uploadId: string, parts: readonly UploadedPart[], errand: Errand): Promise<void> {
    const Parts = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
    const input = { ...this.#upload(key, uploadId), MultipartUpload: { Parts } };
    await this.#client.completeMultipartUpload(input, await turn(errand));
  }

  /** Throws away the uploads below a folder that were begun before. */
  async abortBegunBefore(beforeMs: number, folder: string, errand: Errand): Promise<void> {
    const Bucket = this.#bucket;
    const { Uploads = [] } = await this.#client.listMultipartUploads({ Bucket, Prefix: folder }, await turn(errand));
    for (const { Key, UploadId, Initiated } of Uploads) {
      if (!Initiated || Initiated.getTime() >= beforeMs) continue;
      await this.#client.abortMultipartUpload({ Bucket, Key, UploadId }, await turn(errand));
    }
  }

  #described({ key, contentType, metadata }: ObjectName): {
    Bucket: string;
    Key: string;
    ContentType: string;
    Metadata: Record<string, string>;
  } {
    return { Bucket: this.#bucket, Key: key, ContentType: contentType, Metadata: metadata };
  }

  #upload(key: string, uploadId: string): { Bucket: string; Key: string; UploadId: string } {
    return { Bucket: this.#bucket, Key: key, UploadId: uploadId };
  }
}

async function turn({ line, signal }: Errand): Promise<{ abortSignal: AbortSignal }> {
  await line.take(HEAD_BYTES);
  return { abortSignal: signal };
}

function body({ bytes, md5 }: Piece, line: Line): { Body: Readable; ContentLength: number; ContentMD5: string } {
  const Body = Readable.from(paced([bytes], line), { objectMode: false });
  return { Body, ContentLength: bytes.length, ContentMD5: md5 };
}

function clientOf({ region, endpoint, pathStyle, ...config }: S3TargetConfig, wire: Wire): S3 {
  // By `require`: `import` first looks for names through all of it, for most of a second. Its word on Node is not for users.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const sdk: typeof import('@aws-sdk/client-s3') = createRequire(import.meta.url)('@aws-sdk/client-s3');
  const { accessKeyId, secretAccessKey } = config;
  return new sdk.S3({
    region,
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle ?? endpoint !== undefined,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    expectContinueHeader: false,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    // Other servers than Amazon's don't know the newer ones; each piece has an MD5.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { handle: handlerOf(wire), destroy: () => undefined },
  });
}

function silent(): void {
  // What went wrong is thrown as well.
}

/** So much of a request as Amazon's client makes it. */
interface SignedRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}

function handlerOf(wire: Wire) {
  return async (request: SignedRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) => {
    const { method, headers, body } = request;
    const signal = abortSignal ?? new AbortController().signal;
    const bytes = Number(headers['content-length'] ?? 0);
    const sent =
      body instanceof Readable
        ? { body: { bytes, pieces: body } }
        : typeof body === 'string' || Buffer.isBuffer(body)
          ? { body }
          : body instanceof Uint8Array
            ? { body: Buffer.from(body) }
            : {};
    const answer = await wire.ask(urlOf(request), { method, headers, ...sent, redirects: true, signal });
    if (answer.status === 503) wire.demandTime(answer);
    return { response: { statusCode: answer.status, headers: answer.headers, body: Readable.from([answer.body]) } };
  };
}

function urlOf({ protocol, hostname, port, path, query = {} }: SignedRequest): URL {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values ?? ''].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
  );
  url.search = pairs.join('&');
  return url;
}
