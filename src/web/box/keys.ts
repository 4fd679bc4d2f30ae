/** Who may do what: API keys, made and ended; the key itself is shown once, until the dialog closes. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { copyField } from '../copy-field.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { age, clock } from '../format.ts';
import { sureButton } from '../sure-button.ts';
import type { KeyJson } from '../wire.ts';
import { AuditLog } from './audit-log.ts';

const PATH = '/v1/control/keys';
const OPENS: Record<string, string> = {
  all: 'opens everything',
  read: 'looks, and changes nothing',
  control: 'looks, and controls the box',
  edge: 'another box sends with it',
};

export class Keys {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #dialog = byId('keys-dialog', HTMLDialogElement);
  readonly #list = byId('keys-list', HTMLElement);
  readonly #label = byId('keys-label', HTMLInputElement);
  readonly #scope = byId('keys-scope', HTMLSelectElement);
  readonly #problem = byId('keys-problem', HTMLElement);
  readonly #made = byId('keys-made', HTMLElement);
  readonly #plain = byId('keys-plain', HTMLInputElement);
  readonly #audit: AuditLog;

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    this.#audit = new AuditLog(api, signal);
    const on = (id: string, act: () => void) => byId(id, HTMLButtonElement).addEventListener('click', act, { signal });
    on('keys', () => this.#open());
    on('keys-copy', () => void copyField(this.#plain, byId('keys-copy', HTMLButtonElement)));
    on('keys-close', () => this.#dialog.close());
    byId('keys-form', HTMLFormElement).addEventListener('submit', (event) => this.#make(event), { signal });
    this.#dialog.addEventListener('close', () => this.#forget(), { signal });
    signal.addEventListener('abort', () => this.#dialog.close());
  }

  #open(): void {
    this.#forget();
    this.#list.replaceChildren();
    this.#dialog.showModal();
    this.#audit.refresh();
    void this.#attempt(() => this.#load());
  }

  #forget(): void {
    this.#plain.value = '';
    setHidden(this.#made, true);
    setHidden(this.#problem, true);
  }

  async #load(): Promise<void> {
    const { keys } = await this.#api.get<{ keys: KeyJson[] }>(PATH, {}, this.#signal);
    this.#list.replaceChildren(...keys.map((key) => this.#row(key)));
  }

  #row(key: KeyJson): HTMLElement {
    const end = sureButton('End', key.label, () => void this.#attempt(() => this.#end(key)));
    return el(
      'li',
      {},
      el('span', { class: 'arming-words' }, el('strong', {}, key.label), ...keyWords(key, this.#api.now())),
      el('span', { class: 'arming-actions' }, end),
    );
  }

  async #end({ id }: KeyJson): Promise<void> {
    await this.#api.send('DELETE', `${PATH}/${id}`, undefined, this.#signal);
    await this.#load();
    this.#label.focus();
    this.#audit.refresh();
  }

  #make(event: SubmitEvent): void {
    event.preventDefault();
    void this.#attempt(async () => {
      const wish = { label: this.#label.value, scopes: [this.#scope.value] };
      const { key } = await this.#api.post<{ key: string }>(PATH, wish, this.#signal);
      this.#label.value = '';
      this.#plain.value = key;
      setText(byId('keys-copy', HTMLElement), 'Copy');
      setHidden(this.#made, false);
      this.#plain.focus();
      this.#plain.select();
      await this.#load();
      this.#audit.refresh();
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    setHidden(this.#problem, true);
    try {
      await work();
    } catch (error) {
      if (isAbort(error)) return;
      setText(this.#problem, reasonOf(error));
      setHidden(this.#problem, false);
    }
  }
}

/** What a key opens, and when it last did. */
function keyWords({ scopes, created_ms: madeMs, last_used_ms: usedMs }: KeyJson, nowMs: number): HTMLElement[] {
  const used = usedMs === undefined ? 'never used' : `used ${age(usedMs, nowMs)} ago`;
  const words = [scopes.map((scope) => OPENS[scope] ?? scope).join('; '), `made ${clock(madeMs, nowMs)}`, used];
  return words.map((word) => el('span', {}, word));
}
