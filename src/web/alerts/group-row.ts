/** One group of alerts: a switch, when that changes by itself, and the form of its weekly schedule. */

import { el, setText } from '../dom.ts';
import type { GroupJson } from '../wire.ts';
import type { ArmingRequest, Change } from './arming-change.ts';
import { groupWords, scheduleWords } from './arming-words.ts';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export class GroupRow {
  readonly element: HTMLLIElement;
  readonly #name: string;
  readonly #change: Change;
  readonly #armed: HTMLButtonElement;
  readonly #state = el('span', { class: 'arming-state' });
  readonly #schedule = el('span', { class: 'arming-schedule' });
  readonly #days = DAYS.map((day) => ({ day, box: el('input', { type: 'checkbox', checked: true }) }));
  readonly #from = el('input', { type: 'time', value: '22:00', required: true, 'aria-label': 'Armed from' });
  readonly #to = el('input', { type: 'time', value: '06:00', required: true, 'aria-label': 'Armed until' });

  constructor(name: string, change: Change) {
    this.#name = name;
    this.#change = change;
    this.#armed = el('button', {
      type: 'button',
      role: 'switch',
      class: 'switch',
      'aria-label': `Group ${name} armed`,
    });
    this.#armed.addEventListener('click', () => this.#turn());
    const remove = el('button', { type: 'button', class: 'quiet', 'aria-label': `Delete group ${name}` }, 'Delete');
    remove.addEventListener('click', () => this.#ask('DELETE'));
    const words = el('div', { class: 'arming-words' }, el('strong', {}, name), this.#state, this.#schedule);
    this.element = el('li', {}, this.#armed, words, el('div', { class: 'arming-actions' }, this.#form(), remove));
  }

  show(group: GroupJson, nowMs: number): void {
    const { text, tone } = groupWords(group, nowMs);
    this.element.dataset.tone = tone;
    setText(this.#state, text);
    setText(this.#schedule, scheduleWords(group.arm));
    this.#armed.setAttribute('aria-checked', String(group.armed));
  }

  #ask(method: ArmingRequest['method'], body?: object): void {
    const path = `/v1/groups/${encodeURIComponent(this.#name)}`;
    this.#change(this.element, { method, path, ...(body ? { body } : {}) });
  }

  /** For a schedule of one stretch; others are made over the API. */
  #form(): HTMLElement {
    const none = el('button', { type: 'button' }, 'No schedule');
    const days = el('fieldset', {}, el('legend', { class: 'visually-hidden' }, 'Days'));
    days.append(...this.#days.map(({ day, box }) => el('label', {}, box, ` ${day}`)));
    const form = el('form', {}, days, this.#from, '–', this.#to, el('button', { type: 'submit' }, 'Set'), none);
    const details = el('details', {}, el('summary', {}, 'Schedule'), form);
    const put = (arm: object[]): void => {
      details.open = false;
      this.#ask('PUT', { arm });
    };
    none.addEventListener('click', () => put([]));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const chosen = this.#days.filter(({ box }) => box.checked).map(({ day }) => day.toLowerCase());
      const days = chosen.length === 0 || chosen.length === DAYS.length ? {} : { days: chosen };
      put([{ ...days, from: this.#from.value, to: this.#to.value }]);
    });
    return details;
  }

  #turn(): void {
    const isArmed = this.#armed.getAttribute('aria-checked') === 'true';
    this.#ask('PUT', { armed: !isArmed });
  }
}
