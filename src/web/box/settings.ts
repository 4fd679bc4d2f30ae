/**
 * The configuration of the box as one text: what is wrong with a change and what it would change is shown while it is
 * written; it is applied as a whole, and earlier versions can be gone back to.
 */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { clock } from '../format.ts';
import type { ConfigJson, ConfigOutcomeJson, ConfigVersionJson } from '../wire.ts';
import { lineDiff } from './line-diff.ts';

const PATH = '/v1/control/config';
const PAUSE_MS = 400;
const SHOWN = 20;

export class Settings {
  readonly #api: Api;
  readonly #applied: (words: string) => void;
  readonly #signal: AbortSignal;
  readonly #dialog = byId('settings-dialog', HTMLDialogElement);
  readonly #text = byId('settings-text', HTMLTextAreaElement);
  readonly #submit = byId('settings-submit', HTMLButtonElement);
  readonly #found = byId('settings-found', HTMLElement);
  readonly #problems = byId('settings-problems', HTMLElement);
  /** Shown where something would be lost. */
  readonly #losing = byId('settings-losing', HTMLElement);
  readonly #force = byId('settings-force', HTMLInputElement);
  readonly #history = byId('settings-history', HTMLDetailsElement);
  #shown: ConfigJson | undefined;
  #checking = new AbortController();

  /** `applied` is told what has changed. */
  constructor(api: Api, applied: (words: string) => void, signal: AbortSignal) {
    this.#api = api;
    this.#applied = applied;
    this.#signal = signal;
    const on = (id: string, act: () => void) => byId(id, HTMLButtonElement).addEventListener('click', act, { signal });
    on('settings', () => void this.#open());
    on('settings-close', () => this.#dialog.close());
    on('settings-undo', () => this.#write(this.#shown?.yaml ?? ''));
    this.#force.addEventListener('change', () => (this.#submit.disabled = !this.#force.checked), { signal });
    this.#text.addEventListener('input', () => this.#edited(), { signal });
    this.#history.addEventListener('toggle', () => void this.#loadVersions(), { signal });
    byId('settings-form', HTMLFormElement).addEventListener('submit', (event) => this.#save(event), { signal });
    signal.addEventListener('abort', () => this.#dialog.close());
  }

  async #open(): Promise<void> {
    this.#text.disabled = true;
    this.#write('');
    this.#dialog.showModal();
    await this.#attempt(() => this.#load());
  }

  async #load(): Promise<void> {
    this.#shown = await this.#api.get<ConfigJson>(PATH, {}, this.#signal);
    const { yaml, problem, restart_required: later } = this.#shown;
    const notes = [problem, later.length > 0 && `From the next start of the box on: ${later.join(', ')}.`];
    setText(byId('settings-note', HTMLElement), notes.filter(Boolean).join(' '));
    this.#text.disabled = false;
    this.#write(yaml === '{}\n' ? '' : yaml);
    this.#text.focus();
    this.#text.setSelectionRange(0, 0);
    await this.#loadVersions();
  }

  #write(text: string): void {
    this.#text.value = text;
    this.#complain([]);
    this.#edited();
  }

  /** Shows what differs at once, and asks the box when the writer pauses. */
  #edited(): void {
    this.#checking.abort();
    const before = this.#shown?.yaml === '{}\n' ? '' : (this.#shown?.yaml ?? '');
    const lines = this.#text.disabled ? [] : lineDiff(before, this.#text.value);
    byId('settings-diff', HTMLOListElement).replaceChildren(
      ...lines.map(({ kind, text }) => el('li', { 'data-kind': kind }, el('span', {}, SIGN[kind]), text)),
    );
    this.#submit.disabled = true;
    this.#lose(false);
    setText(this.#found, lines.length === 0 ? '' : 'Checking…');
    if (lines.length === 0) {
      this.#complain([]);
      return;
    }
    this.#checking = new AbortController();
    const { signal } = this.#checking;
    setTimeout(() => signal.aborted || void this.#attempt(() => this.#check(signal)), PAUSE_MS);
  }

  async #check(signal: AbortSignal): Promise<void> {
    const wish = { yaml: this.#text.value };
    const found = await this.#api.post<ConfigOutcomeJson>(`${PATH}/validate`, wish, signal);
    const { problems = [], losses = [] } = found;
    this.#complain(
      [...problems, ...losses].map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)),
    );
    this.#lose(losses.length > 0);
    this.#submit.disabled = problems.length + losses.length > 0;
    setText(this.#found, problems.length > 0 ? '' : foundWords(found));
  }

  #save(event: SubmitEvent): void {
    event.preventDefault();
    if (this.#submit.disabled) return;
    void this.#change(() => {
      const headers = { 'if-match': `"${this.#shown?.version ?? 0}"` };
      return this.#api.send<ConfigOutcomeJson>(
        'PATCH',
        this.#asked(PATH),
        { yaml: this.#text.value },
        this.#signal,
        headers,
      );
    });
  }

  async #change(ask: () => Promise<ConfigOutcomeJson>): Promise<void> {
    this.#submit.disabled = true;
    await this.#attempt(async () => {
      const { changed, restart_required: later } = await ask();
      const then = later.length > 0 ? ` From the next start on: ${later.join(', ')}.` : '';
      this.#applied(changed.length === 0 ? 'Nothing has changed.' : `Changed: ${changed.join(', ')}.${then}`);
      await this.#load();
    });
  }

  async #loadVersions(): Promise<void> {
    if (!this.#history.open) return;
    const { versions } = await this.#api.get<{ versions: ConfigVersionJson[] }>(`${PATH}/history`, {}, this.#signal);
    const rows = versions.slice(0, SHOWN).map((version, at) => this.#version(version, at === 0));
    byId('settings-versions', HTMLOListElement).replaceChildren(...rows);
  }

  #version({ version, at, by, changed }: ConfigVersionJson, isNow: boolean): HTMLElement {
    const ms = at * 1000;
    const when = el('time', { datetime: new Date(ms).toISOString() }, clock(ms, this.#api.now()));
    const what = el('span', {}, `${version} by ${by}${changed.length > 0 ? `: ${changed.join(', ')}` : ''}`);
    if (isNow) return el('li', {}, when, what, el('span', {}, 'in force'));
    const back = el(
      'button',
      { type: 'button', class: 'quiet', 'aria-label': `Go back to version ${version}` },
      'Go back',
    );
    const ask = () => this.#api.post<ConfigOutcomeJson>(this.#asked(`${PATH}/rollback`), { version }, this.#signal);
    back.addEventListener('click', () => void this.#change(ask));
    return el('li', {}, when, what, back);
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isAbort(error)) return;
      setText(this.#found, '');
      const reason = reasonOf(error);
      if (reason.includes('force=true')) this.#lose(true);
      this.#complain([reason]);
    }
  }

  #asked(path: string): string {
    return this.#force.checked ? `${path}?force=true` : path;
  }

  /** Whether somebody must say that what waits may be forgotten. */
  #lose(something: boolean): void {
    if (!something) this.#force.checked = false;
    setHidden(this.#losing, !something);
  }

  #complain(reasons: readonly string[]): void {
    this.#problems.replaceChildren(...reasons.map((reason) => el('span', {}, reason)));
    setHidden(this.#problems, reasons.length === 0);
  }
}

const SIGN = { kept: ' ', added: '+', gone: '−' } as const;

function foundWords({ changed, restart_required: later }: ConfigOutcomeJson): string {
  if (changed.length === 0) return 'This changes nothing that is in force.';
  return `Would change ${changed.join(', ')}.${later.length > 0 ? ` From the next start on: ${later.join(', ')}.` : ''}`;
}
