/** How the box is: what needs a person first, each with what helps; then the machine, drops and delays; then models. */
import type { Api } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import type { AttentionJson, StatusJson } from '../wire.ts';
import { healthFacts } from './health-facts.ts';
import { Models } from './models.ts';

export class Health {
  readonly #dialog = byId('health-dialog', HTMLDialogElement);
  readonly #list = byId('health-attention', HTMLElement);
  readonly #facts = byId('health-facts', HTMLElement);
  readonly #models: Models;
  #drawn = '';

  constructor(api: Api, signal: AbortSignal) {
    this.#models = new Models(api, this.#dialog, signal);
    this.#facts.replaceChildren();
    const open = () => {
      this.#dialog.showModal();
      this.#models.open();
    };
    byId('health', HTMLButtonElement).addEventListener('click', open, { signal });
    signal.addEventListener('abort', () => this.#dialog.close());
  }

  show(status: StatusJson): void {
    const { attention = [] } = status;
    const count = byId('health-count', HTMLElement);
    setText(count, String(attention.length));
    setHidden(count, attention.length === 0);
    setHidden(byId('health-well', HTMLElement), attention.length > 0);
    this.#showAttention(attention);
    this.#showFacts(status);
    this.#models.showUse(status.inference);
  }

  #showAttention(attention: readonly AttentionJson[]): void {
    const drawn = JSON.stringify(attention);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const item = ({ what, remedy }: AttentionJson) => el('li', {}, el('strong', {}, what), el('span', {}, remedy));
    this.#list.replaceChildren(...attention.map(item));
  }

  #showFacts(status: StatusJson): void {
    const facts = healthFacts(status);
    facts.forEach(({ name, value, tone }, at) => {
      const term = this.#facts.children[2 * at] ?? this.#facts.appendChild(el('dt', {}));
      const text = this.#facts.children[2 * at + 1] ?? this.#facts.appendChild(el('dd', {}));
      setText(term, name);
      setText(text, value);
      text.setAttribute('data-tone', tone);
    });
    while (this.#facts.children.length > 2 * facts.length) this.#facts.lastElementChild?.remove();
  }
}
