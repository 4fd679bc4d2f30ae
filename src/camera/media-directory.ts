import { copyFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordingSession, Segment, Stream } from '#domain';
import { faultPoint } from '#runtime';
import { INIT_NAME, OPEN_SEGMENT } from './ffmpeg-arguments.ts';
import { codecsOf, segmentTimes } from './mp4.ts';

/**
 * Layout, relative to the media directory:
 * `<stream>/<session>/init.mp4`, `session.json` and `<yyyy-mm-dd>/<start ms>-<end ms>.m4s`: finished, safe on disk, and
 * all that is needed to make their rows again; `<stream>/<session>/open/`: where ffmpeg writes.
 */
const OPEN = 'open';
export const FACTS = 'session.json';
const FINISHED = /^(\d+)-(\d+)\.m4s$/;
/** The segment index stands within the first kilobytes. */
const HEAD_BYTES = 4096;

/** What recovery must know of a session beside the files: UTC of the session's time 0, and the stream's name. */
export interface SessionFile extends RecordingSession {
  anchorMs: number;
  streamName?: string;
}

/** Where one session's files go. */
export class SessionDirectory {
  readonly openDir: string;
  readonly #mediaDir: string;
  readonly #path: string;
  readonly #streamName: string | undefined;

  constructor(mediaDir: string, streamId: string, sessionId: string, streamName?: string) {
    this.#streamName = streamName;
    this.#mediaDir = mediaDir;
    this.#path = join(streamId, sessionId);
    this.openDir = join(mediaDir, this.#path, OPEN);
  }

  static async create(
    mediaDir: string,
    stream: Pick<Stream, 'id' | 'name'>,
    sessionId: string,
  ): Promise<SessionDirectory> {
    const directory = new SessionDirectory(mediaDir, stream.id, sessionId, stream.name);
    await mkdir(directory.openDir, { recursive: true });
    return directory;
  }

  get initPath(): string {
    return join(this.#path, INIT_NAME);
  }

  /** Complete segments that ffmpeg has left, oldest first. */
  async completed(): Promise<string[]> {
    const names = (await readdir(this.openDir)).filter((name) => OPEN_SEGMENT.test(name));
    return names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  }

  async times(name: string): Promise<{ startMs: number; durationMs: number } | undefined> {
    const times = segmentTimes(await headOf(join(this.openDir, name)));
    return times && { startMs: times.startS * 1000, durationMs: times.durationS * 1000 };
  }

  /** Before the first segment: keeps the init file and the session's facts, safe on disk. Returns the codecs. */
  async keepSession(session: RecordingSession, anchorMs: number): Promise<RecordingSession> {
    const init = join(this.#mediaDir, this.initPath);
    const codecs = codecsOf(await readFile(join(this.openDir, INIT_NAME)));
    const complete = { ...session, ...(codecs === undefined ? {} : { codecs }) };
    const named = this.#streamName === undefined ? {} : { streamName: this.#streamName };
    const facts: SessionFile = { ...complete, anchorMs, ...named };
    await copyFile(join(this.openDir, INIT_NAME), `${init}.part`);
    await syncFile(`${init}.part`);
    faultPoint('session.init-copied');
    await rename(`${init}.part`, init);
    faultPoint('session.init-named');
    await writeFile(join(this.#mediaDir, this.#path, FACTS), JSON.stringify(facts), { flush: true });
    await syncDirectory(join(this.#mediaDir, this.#path));
    faultPoint('session.described');
    return complete;
  }

  /** Bytes on disk first, then the name, then the directory: whoever sees the name has the bytes. */
  async finish(name: string, streamId: string, sessionId: string, startMs: number, endMs: number): Promise<Segment> {
    const from = join(this.openDir, name);
    const bytes = await syncFile(from);
    faultPoint('segment.synced');
    const dayPath = join(this.#path, new Date(startMs).toISOString().slice(0, 10));
    const path = join(dayPath, `${startMs}-${endMs}.m4s`);
    await mkdir(join(this.#mediaDir, dayPath), { recursive: true });
    await rename(from, join(this.#mediaDir, path));
    faultPoint('segment.renamed');
    await syncDirectory(join(this.#mediaDir, dayPath));
    faultPoint('segment.named');
    return { streamId, sessionId, startMs, endMs, path, bytes };
  }

  /** After ffmpeg's end: its working files go; without a single segment the whole session does. */
  async close(): Promise<void> {
    const home = join(this.#mediaDir, this.#path);
    await rm(this.openDir, { recursive: true, force: true });
    if ((await readdir(home)).length === 0) await rm(home, { recursive: true, force: true });
  }
}

/**
 * Segments on disk that no row names, after a crash: finished ones as they are, and complete ones that ffmpeg had left,
 * finished now. What is incomplete is removed. To be called while no camera runs.
 */
export async function recoverSegments(
  mediaDir: string,
  known: (path: string) => boolean,
): Promise<{ segment: Segment; session: RecordingSession }[]> {
  const found: { segment: Segment; session: RecordingSession }[] = [];
  for (const streamId of await subdirectories(mediaDir)) {
    for (const sessionId of await subdirectories(join(mediaDir, streamId))) {
      found.push(...(await recoverSession(mediaDir, streamId, sessionId, known)));
    }
  }
  return found.sort((a, b) => a.segment.startMs - b.segment.startMs);
}

async function recoverSession(
  mediaDir: string,
  streamId: string,
  sessionId: string,
  known: (path: string) => boolean,
): Promise<{ segment: Segment; session: RecordingSession }[]> {
  const home = join(mediaDir, streamId, sessionId);
  const facts = await readFacts(join(home, FACTS));
  if (!facts) {
    // Facts are on disk before the first segment is: without any, nothing was finished. Otherwise the disk has lost them.
    const hasSegments = (await subdirectories(home)).some((name) => name !== OPEN);
    if (!hasSegments) await rm(home, { recursive: true, force: true });
    return [];
  }
  const { anchorMs, streamName: _name, ...session } = facts;
  const segments = await unnamed(mediaDir, join(streamId, sessionId), session, known);
  const days = await subdirectories(home);
  if (days.includes(OPEN)) {
    const directory = new SessionDirectory(mediaDir, streamId, sessionId);
    for (const name of await directory.completed()) {
      const times = await directory.times(name);
      if (!times) continue;
      const startMs = Math.round(anchorMs + times.startMs);
      segments.push(await directory.finish(name, streamId, sessionId, startMs, Math.round(startMs + times.durationMs)));
    }
    await directory.close();
  }
  return segments.map((segment) => ({ segment, session }));
}

/** Of every stream with recordings in the directory, its name when it was recorded last, as far as that was noted. */
export async function recordedStreams(mediaDir: string): Promise<Map<string, string | undefined>> {
  const names = new Map<string, string | undefined>();
  for (const streamId of await subdirectories(mediaDir)) {
    const sessions = await subdirectories(join(mediaDir, streamId));
    const facts = await Promise.all(sessions.map((id) => readFacts(join(mediaDir, streamId, id, FACTS))));
    const known = facts.filter((session) => session !== undefined).sort((a, b) => a.startedMs - b.startedMs);
    if (known.length > 0) names.set(streamId, known.at(-1)?.streamName);
  }
  return names;
}

async function unnamed(
  mediaDir: string,
  sessionPath: string,
  session: RecordingSession,
  known: (path: string) => boolean,
): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const day of await subdirectories(join(mediaDir, sessionPath))) {
    for (const name of await readdir(join(mediaDir, sessionPath, day))) {
      const [, startMs, endMs] = FINISHED.exec(name) ?? [];
      const path = join(sessionPath, day, name);
      if (startMs === undefined || known(path)) continue;
      const bytes = await syncFile(join(mediaDir, path));
      const { id: sessionId, streamId } = session;
      segments.push({ streamId, sessionId, startMs: Number(startMs), endMs: Number(endMs), path, bytes });
    }
  }
  return segments;
}

async function readFacts(file: string): Promise<SessionFile | undefined> {
  try {
    const facts: unknown = JSON.parse(await readFile(file, 'utf8'));
    // We wrote it, in one piece (flushed before the first segment); a torn one doesn't parse.
    return facts as SessionFile;
  } catch {
    return undefined;
  }
}

async function subdirectories(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Returns the file's size. */
export async function syncFile(file: string): Promise<number> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
