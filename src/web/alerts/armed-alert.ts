/** One alert: whether somebody is told of it, and what changes that. */

import { el, setHidden, setText } from '../dom.ts';
import { percent } from '../format.ts';
import type { ArmedAlertJson, GroupJson } from '../wire.ts';
import type { Change } from './arming-change.ts';
import { alertWords } from './arming-words.ts';

const SNOOZES = [
  { minutes: 60, text: 'Snooze 1 h' },
  { minutes: 480, text: '8 h' },
];

const THRESHOLDS = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

export class AlertRow {
  readonly element: HTMLLIElement;
  readonly #change: Change;
  readonly #label = el('strong', {});
  readonly #camera = el('span', {});
  readonly #state = el('span', { class: 'arming-state' });
  readonly #armed = el('button', { type: 'button', role: 'switch', class: 'switch' });
  readonly #threshold = el('select', {});
  readonly #group = el('select', {});
  readonly #snoozes = SNOOZES.map((length) => ({ ...length, button: el('button', { type: 'button' }, length.text) }));
  readonly #wake = el('button', { type: 'button' }, 'End snooze');
  #alert: ArmedAlertJson | undefined;
  #told = false;

  constructor(change: Change) {
    this.#change = change;
    const words = el('div', { class: 'arming-words' }, this.#label, this.#camera, this.#state);
    const snoozes = this.#snoozes.map(({ button }) => button);
    const actions = el('div', { class: 'arming-actions' }, this.#threshold, this.#group, ...snoozes, this.#wake);
    this.element = el('li', {}, this.#armed, words, actions);
    this.#armed.addEventListener('click', () => this.#turn());
    this.#group.addEventListener('change', () => this.#ask('', { group: this.#group.value }));
    this.#threshold.addEventListener('change', () => this.#ask('', { threshold: Number(this.#threshold.value) }));
    this.#wake.addEventListener('click', () => this.#ask('/snooze', { minutes: 0 }));
    for (const { minutes, button } of this.#snoozes) {
      button.addEventListener('click', () => this.#ask('/snooze', { minutes }));
    }
  }

  get isTold(): boolean {
    return this.#told;
  }

  show(alert: ArmedAlertJson, groups: readonly GroupJson[], nowMs: number): void {
    this.#alert = alert;
    const { text, tone } = alertWords(alert, groups, nowMs);
    this.#told = tone === 'armed';
    this.element.dataset.tone = tone;
    setText(this.#label, alert.label);
    setText(this.#camera, alert.rtstream_name);
    this.#camera.title = alert.prompt;
    setText(this.#state, text);
    this.#armed.setAttribute('aria-checked', String(alert.status === 'enabled'));
    this.#armed.setAttribute('aria-label', `Alert ${alert.label} armed`);
    this.#showThreshold(alert);
    this.#showGroups(alert, groups);
    const isSnoozed = (alert.snoozed_until ?? 0) * 1000 > nowMs;
    setHidden(this.#wake, !isSnoozed);
    this.#wake.setAttribute('aria-label', `End snooze of ${alert.label}`);
    for (const { text, button } of this.#snoozes) {
      setHidden(button, isSnoozed);
      button.setAttribute('aria-label', `${text} for ${alert.label}`);
    }
  }

  /** Those that one may want, and that which it has. */
  #showThreshold({ label, threshold = 0 }: ArmedAlertJson): void {
    this.#threshold.setAttribute('aria-label', `How sure ${label} has to be`);
    const shares = [...new Set([...THRESHOLDS, threshold])].sort((a, b) => a - b);
    const options = shares.map((share) => ({
      value: String(share),
      text: share === 0 ? 'However sure' : `From ${percent(share)} on`,
    }));
    choices(this.#threshold, options, String(threshold));
  }

  #showGroups({ label, group = '' }: ArmedAlertJson, groups: readonly GroupJson[]): void {
    setHidden(this.#group, groups.length === 0);
    this.#group.setAttribute('aria-label', `Group of ${label}`);
    const options = ['', ...groups.map(({ name }) => name)].map((name) => ({ value: name, text: name || 'No group' }));
    choices(this.#group, options, group);
  }

  #turn(): void {
    const isArmed = this.#armed.getAttribute('aria-checked') === 'true';
    this.#ask('/status', { status: isArmed ? 'disabled' : 'enabled' });
  }

  #ask(what: string, body: object): void {
    if (!this.#alert) return;
    const { rtstream_id: stream, scene_index_id: index, alert_id: id } = this.#alert;
    const path = `/rtstream/${stream}/index/${index}/alert/${id}${what}`;
    this.#change(this.element, { method: 'PATCH', path, body });
  }
}

function choices(select: HTMLSelectElement, options: readonly { value: string; text: string }[], chosen: string): void {
  const drawn = [...select.options].map(({ value }) => value);
  if (options.map(({ value }) => value).join('\n') !== drawn.join('\n')) {
    select.replaceChildren(...options.map(({ value, text }) => el('option', { value }, text)));
  }
  // What is being chosen is not taken from under the finger.
  if (document.activeElement !== select) select.value = chosen;
}
