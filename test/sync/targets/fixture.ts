import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { S3TargetConfig, VideoDbTargetConfig } from '#config';
import type { Clock } from '#runtime';
import type { Line, Parcel, Target } from '#sync';
import { sync } from '../../../src/config/sync.ts';
import { NOON } from '../../store/fixture.ts';

const BOX = 'box-1';
export const stream = { id: 'rts-1', name: 'Vordertür', mediaTypes: ['video' as const], zones: [], createdMs: NOON };

/** The line of one parcel, with what is remembered of it as a box would have it after a restart. */
export interface MemoryLine extends Line {
  resumed: Readonly<Record<string, unknown>> | undefined;
  taken: number;
  moved: number;
}

export function memoryLine(): MemoryLine {
  return {
    resumed: undefined,
    taken: 0,
    moved: 0,
    async take(bytes) {
      this.taken += bytes;
    },
    progressed(bytes, resume) {
      this.moved += bytes;
      if (resume) this.resumed = JSON.parse(JSON.stringify(resume));
    },
  };
}

/** Bytes of a parcel, counted where they are opened. */
export function bodyOf<Type extends 'video/mp4' | 'video/iso.segment' | 'image/jpeg'>(
  mediaType: Type,
  bytes: Buffer,
): { bytes: number; mediaType: Type; open: (from?: number) => Readable } {
  return { bytes: bytes.length, mediaType, open: (from = 0) => Readable.from(slices(bytes.subarray(from))) };
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

export function aClip(bytes: Buffer = randomBytes(200_000), ref = 'c1'): Parcel & { kind: 'clip' } {
  return {
    kind: 'clip',
    key: `${BOX}/clip/${ref}`,
    streamId: stream.id,
    startMs: NOON,
    endMs: NOON + 15_000,
    facts: {
      name: 'Vordertür 12:00',
      description: 'A person at the door',
      firingIds: ['fire-1'],
      stream,
      codecs: 'avc1.640028',
      width: 640,
      height: 360,
    },
    body: bodyOf('video/mp4', bytes),
  };
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Sends until it is taken; returns what the failures said. */
export async function insist(
  target: Target,
  parcel: Parcel,
  { line = memoryLine(), tries = 10, signal = new AbortController().signal }: Partial<Insistence> = {},
): Promise<string[]> {
  const failures: string[] = [];
  for (;;) {
    try {
      await target.send(parcel, line, signal);
      return failures;
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
      if (failures.length >= tries) throw new Error(`never taken: ${failures.join(' | ')}`);
    }
  }
}

interface Insistence {
  line: MemoryLine;
  tries: number;
  signal: AbortSignal;
}

export function videoDbConfig(given: Record<string, unknown> = {}): VideoDbTargetConfig {
  const targets = [{ kind: 'videodb', name: 'cloud', apiKey: 'sk-canary-4711', ...given }];
  const [config] = sync.parse({ targets }).targets;
  if (config?.kind !== 'videodb') throw new Error('no target of VideoDB');
  return config;
}

/** Time passes only while somebody waits for it, and then at once. */
export function skippingClock(): Clock {
  let nowMs = NOON;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  };
}

export function s3Config(given: Record<string, unknown> = {}): S3TargetConfig {
  const target = {
    kind: 's3',
    name: 'bucket',
    bucket: 'footage',
    accessKeyId: 'test:tester',
    secretAccessKey: 'testing',
  };
  const [config] = sync.parse({ targets: [{ ...target, ...given }] }).targets;
  if (config?.kind !== 's3') throw new Error('no bucket');
  return config;
}

export function aSegment(atMs = NOON, bytes: Buffer = randomBytes(1000)): Parcel & { kind: 'segment' } {
  const session = { id: 'ses-1', startedMs: NOON, codecs: 'avc1.640028', width: 640, height: 360 };
  return {
    kind: 'segment',
    key: `${BOX}/segment/ses-1/${atMs}`,
    streamId: stream.id,
    startMs: atMs,
    endMs: atMs + 4000,
    facts: {
      stream,
      session,
      segment: { startMs: atMs, endMs: atMs + 4000 },
      init: Buffer.from('init!').toString('base64'),
    },
    body: bodyOf('video/iso.segment', bytes),
  };
}

export function someRecords(): Parcel & { kind: 'records' } {
  return {
    kind: 'records',
    key: `${BOX}/records/1-9.0`,
    startMs: NOON,
    endMs: NOON + 9000,
    facts: { streams: [stream], indexes: [], scenes: [], transcripts: [] },
  };
}

/** Four parts and a bit, always the same. */
export function longBytes(): Buffer {
  const bytes = Buffer.alloc(22 * 2 ** 20);
  for (let at = 0; at < bytes.length; at += 4096) bytes.writeUInt32LE(at, at);
  return bytes;
}
