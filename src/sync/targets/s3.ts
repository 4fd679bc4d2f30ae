import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { S3TargetConfig } from '#config';
import { PARCEL_KINDS } from '#domain';
import { type Clock, Fault, systemClock } from '#runtime';
import type { Line, Parcel, ParcelBody, Target } from '../target.ts';
import { type Errand, type Piece, S3Bucket, type UploadedPart } from './s3-bucket.ts';
import { boxFolder, initOf, linesOf, type ObjectName, objectOf } from './s3-layout.ts';
import { codeOf, problemOf } from './s3-problems.ts';
import { Wire, type WireOptions } from './wire.ts';

export interface S3Deps {
  clock?: Clock;
  wire?: Pick<WireOptions, 'env' | 'stallMs'>;
}

/** The least that S3 takes as a part; what is no larger goes in one piece. So much is held in memory. */
const PART_BYTES = 5 * 1024 * 1024;
/** Uploads that nobody went on with for so long are thrown away; they are looked for once a day. */
const ABANDONED_MS = 7 * 86_400_000;
const SWEEP_MS = 86_400_000;
const MOST_INITS_KNOWN = 500;

const resumes = z.object({ uploadId: z.string().optional() });

/**
 * A bucket of S3, or of a server that speaks its protocol. Each parcel is one object, whose name follows from its key; one
 * that is there is not written again, where the server can tell. Larger ones go in parts, and go on with the part that is
 * missing. Amazon's client is loaded with the first target.
 */
export class S3Target implements Target, AsyncDisposable {
  readonly name: string;
  readonly takes = PARCEL_KINDS;
  readonly clipsAs = 'mp4';
  readonly #config: S3TargetConfig;
  readonly #clock: Clock;
  readonly #wire: Wire;
  readonly #bucket: S3Bucket;
  /** Init files that are there. */
  readonly #inits = new Set<string>();
  /** Whether the server knows "only where there is none". */
  #tellsIfThere = true;
  #sweptMs = Number.NEGATIVE_INFINITY;

  constructor(config: S3TargetConfig, { clock = systemClock, wire }: S3Deps = {}) {
    this.name = config.name;
    this.#config = config;
    this.#clock = clock;
    this.#wire = new Wire({ path: `sync.targets.${config.name}`, caFile: config.caFile, clock, ...wire });
    this.#bucket = new S3Bucket(config, this.#wire);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#bucket[Symbol.dispose]();
    await this.#wire[Symbol.asyncDispose]();
  }

  async send(parcel: Parcel, line: Line, signal: AbortSignal): Promise<void> {
    try {
      await this.#send(parcel, { line, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw problemOf(error, this.#config);
    }
  }

  async #send(parcel: Parcel, errand: Errand): Promise<void> {
    const object = objectOf(this.#config.prefix, parcel);
    if (parcel.kind === 'segment') await this.#putInit(parcel, errand);
    if (!parcel.body) return this.#put(object, pieceOf(linesOf(parcel)), errand);
    if (parcel.body.bytes > PART_BYTES) return this.#putInParts(object, parcel, parcel.body, errand);
    await this.#put(object, await read(parcel.body, 0, parcel.body.bytes), errand);
    errand.line.progressed(parcel.body.bytes);
  }

  async #putInit(segment: Parcel & { kind: 'segment' }, errand: Errand): Promise<void> {
    const init = initOf(this.#config.prefix, segment);
    if (this.#inits.has(init.key)) return;
    await this.#put(init, pieceOf(Buffer.from(segment.facts.init, 'base64')), errand);
    if (this.#inits.size >= MOST_INITS_KNOWN) this.#inits.clear();
    this.#inits.add(init.key);
  }

  async #put(object: ObjectName, piece: Piece, errand: Errand): Promise<void> {
    try {
      await this.#bucket.put(object, piece, this.#tellsIfThere, errand);
    } catch (error) {
      const { status } = codeOf(error);
      if (status === 412) return;
      if (status !== 501 || !this.#tellsIfThere) throw error;
      this.#tellsIfThere = false;
      await this.#bucket.put(object, piece, false, errand);
    }
  }

  async #putInParts(object: ObjectName, parcel: Parcel, body: ParcelBody, errand: Errand): Promise<void> {
    const { data: { uploadId: begun } = {} } = resumes.safeParse(errand.line.resumed ?? {});
    try {
      const there = begun === undefined ? [] : await this.#bucket.parts(object.key, begun, errand);
      await this.#putParts(object.key, begun ?? (await this.#begin(object, parcel, errand)), there, body, errand);
    } catch (error) {
      if (codeOf(error).code !== 'NoSuchUpload') throw error;
      // It was completed, and the answer was lost; or it was thrown away.
      if ((await this.#bucket.sizeOf(object.key, errand)) === body.bytes) return;
      errand.line.progressed(0, {});
      const what = 'what was sent of it is gone from the bucket: it begins anew';
      throw new Fault('unavailable', `sync.targets.${this.name}: ${what}`, { cause: error });
    }
  }

  async #begin(object: ObjectName, parcel: Parcel, errand: Errand): Promise<string> {
    await this.#sweep(boxFolder(this.#config.prefix, parcel), errand);
    const uploadId = await this.#bucket.begin(object, errand);
    errand.line.progressed(0, { uploadId });
    return uploadId;
  }

  async #putParts(
    key: string,
    uploadId: string,
    there: readonly UploadedPart[],
    body: ParcelBody,
    errand: Errand,
  ): Promise<void> {
    const parts: UploadedPart[] = [];
    for (let from = 0; from < body.bytes; from += PART_BYTES) {
      const n = from / PART_BYTES + 1;
      const bytes = Math.min(PART_BYTES, body.bytes - from);
      const known = there.find((part) => part.PartNumber === n && part.bytes === bytes);
      parts.push(known ?? (await this.#bucket.putPart(key, uploadId, n, await read(body, from, bytes), errand)));
      if (!known) errand.line.progressed(bytes, { uploadId });
    }
    await this.#bucket.complete(key, uploadId, parts, errand);
  }

  /** Throws away what this box began and gave up. Where the key may not do that, a rule of the bucket must. */
  async #sweep(folder: string, errand: Errand): Promise<void> {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    try {
      await this.#bucket.abortBegunBefore(nowMs - ABANDONED_MS, folder, errand);
    } catch (error) {
      if (codeOf(error).status === undefined) throw error;
    }
  }
}

/** The checksum is taken on the way, so that nothing is held up by a large one. */
async function read(body: ParcelBody, from: number, length: number): Promise<Piece> {
  const bytes = Buffer.allocUnsafe(length);
  const md5 = createHash('md5');
  let have = 0;
  for await (const chunk of body.open(from)) {
    const used: Buffer = chunk.subarray(0, length - have);
    used.copy(bytes, have);
    md5.update(used);
    have += used.length;
    if (have >= length) break;
  }
  if (have < length) throw new Fault('internal', `a body ends ${length - have} bytes too early`);
  return { bytes, md5: md5.digest('base64') };
}

function pieceOf(bytes: Buffer): Piece {
  return { bytes, md5: createHash('md5').update(bytes).digest('base64') };
}
