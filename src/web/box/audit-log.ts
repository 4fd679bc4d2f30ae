/** Who changed what over the control routes, and what hubs commanded: the last of it, and more when asked for. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden } from '../dom.ts';
import { clock } from '../format.ts';
import type { AuditJson } from '../wire.ts';

const AT_ONCE = 20;

/** Asks only while it is unfolded. */
export class AuditLog {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #details = byId('audit', HTMLDetailsElement);
  readonly #list = byId('audit-list', HTMLOListElement);
  readonly #more = byId('audit-more', HTMLButtonElement);
  #oldest: number | undefined;

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    this.#details.addEventListener('toggle', () => this.refresh(), { signal });
    this.#more.addEventListener('click', () => void this.#load(this.#oldest), { signal });
  }

  refresh(): void {
    if (this.#details.open) void this.#load(undefined);
  }

  async #load(before: number | undefined): Promise<void> {
    try {
      const path = '/v1/control/audit';
      const query = { limit: AT_ONCE, before };
      const { entries } = await this.#api.get<{ entries: AuditJson[] }>(path, query, this.#signal);
      const lines = entries.map((entry) => this.#line(entry));
      if (before === undefined) this.#list.replaceChildren(...lines);
      else this.#list.append(...lines);
      if (before !== undefined) lines[0]?.focus();
      this.#oldest = entries.at(-1)?.id;
      setHidden(this.#more, entries.length < AT_ONCE);
    } catch (error) {
      if (!isAbort(error)) this.#list.replaceChildren(el('li', {}, reasonOf(error)));
    }
  }

  #line({ at_ms: atMs, who, from, what, result, detail, times }: AuditJson): HTMLElement {
    const when = el('time', { datetime: new Date(atMs).toISOString() }, clock(atMs, this.#api.now()));
    const often = times > 1 ? ` (${times} times)` : '';
    const said = [what + often, detail].filter(Boolean).join(': ');
    const outcome = el('span', { 'data-tone': result === 'done' ? 'good' : 'bad' }, result);
    return el('li', { tabindex: -1 }, when, el('span', {}, said), outcome, el('span', {}, `by ${who}, ${from}`));
  }
}
