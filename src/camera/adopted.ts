import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordingSession, Segment } from '#domain';
import { INIT_NAME } from './ffmpeg-arguments.ts';
import { FACTS, type SessionFile, syncDirectory, syncFile } from './media-directory.ts';

/** A segment that another box has recorded, as it is to be kept here. */
export interface Adopted {
  session: Omit<RecordingSession, 'initPath'>;
  streamName: string;
  init: Buffer;
  startMs: number;
  endMs: number;
}

/** Where it lies, relative to the media directory. */
export function adoptedPath({ session: { id, streamId }, startMs, endMs }: Omit<Adopted, 'init'>): string {
  return join(streamId, id, new Date(startMs).toISOString().slice(0, 10), `${startMs}-${endMs}.m4s`);
}

/**
 * Gives a file the place of a segment that was recorded here, with its session's init file and facts before it: safe on
 * disk, and found again after a crash. Done again, it changes nothing. The file may lie on another disk.
 */
export async function adoptSegment(
  mediaDir: string,
  file: string,
  adopted: Adopted,
): Promise<{ segment: Segment; session: RecordingSession }> {
  const { streamName, init, startMs, endMs } = adopted;
  const { streamId, id: sessionId } = adopted.session;
  const home = join(streamId, sessionId);
  const session = { ...adopted.session, initPath: join(home, INIT_NAME) };
  const path = adoptedPath(adopted);
  const day = join(mediaDir, path, '..');
  await mkdir(day, { recursive: true });
  if (!existsSync(join(mediaDir, home, FACTS))) {
    await place(join(mediaDir, session.initPath), init);
    const facts: SessionFile = { ...session, anchorMs: session.startedMs, streamName };
    await place(join(mediaDir, home, FACTS), JSON.stringify(facts));
    await syncDirectory(join(mediaDir, home));
  }
  const bytes = await syncFile(file);
  await move(file, join(mediaDir, path));
  await syncDirectory(day);
  return { segment: { streamId, sessionId, startMs, endMs, path, bytes }, session };
}

async function place(file: string, content: Buffer | string): Promise<void> {
  const draft = `${file}.${randomBytes(4).toString('hex')}.part`;
  await writeFile(draft, content, { flush: true });
  await rename(draft, file);
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    await copyFile(from, `${to}.part`);
    await syncFile(`${to}.part`);
    await rename(`${to}.part`, to);
    await rm(from, { force: true });
  }
}
