import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { VideoDbTargetConfig } from '#config';
import type { ParcelKind } from '#domain';
import { type Clock, Fault, isFault, systemClock } from '#runtime';
import { type Line, type Parcel, type Target, TargetBusy, TargetRefusal } from '../target.ts';
import { type Errand, type Made, SaidNo, VideoDbApi } from './videodb-api.ts';
import type { WireOptions } from './wire.ts';

/** Posts signed JSON, as our webhooks are posted; says what came of it. */
export type AlertPost = (
  url: string,
  payload: unknown,
  id: string,
  signal: AbortSignal,
) => Promise<{ kind: 'delivered' | 'refused' | 'away'; reason?: string; pauseMs?: number }>;

export interface VideoDbDeps {
  post: AlertPost;
  clock?: Clock;
  wire?: Pick<WireOptions, 'env' | 'stallMs'>;
}

type Clip = Parcel & { kind: 'clip' };

/** What was asked for without an answer may become a video for so long, and is looked for so often. */
const SETTLED = { afterMs: 600_000, everyMs: 30_000 };

/** A file that VideoDB has no use for is offered again for so long, and twice as long each time, before it is sent again. */
const OFFERED_MS = 900_000;

/** How far a clip has come; each is written down before what comes next is asked for. */
const stages = z.object({
  /** The file is there, and since when. */
  uploadUrl: z.string().optional(),
  uploadedMs: z.number().optional(),
  /** How often VideoDB had no use for a file that it was sent. */
  refused: z.number().optional(),
  /** Since when it may be a video. */
  askedMs: z.number().optional(),
  /** Where to ask what becomes of it. */
  job: z.url().optional(),
});
type Stage = z.infer<typeof stages>;

/**
 * VideoDB's cloud: a clip becomes a video of a collection, an alert is POSTed to an address of the user's. The API has no
 * key by which it would know a clip again. Therefore each stage is remembered, and after a request whose answer was lost
 * the collection is looked through for the clip's mark, until it is sure that nothing comes of it, before it is asked for
 * again.
 */
export class VideoDbTarget implements Target, AsyncDisposable {
  readonly name: string;
  readonly takes: readonly ParcelKind[];
  readonly clipsAs = 'mp4';
  readonly #alertUrl: string | undefined;
  readonly #post: AlertPost;
  readonly #clock: Clock;
  readonly #api: VideoDbApi;

  constructor(config: VideoDbTargetConfig, { post, clock = systemClock, wire }: VideoDbDeps) {
    this.name = config.name;
    this.#alertUrl = config.alertUrl;
    this.takes = config.alertUrl === undefined ? ['clip'] : ['alert', 'clip'];
    this.#post = post;
    this.#clock = clock;
    this.#api = new VideoDbApi(config, clock, wire);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api[Symbol.asyncDispose]();
  }

  async send(parcel: Parcel, line: Line, signal: AbortSignal): Promise<void> {
    if (parcel.kind === 'alert') await this.#alert(parcel.facts.payload, parcel.key, { line, signal });
    else if (parcel.kind === 'clip') await this.#clip(parcel, { line, signal });
    else throw new TargetRefusal(`sync.targets.${this.name}: VideoDB takes alerts and clips, no ${parcel.kind}`);
  }

  async #alert(payload: unknown, key: string, { line, signal }: Errand): Promise<void> {
    const field = `sync.targets.${this.name}.alertUrl`;
    if (this.#alertUrl === undefined) throw new TargetRefusal(`${field}: without one, alerts don't go there`);
    await line.take(Buffer.byteLength(JSON.stringify(payload)));
    // As the webhook of the same alert has it.
    const id = key.split('/').slice(2).join('-');
    const { kind, reason, pauseMs } = await this.#post(this.#alertUrl, payload, id, signal);
    // An alert is never given up: whatever the receiver doesn't take, another address may.
    if (kind !== 'delivered') throw new TargetBusy(`${field}: ${reason}`, pauseMs);
  }

  async #clip(clip: Clip, errand: Errand): Promise<void> {
    const { line } = errand;
    const { data: stage = {} } = stages.safeParse(line.resumed ?? {});
    const mark = markOf(clip);
    const kind = clip.facts.width === 0 ? 'audio' : 'video';
    if (await this.#becameVideo(stage, { mark, kind }, errand)) return;
    const file = stage.uploadUrl === undefined ? await this.#sendFile(clip, stage, mark, errand) : fileOf(stage);
    const asked = { ...file, askedMs: this.#clock.nowMs() };
    line.progressed(0, asked);
    const title = titleOf(clip, mark);
    const job = await this.#api
      .makeVideo({ kind, url: file.uploadUrl ?? '', ...title }, errand)
      .catch((error: unknown) => {
        if (error instanceof TargetBusy || isFault(error, 'unauthorized')) line.progressed(0, file);
        else if (error instanceof SaidNo) this.#wasRefused(file, errand);
        throw error;
      });
    if (!job) return;
    line.progressed(0, { ...asked, job: job.href });
    await this.#api.poll(job, errand);
  }

  async #sendFile({ body, key }: Clip, { refused }: Stage, mark: string, errand: Errand): Promise<Stage> {
    if (!body) throw new Fault('internal', `${key} has no bytes`);
    const uploadUrl = await this.#api.sendFile(body, `${mark}.mp4`, errand);
    const file = { uploadUrl, uploadedMs: this.#clock.nowMs(), ...(refused && { refused }) };
    errand.line.progressed(0, file);
    return file;
  }

  /** Nothing becomes of it. The file may be at fault, its address, or neither ("out of credits"). */
  #wasRefused(stage: Stage, { line }: Errand): void {
    const { uploadedMs = 0, refused = 0 } = stage;
    const isOver = this.#clock.nowMs() - uploadedMs >= OFFERED_MS * 2 ** refused;
    line.progressed(0, isOver ? { refused: Math.min(refused + 1, 6) } : fileOf(stage));
  }

  /** Always true, or throws: what came to nothing, or is forgotten, is asked for anew the next time. */
  async #jobDone(stage: Stage, job: URL, { mark, kind }: Wanted, errand: Errand): Promise<true> {
    try {
      await this.#api.poll(job, errand);
    } catch (error) {
      if (!(error instanceof SaidNo) || error.kind === 'unauthorized') throw error;
      if (await this.#api.holds(mark, kind, errand)) return true;
      this.#wasRefused(stage, errand);
      throw error;
    }
    return true;
  }

  /** Whether an earlier try has made a video after all; waits until that is sure. */
  async #becameVideo(stage: Stage, wanted: Wanted, errand: Errand): Promise<boolean> {
    const { askedMs, job } = stage;
    if (askedMs === undefined) return false;
    if (job !== undefined) return this.#jobDone(stage, new URL(job), wanted, errand);
    const untilMs = Math.min(askedMs, this.#clock.nowMs()) + SETTLED.afterMs;
    while (!(await this.#api.holds(wanted.mark, wanted.kind, errand))) {
      if (this.#clock.nowMs() >= untilMs) return false;
      await this.#clock.sleep(SETTLED.everyMs, errand.signal);
    }
    return true;
  }
}

/** By which it is known again, and among what: without a picture it is no video there. */
interface Wanted extends Pick<Made, 'kind'> {
  mark: string;
}

/** So much of it as stays when nothing becomes of it. */
function fileOf({ uploadUrl, uploadedMs, refused }: Stage): Stage {
  return { uploadUrl, uploadedMs, ...(refused && { refused }) };
}

/** By which a clip is known again; also in its name, as not every answer has descriptions. */
function markOf({ key }: Clip): string {
  return `wp${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

function titleOf({ facts: { name, description } }: Clip, mark: string): { name: string; description: string } {
  return { name: `${name.slice(0, 150)} #${mark}`, description: `${description.slice(0, 1800)}\n\n${mark}`.trim() };
}
