import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type Frame, newId, type PcmChunk, type RecordingSession, type Segment, type Stream } from '#domain';
import { type Child, type Clock, Fault, type Log, messageOf } from '#runtime';
import { beginningS, lengthenBeginning } from './beginnings.ts';
import { FRAMES_FD, ffmpegArguments, isSoundOnly, PCM_FD, type Recipe, TIMES_FD } from './ffmpeg-arguments.ts';
import { readFrames } from './frame-reader.ts';
import { SessionDirectory } from './media-directory.ts';
import { frameSize } from './plan.ts';
import { startReading } from './reading.ts';
import { Complaints, NO_KEYFRAME } from './reason.ts';
import { SoundReader } from './sound-reader.ts';
import { StreamClock } from './stream-clock.ts';
import { Watchdog } from './watchdog.ts';

/** Where a session's output goes. Nothing here may wait. */
export interface Sinks {
  frame(frame: Frame): void;
  pcm(chunk: PcmChunk): void;
  segment(segment: Segment, session: RecordingSession): void;
  note(text: string): void;
  soundEnded(): void;
}

export interface SessionOptions {
  mediaDir: string;
  clock: Clock;
  log: Log;
}

const TICKS_PER_S = 100;
const STRANGER = "another process asked for a camera's address, as it was handed to ffmpeg: it was given nothing";

/** One run of ffmpeg, from its start until it ends, is stopped, or falls silent and is killed. */
export class Session implements AsyncDisposable {
  readonly recipe: Recipe;
  /** The first frame or segment has come; where there is only sound, some of that. Rejects with the reason when the session ends before. */
  readonly ready: Promise<void>;
  /** Why it ended, after its last segment was handed on. */
  readonly ended: Promise<Fault>;
  recording: RecordingSession;
  /** Of the keyframes seen, the longest distance; undefined before two have come, or when all frames are decoded. */
  keyframeIntervalS: number | undefined;
  readonly startedMs: number;
  #child: Child;
  #clock: StreamClock;
  #directory: SessionDirectory;
  #sinks: Sinks;
  #options: SessionOptions;
  #complaints: Complaints;
  #watchdog: Watchdog;
  #lastFrameMs: number | undefined;
  /** The first frame is late by ffmpeg's start: when it really was shows with the second. */
  #emitFirst: (() => void) | undefined;
  #sound: SoundReader;
  #kept = false;
  #finishing: Promise<void> = Promise.resolve();
  #isReady: () => void = () => undefined;
  #stopping = false;
  #cameMidway = false;

  private constructor(
    recipe: Recipe,
    recording: RecordingSession,
    directory: SessionDirectory,
    child: Child,
    complaints: Complaints,
    sinks: Sinks,
    options: SessionOptions,
  ) {
    this.recipe = recipe;
    this.recording = recording;
    this.startedMs = options.clock.monotonicMs();
    this.#directory = directory;
    this.#child = child;
    this.#sinks = sinks;
    this.#options = options;
    this.#clock = new StreamClock(options.clock);
    this.#sound = new SoundReader(this.#clock, options.clock, (chunk) => sinks.pcm(chunk));
    this.#complaints = complaints;
    this.#watchdog = new Watchdog(options.clock, recipe, {
      silent: (reason) => this.#giveUp(reason),
      soundEnded: () => sinks.soundEnded(),
    });
    const files = this.#connect();
    this.ended = this.#end(files);
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      void this.ended.then(reject);
    });
    this.ready.catch(() => undefined); // Whoever waits for it gets the reason; nobody has to.
  }

  static async start(stream: Stream, recipe: Recipe, sinks: Sinks, options: SessionOptions): Promise<Session> {
    const id = newId('session', options.clock.nowMs());
    const directory = await SessionDirectory.create(options.mediaDir, stream, id);
    const { width, height } = recipe.source.facts;
    const { initPath } = directory;
    const recording = { id, streamId: stream.id, startedMs: options.clock.nowMs(), initPath, width, height };
    const { url } = recipe.source;
    const complaints = new Complaints(url);
    const argumentsWith = (address: string) => ffmpegArguments(recipe, beginningS(stream.id), address);
    options.log.debug({ args: argumentsWith(url.place).join(' ') }, 'starting ffmpeg');
    const child = await startReading('ffmpeg', url, argumentsWith, {
      stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      cwd: directory.openDir,
      ask: 'q',
      complaints,
      onStranger: () => options.log.warn({}, STRANGER),
    });
    return new Session(recipe, recording, directory, child, complaints, sinks, options);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** CPU seconds used so far; undefined where /proc doesn't tell. */
  async cpuSeconds(): Promise<number | undefined> {
    try {
      const stat = await readFile(`/proc/${this.#child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
    } catch {
      return undefined;
    }
  }

  /** Asks ffmpeg to finish: the open segment is completed and handed on before this resolves. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await this.#child[Symbol.asyncDispose]();
    await this.ended;
  }

  #connect(): FSWatcher {
    const { stdio, stderr } = this.#child.process;
    stderr?.setEncoding('utf8').on('data', (text: string) => this.#complain(text));
    const { width, height } = frameSize(this.recipe.source.facts, this.recipe.plan.fine);
    // Opened as pipes above, so they are readable streams.
    const [pixels, times, pcm] = [FRAMES_FD, TIMES_FD, PCM_FD].map((fd) => stdio[fd] as Readable);
    if (pixels && times) {
      readFrames(pixels, times, width * height * 3, ({ streamMs, sceneScore, rgb }) => {
        this.#frame(streamMs);
        const emit = () => this.#sinks.frame({ atMs: this.#clock.toUtcMs(streamMs), width, height, rgb, sceneScore });
        if (this.#lastFrameMs === undefined) this.#emitFirst = emit;
        else {
          this.#emitFirst?.();
          this.#emitFirst = undefined;
          emit();
        }
        this.#lastFrameMs = streamMs;
      });
    }
    pcm?.on('data', (chunk: Buffer) => {
      this.#watchdog.saw('audio');
      this.#sound.read(chunk);
      if (isSoundOnly(this.recipe.source)) this.#isReady();
    });
    const files = watch(this.#directory.openDir, (_event, name) => {
      if (name?.endsWith('.m4s')) this.#finishing = this.#finishing.then(() => this.#finishSegments());
    });
    files.on('error', () => undefined); // The directory went away; the end of ffmpeg tells.
    return files;
  }

  /** Where sound comes first, a camera looks as if it had no pictures. */
  #complain(text: string): void {
    this.#complaints.add(text);
    const { source } = this.recipe;
    const hears = isSoundOnly(source) && !source.withoutPictures;
    if (hears && this.#complaints.matches(/New video stream/)) this.#giveUp('began to send pictures');
  }

  #frame(streamMs: number): void {
    // RTSP's first picture often has no time of its own: ffmpeg then says 0, which would mislead the clock.
    if (this.#lastFrameMs === undefined) this.#clock.arrivedFirst(streamMs);
    else this.#clock.arrived(streamMs);
    this.#watchdog.saw('frames');
    if (this.recipe.plan.mode === 'keyframes' && this.#lastFrameMs !== undefined) {
      this.keyframeIntervalS = Math.max(this.keyframeIntervalS ?? 0, (streamMs - this.#lastFrameMs) / 1000);
      this.#watchdog.expectKeyframesEvery(this.keyframeIntervalS);
    }
    this.#isReady();
  }

  /** Takes over every segment that ffmpeg has completed since. A failure leaves the file for the next try. */
  async #finishSegments(): Promise<void> {
    try {
      for (const name of await this.#directory.completed()) {
        const times = await this.#directory.times(name);
        if (!times) continue;
        // Without frames this tells the time: a segment is finished when what follows it has come, or late at the end.
        if (this.recipe.plan.mode === 'none' && this.#child.running)
          this.#clock.arrived(times.startMs + times.durationMs);
        await this.#finishSegment(name, times);
      }
    } catch (error) {
      this.#options.log.error({ error: messageOf(error) }, 'a finished segment could not be kept; will retry');
    }
  }

  async #finishSegment(name: string, times: { startMs: number; durationMs: number }): Promise<void> {
    const stepMs = this.#clock.settle();
    if (stepMs !== undefined) this.#sinks.note(`the system clock was set by ${stepMs} ms`);
    if (!this.#kept) this.recording = await this.#directory.keepSession(this.recording, this.#clock.toUtcMs(0));
    this.#kept = true;
    const startMs = this.#clock.toUtcMs(times.startMs);
    const endMs = Math.round(startMs + times.durationMs);
    const { id, streamId } = this.recording;
    const segment = await this.#directory.finish(name, streamId, id, startMs, endMs);
    this.#watchdog.saw('segments');
    if (this.recipe.plan.mode === 'none') this.#watchdog.expectKeyframesEvery(times.durationMs / 1000);
    this.#isReady();
    this.#sinks.segment(segment, this.recording);
  }

  #giveUp(reason: string): void {
    this.#complaints.add(`[error] ${reason}\n`);
    this.#silence = reason;
    this.#child.kill('SIGKILL');
  }

  #silence: string | undefined;

  async #end(files: FSWatcher): Promise<Fault> {
    const { code, signal } = await this.#child.ended;
    this.#watchdog[Symbol.dispose]();
    this.#sound.flush();
    files.close();
    this.#finishing = this.#finishing.then(() => this.#finishSegments());
    await this.#finishing;
    await this.#directory.close().catch((error: unknown) => {
      this.#options.log.warn(
        { error: messageOf(error) },
        'working files of a session remain; the next start removes them',
      );
    });
    if (this.#stopping) return new Fault('unavailable', 'the recording was stopped');
    if (this.#complaints.matches(NO_KEYFRAME)) this.#cameMidway = lengthenBeginning(this.recording.streamId);
    if (this.#silence) return this.#complaints.faultOf('unavailable', this.#silence);
    if (code === 0) return this.#complaints.faultOf('unavailable', 'ended the stream');
    return this.#complaints.fault(`was lost: ffmpeg ended (${signal ?? `status ${code}`})`);
  }

  /** Whether it failed for want of a keyframe, and would wait longer for one if it were started again at once. */
  get cameMidway(): boolean {
    return this.#cameMidway;
  }

  /** Whether audio, and not the picture, is what made it fail. */
  get brokenByAudio(): boolean {
    return (
      this.recipe.withAudio &&
      this.#complaints.matches(/\baac\b.*error|Error.*\baudio|Could not find tag for codec|aac_adtstoasc/i)
    );
  }
}
