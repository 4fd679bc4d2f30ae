/** The alerts of the box and their groups: armed, disarmed and snoozed here, and shown as others do it elsewhere. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, setHidden, setText } from '../dom.ts';
import type { ArmingJson } from '../wire.ts';
import { AlertRow } from './armed-alert.ts';
import type { ArmingRequest } from './arming-change.ts';
import { ArmingLog } from './arming-log.ts';
import { GroupRow } from './group-row.ts';

/** What goes with its camera is journalled by nobody. */
const REFRESH_EVERY_MS = 30_000;

/** Rows are kept while what they show is there, so that the keyboard's place is not lost. */
export class Arming {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #alerts = new Map<string, AlertRow>();
  readonly #groups = new Map<string, GroupRow>();
  readonly #log: ArmingLog;
  readonly #problem = byId('arming-problem', HTMLElement);
  #shown: ArmingJson = { alerts: [], groups: [] };
  #loading = false;
  #isStale = false;
  /** The problem that is shown is that it could not be asked for. */
  #isUnknown = false;
  #askedMs = 0;

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    this.#log = new ArmingLog(api, () => this.#shown.alerts, signal);
    byId('arming-list', HTMLElement).replaceChildren();
    byId('arming-groups', HTMLElement).replaceChildren();
    byId('group-form', HTMLFormElement).addEventListener('submit', (event) => this.#addGroup(event), { signal });
    this.refresh();
  }

  /** Something has changed: asks for all of it, once however often it is called meanwhile. */
  refresh(): void {
    this.#isStale = true;
    if (!this.#loading) void this.#load();
  }

  /** Snoozes end, and "until" comes nearer. */
  tick(): void {
    const nowMs = this.#api.now();
    if (Date.now() - this.#askedMs >= REFRESH_EVERY_MS && !document.hidden) this.refresh();
    const { alerts, groups } = this.#shown;
    for (const alert of alerts) this.#alerts.get(alert.alert_id)?.show(alert, groups, nowMs);
    for (const group of groups) this.#groups.get(group.name)?.show(group, nowMs);
    const told = alerts.filter((alert) => this.#alerts.get(alert.alert_id)?.isTold).length;
    setText(byId('arming-count', HTMLElement), alerts.length > 0 ? `${told} of ${alerts.length} armed` : '');
  }

  async #load(): Promise<void> {
    this.#loading = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        this.#askedMs = Date.now();
        this.#draw(await this.#api.get<ArmingJson>('/v1/arming', {}, this.#signal));
        if (this.#isUnknown) setHidden(this.#problem, true);
        this.#isUnknown = false;
      }
    } catch (error) {
      if (isAbort(error)) return;
      this.#complain(reasonOf(error));
      this.#isUnknown = true;
    } finally {
      this.#loading = false;
    }
  }

  #draw(arming: ArmingJson): void {
    this.#shown = arming;
    setHidden(byId('arming', HTMLElement), arming.alerts.length === 0 && arming.groups.length === 0);
    const { alerts, groups } = arming;
    keep(
      this.#groups,
      'arming-groups',
      groups.map(({ name }) => name),
      (name) => new GroupRow(name, this.#change),
    );
    keep(
      this.#alerts,
      'arming-list',
      alerts.map(({ alert_id: id }) => id),
      () => new AlertRow(this.#change),
    );
    this.tick();
    this.#log.refresh();
  }

  #change = (row: HTMLElement, request: ArmingRequest): void => void this.#ask(row, request);

  async #ask(row: HTMLElement, { method, path, body }: ArmingRequest): Promise<void> {
    row.setAttribute('aria-busy', 'true');
    setHidden(this.#problem, true);
    try {
      await this.#api.send(method, path, body, this.#signal);
    } catch (error) {
      if (!isAbort(error)) this.#complain(reasonOf(error));
    } finally {
      row.removeAttribute('aria-busy');
      this.refresh();
    }
  }

  #addGroup(event: Event): void {
    event.preventDefault();
    const input = byId('group-name', HTMLInputElement);
    const name = input.value.trim();
    if (name === '') return;
    this.#change(input, { method: 'PUT', path: `/v1/groups/${encodeURIComponent(name)}`, body: {} });
    input.value = '';
  }

  #complain(reason: string): void {
    this.#isUnknown = false;
    setText(this.#problem, reason);
    setHidden(this.#problem, false);
  }
}

/** Rows for these keys in this order; those of others go. */
function keep<R extends { element: HTMLElement }>(
  rows: Map<string, R>,
  listId: string,
  keys: readonly string[],
  make: (key: string) => R,
): void {
  const list = byId(listId, HTMLElement);
  for (const [key, { element }] of rows) {
    if (keys.includes(key)) continue;
    element.remove();
    rows.delete(key);
  }
  for (const [i, key] of keys.entries()) {
    const row = rows.get(key) ?? make(key);
    rows.set(key, row);
    if (list.children[i] !== row.element) list.insertBefore(row.element, list.children[i] ?? null);
  }
}
