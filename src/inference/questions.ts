import type { Asks } from './protocol.ts';
import { type About, Job, type SightTask } from './queue.ts';

/** What is asked about each picture: the same question costs one run. Pictures that nobody holds any more are forgotten. */
export class Questions {
  readonly #jobs = new WeakMap<Uint8Array, Map<string, Job>>();

  /** The one that asks the same, made more urgent where need be; a new one has yet to be put into the queue. */
  jobFor<T extends SightTask>(task: T, ask: Asks[T], about: About): { job: Job; isNew: boolean } {
    const { picture, ...rest } = ask;
    const key = `${task} ${JSON.stringify(rest)}`;
    const known = picture ? this.#jobs.get(picture.rgb)?.get(key) : undefined;
    known?.raise(about.priority);
    if (known) return { job: known, isNew: false };
    const plain = picture && { width: picture.width, height: picture.height, rgb: picture.rgb };
    // What was asked, with a picture that carries nothing else.
    const job = new Job(task, { ...rest, picture: plain } as Asks[T], about);
    if (picture) this.#remember(job, picture.rgb, key);
    return { job, isNew: true };
  }

  /** Without an answer it may be asked again. */
  #remember(job: Job, picture: Uint8Array, key: string): void {
    const jobs = this.#jobs.get(picture) ?? new Map<string, Job>();
    this.#jobs.set(picture, jobs.set(key, job));
    void job.outcome.then((outcome) => {
      if (typeof outcome === 'string') jobs.delete(key);
    });
  }
}
