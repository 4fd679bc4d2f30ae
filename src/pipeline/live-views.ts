import { LiveView } from '#camera';
import type { CameraFacts, Stream } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { ViewRoom } from './view-room.ts';

const MOST_VIEWERS = 16;
/** A viewer that is behind by more misses pieces until it has caught up: it is to see what is now. */
const MOST_BEHIND = 512 * 1024;

/** Who watches: the socket of a player. */
export interface Viewer {
  send(data: Buffer): void;
  readonly bufferedBytes: number;
  close(reason: string): void;
}

interface Open {
  view: LiveView;
  viewers: Set<Viewer>;
  room: Disposable;
}

/** Cameras that somebody watches with little delay: one view of each, however many watch it, and none when nobody does. */
export class LiveViews implements AsyncDisposable {
  readonly #room: ViewRoom;
  readonly #clock: Clock;
  readonly #open = new Map<string, Open>();
  readonly #ending = new Set<Promise<void>>();

  constructor(room: ViewRoom, clock: Clock) {
    this.#room = room;
    this.#clock = clock;
  }

  /**
   * Sends the camera's picture to the viewer until it has left, or until the camera ends, which closes the viewer. Throws
   * `unavailable` when as many are watched as the box may show at once, `refused` when the camera can't be watched so.
   */
  watch(stream: Stream, facts: CameraFacts, viewer: Viewer): { left(): void } {
    const { id } = stream;
    const open = this.#open.get(id) ?? this.#begin(stream, facts);
    if (open.viewers.size >= MOST_VIEWERS)
      throw new Fault('unavailable', 'too many watch this camera: try again later');
    open.viewers.add(viewer);
    return {
      left: () => {
        open.viewers.delete(viewer);
        if (open.viewers.size === 0) this.#end(id, open);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [id, open] of this.#open) this.#end(id, open);
    await Promise.all(this.#ending);
  }

  #begin(stream: Stream, facts: CameraFacts): Open {
    const room = this.#room.take('transcoded');
    const view = this.#start(stream, facts, room);
    const open: Open = { view, viewers: new Set(), room };
    const { id } = stream;
    this.#open.set(id, open);
    view.onData((data) => {
      for (const viewer of open.viewers) if (viewer.bufferedBytes <= MOST_BEHIND) viewer.send(data);
    });
    void view.ended.then(() => {
      for (const viewer of open.viewers) viewer.close('the camera sends no picture any more');
      this.#end(id, open);
    });
    return open;
  }

  #start({ url, substreamUrl, transport }: Stream, facts: CameraFacts, room: Disposable): LiveView {
    try {
      return LiveView.start({ url: substreamUrl ?? url, transport }, facts, this.#clock);
    } catch (error) {
      room[Symbol.dispose]();
      throw error;
    }
  }

  #end(id: string, open: Open): void {
    if (this.#open.get(id) !== open) return;
    this.#open.delete(id);
    open.room[Symbol.dispose]();
    const ending = open.view[Symbol.asyncDispose]().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
