import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Job } from '#domain';
import { Fault } from '#runtime';
import type { AssetDeps } from './deps.ts';
import { UNFINISHED } from './folder.ts';
import { isDiskFull, makeRoom } from './space.ts';

export type UploadPlaces = Pick<AssetDeps, 'store' | 'assetsDir' | 'uploadsDir' | 'reservePercent'>;

/** After so many bytes the room is measured again: recordings and other uploads take it, too. */
const MEASURE_EVERY = 64 * 1024 * 1024;
/** What nobody made an asset of by then goes; a link to upload to lives for a day. */
const UNCLAIMED_MS = 26 * 3_600_000;
const LONGEST_NAME = 200;
/** Beside an upload: what its sender called it. */
const NAME = '.name';

/**
 * Throws unless a file of the size may come in: `too_large` when there is no room for it, `conflict` while a job works on
 * what was uploaded under the id before.
 */
export async function demandUploadRoom(uploadId: string, expectedBytes: number, places: UploadPlaces): Promise<void> {
  if (jobsOf(places.store, uploadId).length > 0) {
    throw new Fault('conflict', 'what was uploaded here is being worked on: ask for another upload_url');
  }
  if (expectedBytes > (await makeRoom(places, expectedBytes))) throw full();
}

/**
 * Writes a file into the uploads directory, chunk by chunk, and gives it its name when all of it is on disk. Replaces what
 * was uploaded under the id before. Returns its bytes. Nothing is left when the source fails or the room ends, which
 * throws `too_large`.
 */
export async function receiveUpload(
  uploadId: string,
  source: AsyncIterable<Uint8Array>,
  places: UploadPlaces,
): Promise<number> {
  const file = join(places.uploadsDir, uploadId);
  const draft = `${file}.${randomBytes(4).toString('hex')}${UNFINISHED}`;
  let received = 0;
  async function* metered(): AsyncGenerator<Uint8Array> {
    let room = await makeRoom(places, MEASURE_EVERY);
    let measuredAt = 0;
    for await (const chunk of source) {
      received += chunk.byteLength;
      if (received - measuredAt > room) throw full();
      yield chunk;
      if (received - measuredAt < MEASURE_EVERY) continue;
      measuredAt = received;
      room = await makeRoom(places, MEASURE_EVERY);
    }
  }
  await mkdir(places.uploadsDir, { recursive: true, mode: 0o700 });
  try {
    await pipeline(metered, createWriteStream(draft, { mode: 0o600, flush: true }));
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw isDiskFull(error) ? full(error) : error;
  }
  return received;
}

/** Keeps what the sender called the file. */
export async function nameUpload(uploadId: string, name: string, { uploadsDir }: UploadPlaces): Promise<void> {
  await writeFile(join(uploadsDir, uploadId + NAME), name.slice(0, LONGEST_NAME), { mode: 0o600 });
}

/** What the sender called the file, '' when nobody said. Throws `refused` when nothing was uploaded under the id. */
export async function uploadName(
  uploadId: string,
  places: Pick<UploadPlaces, 'store' | 'uploadsDir'>,
): Promise<string> {
  const file = join(places.uploadsDir, uploadId);
  const there = await stat(file).catch(() => undefined);
  if (!there || jobsOf(places.store, uploadId).length > 0) {
    throw new Fault(
      'refused',
      'url: there is no file here: nothing was sent to this upload_url, or it was taken already',
    );
  }
  return readFile(file + NAME, 'utf8').catch(() => '');
}

/** All of a small upload. Throws `refused` when nothing was uploaded under the id, `too_large` beyond `most` bytes. */
export async function readUpload(
  uploadId: string,
  most: number,
  { uploadsDir }: Pick<UploadPlaces, 'uploadsDir'>,
): Promise<Buffer> {
  const file = join(uploadsDir, uploadId);
  const there = await stat(file).catch(() => undefined);
  if (!there) throw new Fault('refused', 'there is no file here: nothing was sent to this upload_url');
  if (there.size > most) throw tooLong(most);
  return readFile(file);
}

export function tooLong(most: number): Fault {
  return new Fault('too_large', `it must not be larger than ${Math.floor(most / 1024 / 1024)} MiB`);
}

/** With what its sender called it. */
export async function removeUpload(uploadId: string, uploadsDir: string): Promise<void> {
  for (const ending of ['', NAME]) await rm(join(uploadsDir, uploadId + ending), { force: true });
}

/** Removes uploads that nobody made an asset of within a day; unfinished ones only at start, when none can be coming in. */
export async function sweepUploads(
  { store, uploadsDir }: Pick<UploadPlaces, 'store' | 'uploadsDir'>,
  { nowMs, starting = false }: { nowMs: number; starting?: boolean },
): Promise<void> {
  const awaited = new Set(store.jobs.unfinished().flatMap((job) => [job.input['uploadId'], `${job.id}.download`]));
  for (const name of await readdir(uploadsDir).catch(() => [])) {
    const file = join(uploadsDir, name);
    if (awaited.has(name)) continue;
    const ageMs = nowMs - ((await stat(file).catch(() => undefined))?.mtimeMs ?? nowMs);
    const broken = starting && name.endsWith(UNFINISHED);
    if (broken || ageMs > UNCLAIMED_MS) await rm(file, { force: true });
  }
}

/** Those that will read the upload. */
function jobsOf({ jobs }: UploadPlaces['store'], uploadId: string): Job[] {
  return jobs.unfinished().filter(({ input }) => input['uploadId'] === uploadId);
}

/** Not `refused`, which is no failure over HTTP: who sends a file looks at the status only. */
function full(cause?: unknown): Fault {
  return new Fault(
    'too_large',
    'there is no room for the file: uploads and exports may take half of the disk, and recordings keep their reserve. ' +
      'Delete videos that nobody needs, or use a larger disk',
    { cause },
  );
}
