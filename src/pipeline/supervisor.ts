import { type CameraOptions, recoverSegments } from '#camera';
import type { CameraStatus, Frame, Stream } from '#domain';
import type { Inference } from '#inference';
import type { PushServer } from '#ingest';
import { type Clock, isFault, type Log, messageOf } from '#runtime';
import type { Store } from '#store';
import type { HearDeps } from './hear.ts';
import { Life } from './life.ts';
import type { Outlook } from './see.ts';

export interface PipelineDeps extends Pick<Outlook, 'closer' | 'tellers'> {
  store: Store;
  inference: Inference;
  camera: Omit<CameraOptions, 'log'>;
  thumbsDir: string;
  /** Without it nothing is listened to. */
  hearing?: Pick<HearDeps, 'listening' | 'spool'>;
  /** Throws while recordings can't be written where they should be. Absent: they always can. */
  demandPlace?: () => Promise<void>;
  /** Absent: no stream is sent to this box. */
  push?: Pick<PushServer, 'admit' | 'onPublishing'>;
  clock: Clock;
  log: Log;
}

const WEIGH_EVERY_MS = 10_000;

/** Keeps one `Life` for every stream that is wanted, and none for the others. */
export class Supervisor implements AsyncDisposable {
  #deps: PipelineDeps;
  #lives = new Map<string, Life>();
  #leaving = new Map<string, { life: Life; left: Promise<void> }>();
  #ending = false;
  #recovering: Promise<void> | undefined;
  readonly #weighing = setInterval(() => {
    for (const life of this.#lives.values()) life.weigh();
  }, WEIGH_EVERY_MS).unref();

  private constructor(deps: PipelineDeps) {
    this.#deps = { ...deps, demandPlace: () => this.#demandPlace(deps) };
  }

  /**
   * Enters segments that a crash left without a row, then starts every wanted camera. While recordings have no place
   * cameras wait, and so do those segments.
   */
  static async start(deps: PipelineDeps): Promise<Supervisor> {
    const supervisor = new Supervisor(deps);
    await supervisor.#demandPlace(deps).catch((error: unknown) => {
      if (!isFault(error, 'unavailable')) throw error;
      deps.log.error({ error: error.message }, 'nothing is recorded until this is mended');
    });
    supervisor.reconcile();
    return supervisor;
  }

  /** To be called after every change of streams or indexes: starts, stops and updates lives to match the store. */
  reconcile(): void {
    const wanted = new Map(this.#wanted().map((stream) => [stream.id, stream]));
    for (const [id, life] of this.#lives) {
      const stream = wanted.get(id);
      if (stream && sameSource(stream, life.stream)) life.update(stream);
      else this.#leave(id, life);
    }
    for (const stream of wanted.values()) this.#enter(stream);
  }

  status(): CameraStatus[] {
    return [...this.#lives.values()].map((life) => life.status());
  }

  /** Names of cameras whose recorder does nothing any more, also on its way to its end. */
  hanging(): string[] {
    const lives = [...this.#lives.values(), ...[...this.#leaving.values()].map(({ life }) => life)];
    return lives.filter((life) => life.hangsForMs() !== undefined).map((life) => life.stream.name);
  }

  /** Resolves when a stream that isn't wanted any more has ended, with all that it recorded in the store. */
  async stopped(streamId: string): Promise<void> {
    await this.#leaving.get(streamId)?.left;
  }

  latestFrame(streamId: string): Frame | undefined {
    return this.#lives.get(streamId)?.latestFrame;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    clearInterval(this.#weighing);
    for (const [id, life] of this.#lives) this.#leave(id, life);
    await Promise.all([...this.#leaving.values()].map(({ left }) => left));
  }

  async #demandPlace(deps: PipelineDeps): Promise<void> {
    await deps.demandPlace?.();
    this.#recovering ??= recover(deps).catch((error: unknown) => {
      this.#recovering = undefined;
      throw error;
    });
    await this.#recovering;
  }

  #wanted(): Stream[] {
    return this.#deps.store.streams.list({ status: 'connected', own: true }).results;
  }

  #enter(stream: Stream): void {
    if (this.#lives.has(stream.id) || this.#leaving.has(stream.id)) return;
    this.#lives.set(stream.id, new Life(stream, this.#deps));
  }

  /** A stream that is wanted again while its old life still ends starts anew when that has ended: never two at once. */
  #leave(id: string, life: Life): void {
    this.#lives.delete(id);
    const left = life[Symbol.asyncDispose]()
      .then(() => {
        this.#leaving.delete(id);
        const again = this.#ending ? undefined : this.#wanted().find((stream) => stream.id === id);
        if (again) this.#enter(again);
      })
      .catch((error: unknown) => {
        const { log } = this.#deps;
        log.error({ camera: life.stream.name, error: messageOf(error) }, 'not looked whether it is wanted again');
      });
    this.#leaving.set(id, { life, left });
  }
}

async function recover({ store: { segments }, camera, log }: PipelineDeps): Promise<void> {
  const found = await recoverSegments(camera.mediaDir, (path) => segments.has(path));
  for (const { segment, session } of found) segments.addFound(segment, session);
  if (found.length > 0) log.info({ segments: found.length }, 'entered segments found after a crash');
}

function sameSource(a: Stream, b: Stream): boolean {
  return a.url === b.url && a.transport === b.transport && a.push?.renewed === b.push?.renewed;
}
