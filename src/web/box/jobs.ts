/** Work that goes on: exports, uploads, renders, with how far each is; cancelled here. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import type { JobJson } from '../wire.ts';

const EVERY_MS = 1500;
/** What has ended is shown for so long. */
const ENDED_S = 120;

const KINDS: Readonly<Record<string, string>> = {
  export: 'Export',
  ingest: 'Upload',
  render: 'Render',
  reframe: 'Reframing',
  capture: 'Capture session',
  extract_scenes: 'Scenes',
  describe: 'Description',
  timelapse: 'Timelapse',
  index_scenes: 'Index of scenes',
  index_spoken_words: 'Index of what is said',
};

/** Hidden without any. Rows are kept while their job is there, so that the keyboard's place is not lost. */
export class Jobs {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #list = byId('jobs-list', HTMLElement);
  readonly #problem = byId('jobs-problem', HTMLElement);
  readonly #rows = new Map<string, Row>();
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    this.#list.replaceChildren();
  }

  /** Looks again, when somebody does, and not more often than every few seconds. */
  tick(): void {
    if (document.hidden || performance.now() - this.#askedMs < EVERY_MS) return;
    this.#askedMs = performance.now();
    this.#look().catch(() => undefined); // The page says by itself that the box is away.
  }

  async #look(): Promise<void> {
    const { jobs } = await this.#api.get<{ jobs: JobJson[] }>('/v1/jobs', { limit: 30 }, this.#signal);
    const since = this.#api.now() - ENDED_S * 1000;
    this.#show(jobs.filter(({ finished_at: at }) => at === undefined || Date.parse(at) > since));
  }

  #show(jobs: readonly JobJson[]): void {
    setHidden(byId('jobs', HTMLElement), jobs.length === 0);
    const going = jobs.filter(({ status }) => status === 'processing').length;
    setText(byId('jobs-count', HTMLElement), going === 0 ? 'none goes on' : `${going} under way`);
    for (const [id, { element }] of this.#rows) {
      if (jobs.some((job) => job.id === id)) continue;
      element.remove();
      this.#rows.delete(id);
    }
    for (const job of jobs) this.#row(job).show(job);
  }

  #row(job: JobJson): Row {
    const known = this.#rows.get(job.id);
    if (known) return known;
    const row = new Row(job, () => void this.#cancel(job.id));
    this.#rows.set(job.id, row);
    this.#list.append(row.element);
    return row;
  }

  async #cancel(id: string): Promise<void> {
    setHidden(this.#problem, true);
    try {
      this.#rows.get(id)?.show(await this.#api.send<JobJson>('DELETE', `/v1/jobs/${id}`, undefined, this.#signal));
    } catch (error) {
      if (isAbort(error)) return;
      setText(this.#problem, reasonOf(error));
      setHidden(this.#problem, false);
    }
  }
}

class Row {
  readonly element: HTMLElement;
  readonly #state = el('span', { class: 'arming-state' });
  readonly #bar: HTMLProgressElement;
  readonly #error = el('span', { class: 'row-words', hidden: true });
  readonly #cancel: HTMLButtonElement;

  constructor({ kind, name }: JobJson, cancel: () => void) {
    const what = [KINDS[kind] ?? kind, name].filter(Boolean).join(': ');
    this.#bar = el('progress', { max: 100, 'aria-label': what });
    this.#cancel = el('button', { type: 'button', 'aria-label': `Cancel ${what}` }, 'Cancel');
    this.#cancel.addEventListener('click', cancel);
    this.element = el(
      'li',
      {},
      el('span', { class: 'arming-words' }, el('strong', {}, what), this.#state, this.#bar),
      el('span', { class: 'arming-actions' }, this.#cancel),
      this.#error,
    );
  }

  show({ status, percentage, error }: JobJson): void {
    const going = status === 'processing';
    this.element.dataset.tone = status === 'failed' ? 'quiet' : 'armed';
    setText(this.#state, going ? `${Math.round(percentage)} %` : status);
    this.#bar.value = percentage;
    setHidden(this.#bar, !going);
    setHidden(this.#cancel, !going);
    setText(this.#error, error ?? '');
    setHidden(this.#error, error === undefined);
  }
}
