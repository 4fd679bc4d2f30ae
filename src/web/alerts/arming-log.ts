/** Who armed, disarmed and snoozed what, as long as somebody looks: the last of it, newest first. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el } from '../dom.ts';
import { clock } from '../format.ts';
import type { ArmedAlertJson, ArmingChangeJson } from '../wire.ts';
import { changeWords } from './arming-words.ts';

const SHOWN = 20;

export class ArmingLog {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #alerts: () => readonly ArmedAlertJson[];
  readonly #details = byId('arming-log', HTMLDetailsElement);
  readonly #list = byId('arming-changes', HTMLOListElement);

  constructor(api: Api, alerts: () => readonly ArmedAlertJson[], signal: AbortSignal) {
    this.#api = api;
    this.#alerts = alerts;
    this.#signal = signal;
    this.#details.addEventListener('toggle', () => this.refresh(), { signal });
  }

  refresh(): void {
    if (this.#details.open) void this.#load();
  }

  async #load(): Promise<void> {
    try {
      const path = '/v1/arming/changes';
      const { changes } = await this.#api.get<{ changes: ArmingChangeJson[] }>(path, { limit: SHOWN }, this.#signal);
      this.#list.replaceChildren(...changes.map((change) => this.#line(change)));
    } catch (error) {
      if (!isAbort(error)) this.#list.replaceChildren(el('li', {}, reasonOf(error)));
    }
  }

  #line(change: ArmingChangeJson): HTMLElement {
    const nowMs = this.#api.now();
    const atMs = change.at * 1000;
    const label = this.#alerts().find(({ alert_id: id }) => id === change.alert_id)?.label;
    const when = el('time', { datetime: new Date(atMs).toISOString() }, clock(atMs, nowMs));
    return el('li', {}, when, el('span', {}, changeWords(change, label, nowMs)), el('span', {}, `by ${change.by}`));
  }
}
